#include <filesystem>

#include <gtest/gtest.h>
#include <stdlib.h>
#include <zlib.h>

#include "client/json_node.hpp"
#include "demo/debian_packages.hpp"
#include "demo/fashion_images.hpp"
#include "demo/package_demo.hpp"

namespace pgmind::app {
namespace {

constexpr const char* kRecords =
    "Package: pigz\n"
    "Version: 2.6-1\n"
    "Depends: libc6 (>= 2.14)\n"
    "Description: Parallel implementation of GZip\n"
    "Homepage: https://zlib.net/pigz/\n"
    "Tag: implemented-in::c, role::program,\n"
    " use::compressing, works-with::archive\n"
    "Section: utils\n"
    "Size: 64768\n"
    "\n"
    "Package: pigz\n"
    "Description: an older one\n"
    "\n"
    "Package: no-description\n"
    "Section: misc\n"
    "\n"
    "Package: bare\n"
    "Description: Says \"nothing\"\n"
    " long text\n";

TEST(DebianPackages, ReadsRecordsWithFoldedFields) {
    const auto packages = parse_packages(kRecords);
    ASSERT_EQ(packages.size(), 2U);
    EXPECT_EQ(packages[0].name, "pigz");
    EXPECT_EQ(packages[0].version, "2.6-1");
    EXPECT_EQ(packages[0].description, "Parallel implementation of GZip");
    EXPECT_EQ(packages[0].size_bytes, 64768);
    EXPECT_EQ(packages[0].tags,
              (std::vector<std::string>{"implemented-in::c", "role::program", "use::compressing",
                                        "works-with::archive"}));
    EXPECT_EQ(namespace_of(packages[0]), "debian/utils");
    EXPECT_EQ(namespace_of(packages[1]), "debian/unsorted");
    EXPECT_TRUE(parse_packages("").empty());
    EXPECT_TRUE(parse_packages("\n\n:\nnonsense\n").empty());
}

TEST(DebianPackages, BecomeEntries) {
    const std::string line = import_line(parse_packages(kRecords).at(0));
    EXPECT_TRUE(line.ends_with("}\n"));
    const auto value = json::parse(line, kJsonLimits);
    ASSERT_TRUE(value) << value.error().detail;
    const JsonNode entry(*value);
    EXPECT_EQ(entry["namespace"].text(), "debian/utils");
    EXPECT_EQ(entry["key"].text(), "pigz");
    EXPECT_EQ(entry["text"].text(), "pigz Parallel implementation of GZip compressing archive");
    EXPECT_EQ(entry["value"]["homepage"].text(), "https://zlib.net/pigz/");
    EXPECT_EQ(entry["metadata"]["tags"].items().size(), 4U);
}

TEST(ConnectionHelp, CanBeCopied) {
    const std::string help = connection_help({"http://127.0.0.1:7432",
                                              "/usr/bin/pgmind",
                                              "/data/admin.key",
                                              {"psql -h localhost project"}});
    for (const char* part :
         {"\"url\": \"http://127.0.0.1:7432/mcp\"", "Bearer ${PGMIND_API_KEY}",
          "[\"mcp\", \"--url\", \"http://127.0.0.1:7432\", \"--key-file\", \"/data/admin.key\"]",
          "export PGMIND_API_KEY=$(cat '/data/admin.key')", "'http://127.0.0.1:7432/api/v1/search'",
          "psql -h localhost project"}) {
        EXPECT_NE(help.find(part), std::string::npos) << part << "\n" << help;
    }
    EXPECT_EQ(connection_help({"http://x", "pgmind", "", {}}).find("psql"), std::string::npos);
}

/// A folder with image sets as small as can be.
class FashionImagesTest : public testing::Test {
  protected:
    FashionImagesTest() {
        std::string pattern = std::filesystem::temp_directory_path() / "pgmind-idx-XXXXXX";
        folder_ = mkdtemp(pattern.data());
    }
    ~FashionImagesTest() override { std::filesystem::remove_all(folder_); }

    void write(const std::string& name, const std::vector<std::uint32_t>& numbers,
               const std::string& bytes) {
        std::string content;
        for (const std::uint32_t number : numbers) {
            for (const int shift : {24, 16, 8, 0}) {
                content += static_cast<char>(number >> shift);
            }
        }
        content += bytes;
        gzFile file = gzopen((folder_ / name).c_str(), "wb");
        gzwrite(file, content.data(), static_cast<unsigned>(content.size()));
        gzclose(file);
    }
    void write_set(std::uint32_t pictures, std::uint32_t labels) {
        std::string pixels(pictures * kImagePixels, '\0');
        pixels.front() = '\x7f';
        write("train-images-idx3-ubyte.gz", {0x803, pictures, 28, 28}, pixels);
        write("train-labels-idx1-ubyte.gz", {0x801, labels}, std::string(labels, '\x07'));
    }

    std::filesystem::path folder_;
};

TEST_F(FashionImagesTest, ReadsPicturesWithTheirLabels) {
    write_set(2, 2);
    const auto images = FashionImages::read(folder_, "train");
    ASSERT_TRUE(images) << images.error().detail;
    EXPECT_EQ(images->size(), 2U);
    EXPECT_EQ(images->image(0)[0], 0x7f);
    EXPECT_EQ(images->image(1).size(), kImagePixels);
    EXPECT_EQ(images->label(1), "Sneaker");
}

TEST_F(FashionImagesTest, RefusesWhatDoesNotFitTogether) {
    EXPECT_FALSE(FashionImages::read(folder_, "train"));
    write_set(2, 1);
    EXPECT_FALSE(FashionImages::read(folder_, "train"));
    write_set(2, 2);
    write("train-images-idx3-ubyte.gz", {0x803, 2, 28, 28}, "too short");
    EXPECT_FALSE(FashionImages::read(folder_, "train"));
    write("train-images-idx3-ubyte.gz", {0x803, 2, 27, 28}, "");
    EXPECT_FALSE(FashionImages::read(folder_, "train"));
    write("train-images-idx3-ubyte.gz", {0x803, 0xffffffff, 28, 28}, "");
    EXPECT_FALSE(FashionImages::read(folder_, "train"));
    write("train-images-idx3-ubyte.gz", {0x801}, "");
    EXPECT_FALSE(FashionImages::read(folder_, "train"));
}

TEST(Draw, GoesFromDarkToBright) {
    std::vector<std::uint8_t> pixels(kImagePixels, 0);
    std::fill(pixels.begin(), pixels.begin() + kImagePixels / 2, 255);
    EXPECT_EQ(draw(pixels, 4), (std::vector<std::string>{"@@@@", "    "}));
    EXPECT_EQ(draw(pixels, 56).size(), 28U);
}

TEST(SideBySide, PutsCaptionsUnderPictures) {
    EXPECT_EQ(side_by_side({{"##", "##"}, {"..", ".."}}, {"one", "2"}), "##  ..\n##  ..\no…  2\n");
    EXPECT_EQ(side_by_side({}, {}), "");
}

}  // namespace
}  // namespace pgmind::app
