// Each fault that an operator can meet ends in one clear line, and nothing runs afterwards.
#include <fstream>

#include <netinet/in.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cluster/tests/adapters/embedded_test.hpp"
#include "platform/process/child.hpp"
#include "platform/process/file_descriptor.hpp"
#include "platform/process/files.hpp"
#include "platform/process/port_reservation.hpp"

namespace pgmind::cluster {
namespace {

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

class RefusalTest : public EmbeddedTest {
  protected:
    static void TearDownTestSuite() { stopped_once_.reset(); }

    /// A cluster that was started and stopped once: a copy of one that all tests share.
    void make_cluster() {
        if (!stopped_once_) {
            ASSERT_TRUE(started(options()));
            stopped_once_ =
                std::make_unique<process::TemporaryDirectory>(directory_.path().parent_path());
            copy(data_, stopped_once_->path());
            return;
        }
        copy(stopped_once_->path() / "data", directory_.path());
    }
    // By cp, which keeps owners and holes.
    static void copy(const std::filesystem::path& from, const std::filesystem::path& into) {
        process::Command command;
        command.arguments = {process::find_program("cp"), "-a", from, into};
        boost::asio::io_context loop;
        const Deadline deadline = Deadline::after(std::chrono::seconds(60));
        const auto done =
            async::run_blocking_loop(loop, process::run(std::move(command), 4096, deadline));
        ASSERT_TRUE(done && done->status.success()) << (done ? done->output : "");
    }

    static std::unique_ptr<process::TemporaryDirectory> stopped_once_;
    const std::filesystem::path data_ = directory_.path() / "data";
};

std::unique_ptr<process::TemporaryDirectory> RefusalTest::stopped_once_;

TEST_F(RefusalTest, ACopyAsTheseTestsUseItStarts) {
    make_cluster();
    EXPECT_TRUE(started(options()));
}

TEST_F(RefusalTest, PortInUse) {
    const process::FileDescriptor server(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    ASSERT_EQ(::bind(server.get(), generic, size), 0);
    ASSERT_EQ(::listen(server.get(), 1), 0);
    ASSERT_EQ(::getsockname(server.get(), generic, &size), 0);
    const std::uint16_t port = ntohs(address.sin_port);

    EmbeddedOptions taken = options();
    taken.request.shard_port = port;
    EXPECT_EQ(refusal(taken), "port " + std::to_string(port) +
                                  ", for shard-1, is in use by another program: stop that or "
                                  "choose other ports");
    EXPECT_FALSE(std::filesystem::exists(data_ / "pgmind.json"));
}

TEST_F(RefusalTest, DirectoryInUse) {
    const auto cluster = started(options());
    ASSERT_TRUE(cluster);
    EXPECT_EQ(refusal(options()), "the data directory " + data_.string() +
                                      " is in use by pgmind (pid " + std::to_string(::getpid()) +
                                      ")");
    EXPECT_TRUE(cluster->cluster().status().ready);
}

TEST_F(RefusalTest, DataOfAnotherPostgres) {
    make_cluster();
    std::ofstream(data_ / "shard-1" / "PG_VERSION") << "9\n";
    EXPECT_TRUE(has(refusal(options()), "was made by PostgreSQL 9, not by"));
}

TEST_F(RefusalTest, ManifestOfANewerPgmindOrDamaged) {
    make_cluster();
    std::ofstream(data_ / "pgmind.json") << R"({"format": 7, "new_member": []})";
    EXPECT_TRUE(has(refusal(options()), "has format 7, this pgmind knows formats up to 1"));
    std::ofstream(data_ / "pgmind.json") << R"({"format": 1, "shards": )";
    EXPECT_TRUE(has(refusal(options()), "pgmind.json cannot be read"));
}

TEST_F(RefusalTest, PostgresOfTheDataIsNotInstalled) {
    make_cluster();
    std::string text = process::read_file(data_ / "pgmind.json", 4096).value();
    const std::string member = "\"postgres_major\":";
    text.replace(text.find(member), member.size() + 2, member + "99");
    std::ofstream(data_ / "pgmind.json") << text;
    const std::string line = refusal(options());
    EXPECT_TRUE(has(line, "made by PostgreSQL 99, which is not installed (found version ")) << line;
    EXPECT_TRUE(has(line, "install the package postgresql-99"));
}

TEST_F(RefusalTest, ProgramsAreMissing) {
    EmbeddedOptions missing = options();
    missing.programs = "/nonexistent";
    EXPECT_EQ(refusal(missing),
              "PostgreSQL 15 or newer is not installed in /nonexistent: install the package "
              "postgresql-15");
}

TEST_F(RefusalTest, PathTooLongForItsSockets) {
    EmbeddedOptions deep = options();
    deep.directory = directory_.path() / std::string(100, 'x');
    EXPECT_TRUE(has(refusal(deep), "bytes too long for the sockets in it"));
    EXPECT_FALSE(std::filesystem::exists(deep.directory));
}

TEST_F(RefusalTest, DirectoryOfSomethingElse) {
    std::filesystem::create_directory(data_);
    std::ofstream(data_ / "thesis.tex") << "x";
    EXPECT_TRUE(has(refusal(options()), "is no data directory of pgmind (it has thesis.tex)"));
    EmbeddedOptions file = options();
    file.directory = data_ / "thesis.tex";
    EXPECT_TRUE(has(refusal(file), "is not a directory"));
}

TEST_F(RefusalTest, AnotherNumberOfShards) {
    make_cluster();
    EXPECT_TRUE(has(refusal(options(3)), "has 1 shards, not 3"));
}

TEST_F(RefusalTest, DataOfANodeIsGone) {
    make_cluster();
    std::filesystem::remove_all(data_ / "shard-1");
    EXPECT_TRUE(has(refusal(options()), "the data of shard-1 is missing"));
}

TEST_F(RefusalTest, ASecretIsGone) {
    make_cluster();
    std::filesystem::remove(data_ / "secrets" / "api_key_hmac.key");
    EXPECT_TRUE(has(refusal(options()), "api_key_hmac.key is missing: restore it"));
    std::ofstream(data_ / "secrets" / "api_key_hmac.key") << "short";
    EXPECT_TRUE(has(refusal(options()), "api_key_hmac.key is damaged: restore it"));
}

TEST_F(RefusalTest, DataOfAnotherNode) {
    ASSERT_TRUE(started(options(2)));
    std::filesystem::rename(data_ / "shard-1", data_ / "x");
    std::filesystem::rename(data_ / "shard-2", data_ / "shard-1");
    std::filesystem::rename(data_ / "x", data_ / "shard-2");
    EXPECT_TRUE(has(refusal(options(2)), "data directories were exchanged or copied"));
}

TEST_F(RefusalTest, TooLittleRoomOnTheDisk) {
    EmbeddedOptions large = options();
    large.free_bytes_per_node = 1ULL << 60;
    EXPECT_TRUE(has(refusal(large), "MB free, starting needs 2199023255552 MB"));
    EXPECT_FALSE(std::filesystem::exists(data_ / "pgmind.json"));
}

// A file system of the test's own, unmounted when the test is over.
class SmallDisk {
  public:
    explicit SmallDisk(std::filesystem::path where) : where_(std::move(where)) {
        std::filesystem::create_directory(where_);
        mounted_ = ::mount("tmpfs", where_.c_str(), "tmpfs", 0, "size=24m,mode=755") == 0;
    }
    ~SmallDisk() {
        if (mounted_) {
            ::umount2(where_.c_str(), MNT_DETACH);
        }
    }
    SmallDisk(const SmallDisk&) = delete;
    SmallDisk& operator=(const SmallDisk&) = delete;
    bool mounted() const { return mounted_; }

  private:
    std::filesystem::path where_;
    bool mounted_ = false;
};

TEST_F(RefusalTest, DiskFillsUpWhileTheDataIsMade) {
    const SmallDisk disk(directory_.path() / "disk");
    if (!disk.mounted()) {
        GTEST_SKIP() << "mounting a small file system needs root";
    }
    EmbeddedOptions full = options();
    full.directory = directory_.path() / "disk" / "data";
    full.free_bytes_per_node = 1;
    const std::string line = refusal(full);
    EXPECT_TRUE(has(line, "the disk is full")) << line;
    for (const auto& entry : std::filesystem::directory_iterator(full.directory)) {
        EXPECT_FALSE(has(entry.path().filename(), "unfinished")) << entry.path();
    }
    EXPECT_FALSE(has(line, "\n"));
}

TEST_F(RefusalTest, DirectoryThatTheServersUserCannotEnter) {
    if (::geteuid() != 0) {
        GTEST_SKIP() << "only root runs PostgreSQL as somebody else";
    }
    const auto closed = directory_.path() / "closed";
    std::filesystem::create_directory(closed);
    std::filesystem::permissions(closed, std::filesystem::perms(0700));
    EmbeddedOptions inside = options();
    inside.directory = closed / "data";
    EXPECT_EQ(refusal(inside), "the user postgres, whom PostgreSQL runs as, may not enter " +
                                   closed.string() +
                                   ": choose another data directory, or chmod o+x it");
    inside.server_user = "root";
    EXPECT_TRUE(has(refusal(inside), "refuses to run as root"));
    inside.server_user = "no-such-user";
    EXPECT_TRUE(has(refusal(inside), "there is no user no-such-user"));
}

TEST_F(RefusalTest, DirectoryThatCannotBeWritten) {
    if (::geteuid() == 0) {
        GTEST_SKIP() << "root may write everywhere";
    }
    EmbeddedOptions elsewhere = options();
    elsewhere.directory = "/pgmind-test-cannot-write-here";
    EXPECT_TRUE(has(refusal(elsewhere), "cannot make the directory"));
}

}  // namespace
}  // namespace pgmind::cluster
