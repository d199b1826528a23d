#include "security/adapters/kek_ring.hpp"

#include <fstream>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "security/api/errors.hpp"
#include "security/tests/adapters/coordinator.hpp"

namespace pgmind::security {
namespace {

const std::string kKey = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

Result<std::shared_ptr<const KekRing>> read(const KekSource& source, bool may_create) {
    boost::asio::io_context loop;
    return async::run_blocking_loop(loop, read_kek_ring(source, may_create, testing::soon()));
}

class TemporaryFolder {
  public:
    TemporaryFolder() {
        std::string pattern = ::testing::TempDir() + "kekXXXXXX";
        path_ = mkdtemp(pattern.data());
    }
    ~TemporaryFolder() { std::filesystem::remove_all(path_); }
    std::filesystem::path file() const { return path_ / "encryption.keys"; }

  private:
    std::filesystem::path path_;
};

TEST(KekRing, TakesTheHighestIdAndKeepsTheOthers) {
    const auto ring = KekRing::parse("# mine\n\n 7 " + kKey + "\r\n2 " + kKey + "\n");
    ASSERT_TRUE(ring) << ring.error().detail;
    EXPECT_EQ(ring->newest(), 7u);
    EXPECT_EQ(ring->ids(), (std::vector<std::uint32_t>{2, 7}));
    EXPECT_NE(ring->find(2), nullptr);
    EXPECT_EQ(ring->find(3), nullptr);
}

TEST(KekRing, RefusesWhatIsMalformedWithoutShowingIt) {
    const std::string secret = "c2VjcmV0";
    for (const std::string& text :
         {std::string(), std::string("# none\n"), "1 " + secret, "0 " + kKey, "x " + kKey,
          "1" + kKey, "4294967296 " + kKey, "1 " + kKey + "\n1 " + kKey, "1 " + kKey + "=",
          "1 " + kKey + " " + secret}) {
        const auto ring = KekRing::parse(text);
        ASSERT_FALSE(ring) << text;
        EXPECT_EQ(ring.error().code, Errc::kek_unusable);
        EXPECT_EQ(ring.error().detail.find(secret), std::string::npos);
        EXPECT_EQ(ring.error().detail.find(kKey), std::string::npos);
    }
}

TEST(KekRing, ComesFromAFileThatIsMadeOnlyWhenThatIsAllowed) {
    const TemporaryFolder folder;
    const KekSource source{folder.file(), "", ""};
    EXPECT_FALSE(read(source, false));
    const auto made = read(source, true);
    ASSERT_TRUE(made) << made.error().detail;
    EXPECT_EQ((*made)->newest(), 1u);
    struct stat status{};
    ASSERT_EQ(stat(folder.file().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600u);
    ASSERT_TRUE(add_kek(source));
    const auto grown = read(source, false);
    ASSERT_TRUE(grown);
    EXPECT_EQ((*grown)->ids(), (std::vector<std::uint32_t>{1, 2}));
}

TEST(KekRing, ComesFromASettingOrACommand) {
    EXPECT_EQ((*read({"", "3 " + kKey, ""}, false))->newest(), 3u);
    EXPECT_EQ((*read({"", "", "echo 4 " + kKey}, false))->newest(), 4u);
    EXPECT_FALSE(add_kek({"", "3 " + kKey, ""}));
    EXPECT_FALSE(add_kek({"", "", "echo"}));
}

TEST(KekRing, DoesNotShowWhatAFailingCommandPrinted) {
    const auto failed = read({"", "", "echo 4 " + kKey + "; exit 3"}, false);
    ASSERT_FALSE(failed);
    EXPECT_NE(failed.error().detail.find("code 3"), std::string::npos);
    EXPECT_EQ(failed.error().detail.find(kKey), std::string::npos);
}

TEST(KekRing, DoesNotWaitForACommandThatHangs) {
    boost::asio::io_context loop;
    const Deadline deadline = Deadline::after(std::chrono::milliseconds(200));
    const KekSource source{"", "", "sleep 60"};
    const auto begin = std::chrono::steady_clock::now();
    const auto ring = async::run_blocking_loop(loop, read_kek_ring(source, false, deadline));
    EXPECT_FALSE(ring);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
}

}  // namespace
}  // namespace pgmind::security
