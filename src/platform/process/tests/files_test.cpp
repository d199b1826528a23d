#include "platform/process/files.hpp"

#include <cerrno>
#include <fstream>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "platform/process/errors.hpp"
#include "platform/process/tests/temporary_directory.hpp"

namespace pgmind::process {
namespace {

mode_t mode_of(const std::filesystem::path& path) {
    struct stat facts{};
    EXPECT_EQ(::stat(path.c_str(), &facts), 0) << path;
    return facts.st_mode & 07777;
}

class FilesTest : public testing::Test {
  protected:
    TemporaryDirectory directory_;
    const std::filesystem::path file_ = directory_.path() / "file";
};

TEST_F(FilesTest, WriteReplacesWholeAndSetsTheMode) {
    const mode_t before = ::umask(0);
    ASSERT_TRUE(write_atomically(file_, "a longer first content", 0600));
    ASSERT_TRUE(write_atomically(file_, "second", 0640));
    ::umask(before);
    EXPECT_EQ(read_file(file_, 100).value(), "second");
    EXPECT_EQ(mode_of(file_), 0640U);
    // Nothing temporary stays behind.
    const std::filesystem::directory_iterator entries(directory_.path());
    EXPECT_EQ(std::distance(begin(entries), end(entries)), 1);
}

TEST_F(FilesTest, WriteDoesNotFollowALinkPutInItsPlace) {
    const auto target = directory_.path() / "target";
    ASSERT_TRUE(write_atomically(target, "untouched", 0600));
    std::filesystem::create_symlink(target, file_);
    ASSERT_TRUE(write_atomically(file_, "new", 0600));
    EXPECT_EQ(read_file(target, 100).value(), "untouched");
    EXPECT_EQ(read_file(file_, 100).value(), "new");
}

TEST_F(FilesTest, WriteNamesTheFileAndTheErrno) {
    const auto failed = write_atomically(directory_.path() / "no" / "file", "x", 0600);
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().reason, "ENOENT");
    EXPECT_NE(failed.error().detail.find("no/file"), std::string::npos);
}

TEST_F(FilesTest, ReadRefusesWhatIsTooLarge) {
    ASSERT_TRUE(write_atomically(file_, "12345", 0600));
    EXPECT_EQ(read_file(file_, 5).value(), "12345");
    EXPECT_FALSE(read_file(file_, 4));
    EXPECT_EQ(read_file(directory_.path() / "missing", 4).error().code, Errc::not_found);
}

TEST_F(FilesTest, TailBeginsAtALine) {
    ASSERT_TRUE(write_atomically(file_, "first line\nsecond\nthird\n", 0600));
    EXPECT_EQ(read_tail(file_, 1000), "first line\nsecond\nthird\n");
    EXPECT_EQ(read_tail(file_, 16), "second\nthird\n");
    EXPECT_EQ(read_tail(directory_.path() / "missing", 10), "");
}

TEST_F(FilesTest, EnsureDirectoryMakesParentsAndCorrectsTheMode) {
    const auto nested = directory_.path() / "a" / "b";
    ASSERT_TRUE(ensure_directory(nested, 0700));
    EXPECT_EQ(mode_of(nested), 0700U);
    ASSERT_TRUE(ensure_directory(nested, 0711));
    EXPECT_EQ(mode_of(nested), 0711U);
    ASSERT_TRUE(write_atomically(file_, "", 0600));
    EXPECT_FALSE(ensure_directory(file_, 0700));
}

TEST_F(FilesTest, EnsureDirectoryGivesItToItsOwner) {
    if (::geteuid() != 0) {
        GTEST_SKIP() << "giving files away needs root";
    }
    const Identity nobody = identity_of_user("nobody").value();
    const auto given = directory_.path() / "given";
    ASSERT_TRUE(ensure_directory(given, 0700, &nobody));
    struct stat facts{};
    ASSERT_EQ(::stat(given.c_str(), &facts), 0);
    EXPECT_EQ(facts.st_uid, nobody.uid);
    EXPECT_EQ(first_closed_directory(given, nobody), "");
    const auto closed = directory_.path() / "closed";
    ASSERT_TRUE(ensure_directory(closed, 0700));
    EXPECT_EQ(first_closed_directory(closed / "inside", nobody), closed);
    EXPECT_EQ(first_closed_directory(directory_.path() / "missing" / "x", nobody), "");
}

TEST_F(FilesTest, FreeBytesAskTheNearestExistingParent) {
    EXPECT_GT(free_bytes(directory_.path() / "not" / "there").value(), 0U);
}

TEST_F(FilesTest, LockIsHeldByOneProcessAndNamesIt) {
    {
        const Result<FileLock> lock = FileLock::take(file_);
        ASSERT_TRUE(lock) << lock.error().detail;
        const Result<FileLock> second = FileLock::take(file_);
        ASSERT_FALSE(second);
        EXPECT_EQ(second.error().code, Errc::in_use);
        EXPECT_EQ(second.error().reason, std::to_string(::getpid()));
    }
    EXPECT_TRUE(FileLock::take(file_));
}

TEST_F(FilesTest, LockEndsWithItsProcess) {
    const pid_t holder = ::fork();
    if (holder == 0) {
        const Result<FileLock> lock = FileLock::take(file_);
        ::kill(::getpid(), SIGKILL);
    }
    ::waitpid(holder, nullptr, 0);
    EXPECT_TRUE(FileLock::take(file_));
}

TEST(SystemError, MapsErrnoToAFailure) {
    EXPECT_TRUE(system_error("write", ENOSPC).is(Failure::resource_exhausted));
    EXPECT_TRUE(system_error("write", EACCES).is(Failure::permission_denied));
    EXPECT_TRUE(system_error("write", EIO).is(Failure::internal));
    EXPECT_EQ(system_error("write x", EACCES).detail, "cannot write x: Permission denied");
}

}  // namespace
}  // namespace pgmind::process
