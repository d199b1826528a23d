#include "platform/postgres/testing/temporary_postgres.hpp"

#include <charconv>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <sstream>
#include <stdexcept>

#include <libpq-fe.h>
#include <unistd.h>

#include "platform/process/files.hpp"

namespace pgmind::postgres::testing {
namespace {

constexpr std::string_view kUser = "tester";
constexpr std::string_view kPassword = "a password for tests";
constexpr std::chrono::seconds kStartLimit{60};
constexpr std::chrono::milliseconds kPoll{5};
constexpr std::size_t kFileBytesMax = std::size_t{64} * 1024;

template <class T>
T value_of(Result<T> result) {
    if (!result) {
        throw std::runtime_error(result.error().detail);
    }
    return std::move(*result);
}

std::string find_binaries() {
    if (const char* chosen = std::getenv("PGMIND_POSTGRES_BIN")) {
        return chosen;
    }
    for (int major = 17; major >= 15; --major) {
        const std::string folder = "/usr/lib/postgresql/" + std::to_string(major) + "/bin";
        if (std::filesystem::exists(folder + "/initdb")) {
            return folder;
        }
    }
    throw std::runtime_error("no PostgreSQL found: set PGMIND_POSTGRES_BIN to its bin folder");
}

pid_t parse_pid(std::string_view text) {
    pid_t pid = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), pid);
    return error == std::errc() && end == text.data() + text.size() ? pid : 0;
}

// From /proc; 0 when the process has ended meanwhile.
pid_t parent_of(pid_t pid) {
    const auto stat = process::read_file("/proc/" + std::to_string(pid) + "/stat", kFileBytesMax);
    const std::size_t end_of_name = stat ? stat->rfind(')') : std::string::npos;
    if (end_of_name == std::string::npos) {
        return 0;
    }
    std::istringstream rest(stat->substr(end_of_name + 1));
    std::string state;
    std::string parent;
    rest >> state >> parent;
    return parse_pid(parent);
}

void check_result(PGconn* connection, const PGresult* result) {
    const ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
        throw std::runtime_error(PQerrorMessage(connection));
    }
}

}  // namespace

TemporaryPostgres& TemporaryPostgres::instance() {
    static TemporaryPostgres server;
    return server;
}

TemporaryPostgres::TemporaryPostgres() : binaries_(find_binaries()) {
    char pattern[] = "/tmp/pgmind-test-XXXXXX";  // Short: a socket's path has 107 characters.
    if (mkdtemp(pattern) == nullptr) {
        throw std::runtime_error("cannot make a temporary directory");
    }
    directory_ = pattern;
    start_watchdog();
    const process::Identity* owner = nullptr;
    if (geteuid() == 0) {
        user_ = value_of(process::identity_of_user("postgres"));  // PostgreSQL refuses root.
        owner = &*user_;
    }
    if (const auto made = process::ensure_directory(directory_, 0755, owner); !made) {
        throw std::runtime_error(made.error().detail);
    }
    // Held on to, so that no other test takes the port while this server is down.
    port_ = value_of(process::PortReservation::take(0));
    initialize();
    launch();
}

TemporaryPostgres::~TemporaryPostgres() {
    thaw();  // Whatever a failed test has left frozen.
    if (running()) {
        run(loop_, postmaster_->terminate({{SIGQUIT, kStartLimit}}));
    }
    watchdog_->signal(SIGTERM);
    run(loop_, watchdog_->wait());
}

process::Child TemporaryPostgres::spawn(process::Command command) {
    command.environment = {"LC_ALL=C", "PATH=/usr/local/bin:/usr/bin:/bin"};
    return value_of(process::Child::spawn(loop_.get_executor(), command));
}

// Ends the server if it is still there (and is the server: numbers of processes are used again) and
// removes the directory, when it is told to or the test has died.
void TemporaryPostgres::start_watchdog() {
    process::Command command;
    command.arguments = {
        "/bin/sh", "-c",
        "ended=; trap 'ended=yes' TERM\n"
        "while [ -z \"$ended\" ]; do sleep 5 & wait $!; kill $! 2>/dev/null; done\n"
        "is_ours() { [ -n \"$pid\" ] && grep -aqF \"$0/data\" \"/proc/$pid/cmdline\"; }\n"
        "exec 2>/dev/null; pid=$(head -n 1 \"$0/data/postmaster.pid\")\n"
        "is_ours && kill -QUIT \"$pid\" && kill -CONT \"$pid\"; tries=0\n"
        "while is_ours && [ $tries -lt 500 ]; do tries=$((tries + 1)); sleep 0.02; done\n"
        "rm -rf \"$0\"",
        directory_};
    command.death_signal = SIGTERM;
    watchdog_ = spawn(std::move(command));
}

void TemporaryPostgres::initialize() {
    const std::string password_file = directory_ + "/password";
    const process::Identity* owner = user_ ? &*user_ : nullptr;
    const auto written = process::write_atomically(password_file, kPassword, 0600, owner);
    if (!written) {
        throw std::runtime_error(written.error().detail);
    }
    process::Command command;
    command.arguments = {binaries_ + "/initdb",
                         "--no-sync",
                         "--pgdata",
                         directory_ + "/data",
                         "--username",
                         std::string(kUser),
                         "--pwfile",
                         password_file,
                         "--encoding=UTF8",
                         "--locale=C",
                         "--auth-local=trust",
                         "--auth-host=scram-sha-256",
                         "--wal-segsize=1",
                         "--no-instructions"};
    command.identity = user_;
    command.output_file = directory_ + "/log";
    const process::Child initdb = spawn(std::move(command));
    if (!run(loop_, initdb.wait()).success()) {
        throw std::runtime_error("initdb failed: " + log_tail());
    }
}

process::Command TemporaryPostgres::server_command() const {
    process::Command command;
    command.arguments = {binaries_ + "/postgres",
                         "-D",
                         directory_ + "/data",
                         "-p",
                         std::to_string(port_->port()),
                         "-k",
                         directory_};
    for (const char* setting : {"listen_addresses=127.0.0.1", "fsync=off", "full_page_writes=off",
                                "wal_level=logical", "max_connections=200", "shared_buffers=64MB",
                                "min_wal_size=8MB", "max_wal_size=256MB", "jit=off"}) {
        command.arguments.insert(command.arguments.end(), {"-c", setting});
    }
    command.identity = user_;
    command.output_file = directory_ + "/log";
    command.death_signal = SIGQUIT;  // To PostgreSQL: stop at once, with all children.
    return command;
}

void TemporaryPostgres::launch() {
    postmaster_ = spawn(server_command());
    const Deadline limit = Deadline::after(kStartLimit);
    while (!is_ready()) {
        const Deadline next_look = Deadline::after(kPoll);
        const auto ended = run(loop_, postmaster_->wait_until(next_look));
        if (ended || limit.passed()) {
            postmaster_.reset();
            throw std::runtime_error("PostgreSQL does not start: " + log_tail());
        }
    }
}

// The postmaster says in its lock file when it is ready.
bool TemporaryPostgres::is_ready() const {
    const auto file = process::read_file(directory_ + "/data/postmaster.pid", kFileBytesMax);
    if (!file) {
        return false;
    }
    std::istringstream lines(*file);
    std::string line;
    bool written_by_this_one = false;
    for (int number = 1; std::getline(lines, line); ++number) {
        written_by_this_one =
            number == 1 ? parse_pid(line) == postmaster_->pid() : written_by_this_one;
        if (number == 8 && written_by_this_one && line.starts_with("ready")) {
            return true;
        }
    }
    return false;
}

ConnectionOptions TemporaryPostgres::options(std::string_view database) const {
    ConnectionOptions options;
    options.host = directory_;
    options.port = port_->port();
    options.database = database;
    options.user = kUser;
    return options;
}

ConnectionOptions TemporaryPostgres::tcp_options(std::string_view database) const {
    ConnectionOptions options = this->options(database);
    options.host = "127.0.0.1";
    options.password = kPassword;
    return options;
}

std::string TemporaryPostgres::create_database(std::string_view prefix) {
    const std::string name = std::string(prefix) + "_" + std::to_string(++databases_);
    ask("postgres", "CREATE DATABASE \"" + name + "\"");
    return name;
}

std::string TemporaryPostgres::ask(std::string_view database, const std::string& sql) const {
    const ConnectionOptions where = options(database);
    const std::string settings = "host=" + where.host + " port=" + std::to_string(where.port) +
                                 " dbname=" + where.database + " user=" + where.user +
                                 " connect_timeout=10";
    // tidy: allow blocking-libpq because tests look at the server past the code that they test
    PGconn* opened = PQconnectdb(settings.c_str());
    const std::unique_ptr<PGconn, void (*)(PGconn*)> connection(opened, PQfinish);
    if (PQstatus(connection.get()) != CONNECTION_OK) {
        throw std::runtime_error(PQerrorMessage(connection.get()));
    }
    // tidy: allow blocking-libpq because tests look at the server past the code that they test
    PGresult* given = PQexec(connection.get(), sql.c_str());
    const std::unique_ptr<PGresult, void (*)(PGresult*)> result(given, PQclear);
    check_result(connection.get(), result.get());
    const bool has_value = PQntuples(result.get()) > 0 && PQnfields(result.get()) > 0;
    return has_value ? PQgetvalue(result.get(), 0, 0) : "";
}

// They are not in the postmaster's process group: each makes its own.
TemporaryPostgres::Backends TemporaryPostgres::backends() const {
    Backends found;
    for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
        const pid_t pid = parse_pid(entry.path().filename().native());
        auto handle = pid > 0 && parent_of(pid) == postmaster_->pid()
                          ? process::ProcessHandle::open(pid)
                          : std::nullopt;
        if (handle) {
            found.push_back(std::move(*handle));
        }
    }
    return found;
}

void TemporaryPostgres::kill() {
    postmaster_->signal(SIGSTOP);  // So that it starts no child while they are counted.
    const Backends children = backends();
    postmaster_->signal(SIGKILL);
    for (const process::ProcessHandle& backend : children) {
        backend.signal(SIGKILL);
    }
    run(loop_, postmaster_->wait());
    for (const process::ProcessHandle& backend : children) {
        if (!run(loop_, backend.wait_until_ended(Deadline::after(kStartLimit)))) {
            throw std::runtime_error("a killed backend does not end");
        }
    }
    postmaster_.reset();
}

void TemporaryPostgres::freeze() {
    postmaster_->signal(SIGSTOP);
    for (const process::ProcessHandle& backend : backends()) {
        backend.signal(SIGSTOP);
    }
}

void TemporaryPostgres::thaw() {
    if (running()) {
        for (const process::ProcessHandle& backend : backends()) {
            backend.signal(SIGCONT);
        }
        postmaster_->signal(SIGCONT);
    }
}

void TemporaryPostgres::restart() {
    if (running()) {
        stop();
    }
    launch();
}

void TemporaryPostgres::stop() {
    run(loop_, postmaster_->terminate({{SIGINT, kStartLimit}}));
    postmaster_.reset();
}

std::string TemporaryPostgres::log_tail() const {
    constexpr std::size_t kTail = 2'000;
    return process::read_tail(directory_ + "/log", kTail);
}

}  // namespace pgmind::postgres::testing
