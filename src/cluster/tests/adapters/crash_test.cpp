// What a crash of any part leaves behind, and what becomes of it.
#include <array>
#include <charconv>
#include <fstream>
#include <mutex>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cluster/tests/adapters/embedded_test.hpp"
#include "platform/process/files.hpp"

namespace pgmind::cluster {
namespace {

using std::chrono::seconds;

class CrashTest : public EmbeddedTest {
  protected:
    std::string as_owner(const RunningCluster& cluster, std::string sql) {
        return ask(cluster.shard_connection(shard_, "project", Role::migrator), std::move(sql));
    }
    int last_number(const RunningCluster& cluster) {
        const std::string text = as_owner(cluster, "SELECT max(number) FROM pgmind.counted");
        int number = -1;
        std::from_chars(text.data(), text.data() + text.size(), number);
        return number;
    }
    static NodeStatus shard_status(const RunningCluster& cluster) {
        return cluster.cluster().status().nodes.at(1);
    }
};

// The changes of topology that were published, in order.
class Changes {
  public:
    explicit Changes(async::EventBus& bus) {
        bus.subscribe("test", 100, [this](const DomainEvent& event) {
            const std::lock_guard lock(mutex_);
            if (event.name == "ClusterTopologyChanged") {
                seen_.push_back(event.attributes[0].second + " " + event.attributes[1].second);
            }
        });
    }
    std::vector<std::string> of_shard() {
        const std::lock_guard lock(mutex_);
        std::vector<std::string> mine;
        for (const std::string& change : seen_) {
            if (change.starts_with("shard-1")) {
                mine.push_back(change);
            }
        }
        return mine;
    }

  private:
    std::mutex mutex_;
    std::vector<std::string> seen_;
};

TEST_F(CrashTest, AKilledInstanceIsRestartedWithItsData) {
    async::EventBus bus;
    Changes changes(bus);
    EmbeddedOptions watched = options();
    watched.events = &bus;
    const auto cluster = started(watched);
    ASSERT_TRUE(cluster);
    as_owner(*cluster, "CREATE TABLE pgmind.kept AS SELECT 1 AS number");
    for (const std::size_t restarts : {1U, 2U}) {
        const pid_t postmaster = postmaster_of(*cluster, "shard-1");
        ASSERT_GT(postmaster, 0);
        ASSERT_EQ(::kill(postmaster, SIGKILL), 0);
        ASSERT_TRUE(eventually([&] { return shard_status(*cluster).restarts == restarts; }));
        ASSERT_TRUE(eventually([&] { return cluster->cluster().status().ready; }));
        EXPECT_EQ(as_owner(*cluster, "SELECT number FROM pgmind.kept"), "1");
    }
    bus.drain();
    const std::vector<std::string> expected{"shard-1 up", "shard-1 down", "shard-1 restarted",
                                            "shard-1 down", "shard-1 restarted"};
    EXPECT_EQ(changes.of_shard(), expected);
}

TEST_F(CrashTest, AnInstanceThatCannotStartIsGivenUp) {
    async::EventBus bus;
    Changes changes(bus);
    EmbeddedOptions impatient = options();
    impatient.events = &bus;
    impatient.times.restart.failures_max = 2;
    const auto cluster = started(impatient);
    ASSERT_TRUE(cluster);
    std::ofstream(cluster->directory() / "shard-1" / "operator.conf") << "no_such_setting = 1\n";
    ASSERT_EQ(::kill(postmaster_of(*cluster, "shard-1"), SIGKILL), 0);
    ASSERT_TRUE(eventually([&] {
        return cluster->cluster().not_ready_reason().find("given up after 3 failures") !=
               std::string::npos;
    })) << cluster->cluster().not_ready_reason();
    bus.drain();
    const std::vector<std::string> expected{"shard-1 up", "shard-1 down", "shard-1 given up"};
    EXPECT_EQ(changes.of_shard(), expected);
}

TEST_F(CrashTest, AStopWhileAnInstanceIsDownEnds) {
    EmbeddedOptions slow = options();
    slow.times.restart.delay_min = seconds(300);
    slow.times.restart.delay_max = seconds(300);
    const auto cluster = started(slow);
    ASSERT_TRUE(cluster);
    ASSERT_EQ(::kill(postmaster_of(*cluster, "shard-1"), SIGKILL), 0);
    ASSERT_TRUE(eventually([&] { return !cluster->cluster().status().ready; }));
    cluster->stop(Deadline::after(seconds(30)));
    EXPECT_EQ(cluster->cluster().not_ready_reason(), "the cluster is being stopped");
    EXPECT_FALSE(std::filesystem::exists(cluster->directory() / "coordinator" / "postmaster.pid"));
}

TEST_F(CrashTest, ALogThatIsTooLongIsBegunAnew) {
    EmbeddedOptions terse = options();
    terse.log_bytes_max = 4096;
    const auto cluster = started(terse);
    ASSERT_TRUE(cluster);
    const auto log = cluster->directory() / "log" / "shard-1.log";
    const auto shard = cluster->shard_connection(shard_, "project", Role::gateway);
    const std::string long_error = "SELECT no_such_function('" + std::string(5000, 'x') + "')";
    ask(shard, long_error);
    ASSERT_TRUE(eventually([&] { return std::filesystem::exists(log.string() + ".1"); }));
    ASSERT_TRUE(eventually([&] {
        ask(shard, "SELECT no_such_column_afterwards");
        const auto text = process::read_file(log, 1 << 20);
        return text && text->find("no_such_column_afterwards") != std::string::npos;
    }));
}

// A pgmind of its own, which counts up in a table until it is killed. Gives the last number whose
// write was acknowledged.
class Supervisor {
  public:
    explicit Supervisor(const EmbeddedOptions& options) {
        std::array<int, 2> ends{};
        EXPECT_EQ(::pipe(ends.data()), 0);
        // tidy: allow process because the whole process is what gets killed
        pid_ = ::fork();
        if (pid_ == 0) {
            ::close(ends[0]);
            count(options, ends[1]);
        }
        ::close(ends[1]);
        reader_ = process::FileDescriptor(ends[0]);
    }
    ~Supervisor() { kill(); }
    Supervisor(const Supervisor&) = delete;
    Supervisor& operator=(const Supervisor&) = delete;

    int wait_for(int number) {
        int last = 0;
        while (last < number &&
               ::read(reader_.get(), &last, sizeof last) == static_cast<ssize_t>(sizeof last)) {
            acknowledged_ = last;
        }
        return acknowledged_;
    }
    int kill() {
        if (pid_ > 0) {
            ::kill(pid_, SIGKILL);
            ::waitpid(pid_, nullptr, 0);
            pid_ = 0;
        }
        return wait_for(1 << 30);
    }

  private:
    static Task<void> count_on(postgres::ConnectionOptions options, int writer) {
        const Deadline deadline = Deadline::after(seconds(60));
        auto session = co_await postgres::Session::connect(std::move(options), deadline);
        for (int number = 1; session; ++number) {
            std::string sql = "INSERT INTO pgmind.counted VALUES (" + std::to_string(number) + ")";
            const auto done =
                co_await session->query(std::move(sql), postgres::Parameters(), deadline);
            if (!done) {
                ::_exit(1);
            }
            [[maybe_unused]] const ssize_t written = ::write(writer, &number, sizeof number);
        }
    }
    [[noreturn]] static void count(const EmbeddedOptions& options, int writer) {
        const auto cluster = start_embedded_cluster(options, {});
        if (!cluster) {
            ::_exit(1);
        }
        const auto shard =
            (*cluster)->shard_connection(ShardId("shard-1"), "project", Role::migrator);
        boost::asio::io_context loop;
        async::run_blocking_loop(loop, count_on(*shard, writer));
        ::_exit(0);
    }

    pid_t pid_ = 0;
    process::FileDescriptor reader_;
    int acknowledged_ = 0;
};

EmbeddedOptions with_counters(EmbeddedOptions options) {
    options.shard_migrations = {{100, "counted", "CREATE TABLE pgmind.counted (number integer)"}};
    return options;
}

TEST_F(CrashTest, AKilledSupervisorLosesNoAcknowledgedWrite) {
    const EmbeddedOptions options = with_counters(this->options());
    int expected = 0;
    for (int round = 0; round < 3; ++round) {
        Supervisor supervisor(options);
        ASSERT_GE(supervisor.wait_for(20), 20) << "round " << round;
        const int acknowledged = supervisor.kill();
        const auto cluster = started(options);
        ASSERT_TRUE(cluster);
        const int found = last_number(*cluster);
        EXPECT_GE(found, acknowledged);
        EXPECT_LE(found, acknowledged + 1);
        expected += found;
        EXPECT_EQ(as_owner(*cluster, "SELECT count(*) FROM pgmind.counted"), std::to_string(found));
        as_owner(*cluster, "TRUNCATE pgmind.counted");
    }
    EXPECT_GE(expected, 60);
}

// True when the directory holds something whose name begins so.
bool has_entry(const std::filesystem::path& directory, const std::string& prefix) {
    std::error_code missing;
    for (const auto& entry : std::filesystem::directory_iterator(directory, missing)) {
        if (entry.path().filename().string().starts_with(prefix)) {
            return true;
        }
    }
    return false;
}

// A process of the program whose working directory begins with `directory`/`prefix`; 0 without one.
pid_t process_in(const std::filesystem::path& directory, const std::string& prefix,
                 const std::string& program) {
    std::error_code gone;
    for (const auto& entry : std::filesystem::directory_iterator("/proc", gone)) {
        const auto where = std::filesystem::read_symlink(entry.path() / "cwd", gone);
        const auto what = std::filesystem::read_symlink(entry.path() / "exe", gone);
        if (where.string().starts_with((directory / prefix).string()) &&
            what.filename() == program) {
            pid_t pid = 0;
            const std::string name = entry.path().filename();
            std::from_chars(name.data(), name.data() + name.size(), pid);
            return pid;
        }
    }
    return 0;
}

TEST_F(CrashTest, AFirstStartThatIsKilledAnywhereIsContinued) {
    const EmbeddedOptions options = with_counters(this->options());
    const std::array<std::pair<std::filesystem::path, std::string>, 5> moments{
        {{options.directory, "pgmind.json"},
         {options.directory, "shard-1.unfinished-"},
         {options.directory / "coordinator", "PG_VERSION"},
         {options.directory / "shard-1", "postmaster.pid"},
         {options.directory / "run", ".s.PGSQL"}}};
    for (const auto& [directory, name] : moments) {
        Supervisor supervisor(options);
        EXPECT_TRUE(eventually([&] { return has_entry(directory, name); })) << name;
        supervisor.kill();
    }
    const auto cluster = started(options);
    ASSERT_TRUE(cluster);
    EXPECT_EQ(as_owner(*cluster, "SELECT count(*) FROM pgmind.counted"), "0");
    EXPECT_FALSE(has_entry(options.directory, "shard-1.unfinished-"));
    EXPECT_FALSE(has_entry(options.directory, "coordinator.unfinished-"));
}

// A killed initdb leaves its PostgreSQL behind, which may write on while the next start removes
// what there is. So the next start may finish the data and the leftovers still be there.
TEST_F(CrashTest, LeftoversOfAFirstStartAreRemovedByAnyLaterOne) {
    const EmbeddedOptions options = this->options();
    ASSERT_TRUE(started(options));
    const auto left = options.directory / "shard-1.unfinished-7";
    std::filesystem::create_directories(left / "base" / "1");
    std::ofstream(left / "base" / "1" / "1259") << "half";
    const auto cluster = started(options);
    ASSERT_TRUE(cluster);
    EXPECT_FALSE(has_entry(options.directory, "shard-1.unfinished-"));
}

TEST_F(CrashTest, AnInitdbThatDidNotHearOfTheKillIsEnded) {
    const EmbeddedOptions options = this->options();
    pid_t orphan = 0;
    {
        Supervisor supervisor(options);
        ASSERT_TRUE(eventually([&] {
            orphan = process_in(options.directory, "shard-1.unfinished-", "postgres");
            return orphan > 0 && ::kill(orphan, SIGSTOP) == 0;
        }));
    }
    const auto cluster = started(options);
    ASSERT_TRUE(cluster);
    EXPECT_FALSE(has_entry(options.directory, "shard-1.unfinished-"));
    EXPECT_EQ(process_in(options.directory, "shard-1.unfinished-", "postgres"), 0);
}

TEST_F(CrashTest, AnOrphanThatDidNotHearOfTheKillIsStopped) {
    const EmbeddedOptions options = with_counters(this->options());
    const auto pid_file = options.directory / "shard-1" / "postmaster.pid";
    pid_t orphan = 0;
    {
        Supervisor supervisor(options);
        ASSERT_GE(supervisor.wait_for(5), 5);
        std::ifstream(pid_file) >> orphan;
        ASSERT_GT(orphan, 0);
        ASSERT_EQ(::kill(orphan, SIGSTOP), 0);
    }
    const auto cluster = started(options);
    ASSERT_TRUE(cluster);
    EXPECT_NE(postmaster_of(*cluster, "shard-1"), orphan);
    EXPECT_GE(last_number(*cluster), 5);
}

TEST_F(CrashTest, APidFileThatNamesSomebodyElseIsNotBelieved) {
    ASSERT_TRUE(started(options()));
    const auto pid_file = directory_.path() / "data" / "shard-1" / "postmaster.pid";
    // This test itself: alive, and no PostgreSQL.
    std::ofstream(pid_file) << ::getpid() << "\n" << pid_file.parent_path().string() << "\n";
    EXPECT_TRUE(started(options()));
}

}  // namespace
}  // namespace pgmind::cluster
