#include "input.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <unistd.h>

#include "client/ndjson_input.hpp"
#include "commands/grants.hpp"
#include "output/output_file.hpp"

namespace pgmind::app {
namespace {

namespace fs = std::filesystem;

class FolderTest : public testing::Test {
  protected:
    FolderTest() {
        std::string pattern = fs::temp_directory_path() / "pgmind-cli-XXXXXX";
        folder_ = mkdtemp(pattern.data());
    }
    ~FolderTest() override { fs::remove_all(folder_); }

    std::string write(const std::string& name, const std::string& content) {
        std::ofstream(folder_ / name, std::ios::binary) << content;
        return folder_ / name;
    }
    static std::string content_of(const fs::path& path) {
        std::ifstream file(path);
        return {std::istreambuf_iterator<char>(file), {}};
    }
    std::size_t files() const {
        return static_cast<std::size_t>(
            std::distance(fs::directory_iterator(folder_), fs::directory_iterator()));
    }

    fs::path folder_;
};

using NdjsonInputTest = FolderTest;
using OutputFileTest = FolderTest;

TEST_F(NdjsonInputTest, GivesAFileInPartsAndCountsThem) {
    const std::string content(200'000, 'x');
    auto input = NdjsonInput::open(write("a.ndjson", content));
    ASSERT_TRUE(input);
    EXPECT_EQ(input->total_bytes(), 200'000);
    EXPECT_FALSE(input->is_gzip());
    std::string read;
    for (auto part = input->next(); part && !part->empty(); part = input->next()) {
        EXPECT_LE(part->size(), 65'536U);
        read += *part;
        EXPECT_EQ(input->bytes_read(), static_cast<std::int64_t>(read.size()));
    }
    EXPECT_EQ(read, content);
}

TEST_F(NdjsonInputTest, TellsGzipByItsFirstBytes) {
    const auto input = NdjsonInput::open(write("a.txt", "\x1f\x8b\x08 more"));
    ASSERT_TRUE(input);
    EXPECT_TRUE(input->is_gzip());
}

TEST_F(NdjsonInputTest, AnEmptyFileEndsAtOnce) {
    auto input = NdjsonInput::open(write("a.ndjson", ""));
    ASSERT_TRUE(input);
    EXPECT_EQ(input->next().value(), "");
}

TEST_F(NdjsonInputTest, NamesWhatCannotBeRead) {
    const auto missing = NdjsonInput::open(folder_ / "missing");
    ASSERT_FALSE(missing);
    EXPECT_TRUE(missing.error().is(Failure::invalid_argument));
    EXPECT_NE(missing.error().detail.find("missing"), std::string::npos);
    const auto directory = NdjsonInput::open(folder_);
    ASSERT_FALSE(directory);
    EXPECT_NE(directory.error().detail.find("directory"), std::string::npos);
}

TEST_F(OutputFileTest, AppearsOnceItIsWhole) {
    auto file = OutputFile::create(folder_ / "out");
    ASSERT_TRUE(file);
    ASSERT_TRUE(file->write("one\n"));
    EXPECT_FALSE(fs::exists(folder_ / "out"));
    ASSERT_TRUE(file->write("two\n"));
    ASSERT_TRUE(file->commit());
    EXPECT_EQ(content_of(folder_ / "out"), "one\ntwo\n");
    EXPECT_EQ(files(), 1U);
}

TEST_F(OutputFileTest, LeavesNothingWhenItIsGivenUp) {
    write("out", "old");
    {
        auto file = OutputFile::create(folder_ / "out");
        ASSERT_TRUE(file);
        ASSERT_TRUE(file->write("new"));
    }
    EXPECT_EQ(content_of(folder_ / "out"), "old");
    EXPECT_EQ(files(), 1U);
}

TEST_F(OutputFileTest, WritesToDevicesAndThroughLinks) {
    auto device = OutputFile::create("/dev/null");
    ASSERT_TRUE(device);
    ASSERT_TRUE(device->write("gone"));
    ASSERT_TRUE(device->commit());
    EXPECT_TRUE(fs::is_character_file("/dev/null"));

    write("real", "old");
    fs::create_symlink(folder_ / "real", folder_ / "link");
    auto link = OutputFile::create(folder_ / "link");
    ASSERT_TRUE(link);
    ASSERT_TRUE(link->write("new"));
    ASSERT_TRUE(link->commit());
    EXPECT_TRUE(fs::is_symlink(folder_ / "link"));
    EXPECT_EQ(content_of(folder_ / "real"), "new");
}

TEST_F(OutputFileTest, SaysWhereItCannotWrite) {
    const auto file = OutputFile::create(folder_ / "no" / "such" / "folder");
    ASSERT_FALSE(file);
    EXPECT_TRUE(file.error().is(Failure::invalid_argument));
}

TEST(CheckedJson, NamesTheOptionAndThePlace) {
    EXPECT_EQ(checked_json("--filter", R"({"a": 1.50})").value(), R"({"a": 1.50})");
    const auto bad = checked_json("--filter", R"({"a": })");
    ASSERT_FALSE(bad);
    EXPECT_EQ(bad.error().field, "--filter");
    EXPECT_NE(bad.error().detail.find("column 7"), std::string::npos) << bad.error().detail;
}

TEST(WholeNumber, NamesItsRange) {
    CLI::Validator check = whole_number(1, 1000);
    EXPECT_EQ(check("1000"), "");
    EXPECT_EQ(check("0"), "must be a whole number from 1 to 1,000, not 0");
    EXPECT_NE(check("1.5"), "");
    EXPECT_NE(check("1e3"), "");
    EXPECT_NE(check(""), "");
    EXPECT_EQ(whole_number(1)("-1"), "must be a whole number from 1, not -1");
}

TEST(Grants, AreARoleAndAPatternThatIsNeverTakenForAllNamespaces) {
    EXPECT_FALSE(parse_grant("readonly", false));
    EXPECT_FALSE(parse_grant("admin", false));
    const auto whole = parse_grant("readonly:*", false);
    ASSERT_TRUE(whole);
    EXPECT_EQ(whole->namespace_pattern, "*");
    EXPECT_EQ(describe(*whole), "readonly:*");
    const auto auditor = parse_grant("auditor", false);
    ASSERT_TRUE(auditor);
    EXPECT_EQ(auditor->namespace_pattern, "*");
    EXPECT_EQ(describe(*auditor), "auditor");
    const auto part = parse_grant("mcp_user:team:a/*", true);
    ASSERT_TRUE(part);
    EXPECT_EQ(part->namespace_pattern, "team:a/*");
    EXPECT_EQ(describe(*part), "not mcp_user:team:a/*");
    EXPECT_FALSE(parse_grant("", false));
    EXPECT_FALSE(parse_grant("readonly:", false));
    EXPECT_FALSE(parse_grant(":notes", false));
}

}  // namespace
}  // namespace pgmind::app
