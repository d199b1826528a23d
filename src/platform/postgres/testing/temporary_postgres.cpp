#include "platform/postgres/testing/temporary_postgres.hpp"

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

#include <arpa/inet.h>
#include <fcntl.h>
#include <libpq-fe.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "platform/postgres/testing/processes.hpp"

namespace pgmind::postgres::testing {
namespace {

constexpr std::string_view kUser = "tester";
constexpr std::string_view kPassword = "a password for tests";
constexpr std::chrono::seconds kStartLimit{60};
constexpr std::chrono::milliseconds kPoll{5};

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

std::uint16_t free_port() {
    const int probe = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    const bool found =
        bind(probe, generic, length) == 0 && getsockname(probe, generic, &length) == 0;
    close(probe);
    if (!found) {
        throw std::runtime_error("no free TCP port");
    }
    return ntohs(address.sin_port);
}

struct ProcessStatus {
    char state = 0;  // 0: there is no such process
    pid_t parent = 0;
};

// From /proc; a process may end at any moment.
ProcessStatus status_of(pid_t process) {
    ProcessStatus status;
    const std::string path = "/proc/" + std::to_string(process) + "/stat";
    const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return status;
    }
    char text[1024];
    const ssize_t length = read(file, text, sizeof text);
    close(file);
    const std::string_view line(text, length > 0 ? static_cast<std::size_t>(length) : 0);
    const std::size_t end_of_name = line.rfind(')');
    if (end_of_name != std::string_view::npos) {
        std::istringstream rest{std::string(line.substr(end_of_name + 1))};
        rest >> status.state >> status.parent;
    }
    return status;
}

// In every state but "zombie": a dead child of a dead parent may wait long to be reaped.
bool is_alive(pid_t process) {
    const char state = status_of(process).state;
    return state != 0 && state != 'Z';
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
    give_to_postgres_user(directory_);
    start_watchdog();
    initialize();
    constexpr int kTries = 5;  // Another process may take the port between probe and start.
    for (int i = 0; i < kTries && !running(); ++i) {
        port_ = free_port();
        launch();
        if (!wait_until_ready()) {
            postmaster_ = 0;
        }
    }
    if (!running()) {
        throw std::runtime_error("PostgreSQL does not start: " + log_tail());
    }
}

TemporaryPostgres::~TemporaryPostgres() {
    if (running()) {
        ::kill(postmaster_, SIGQUIT);
        thaw();  // Whatever a failed test has left frozen.
        wait_for_exit(postmaster_);
    }
    ::close(watchdog_pipe_);
    wait_for_exit(watchdog_);
}

// Outlives a test that dies: waits for the end of the pipe, ends the server if it is still there
// (and is the server: numbers of processes are used again), and removes the directory.
void TemporaryPostgres::start_watchdog() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) {
        throw std::runtime_error("cannot make a pipe");
    }
    const std::string script =
        "read -r _; pid=$(head -n 1 \"$0/data/postmaster.pid\" 2>/dev/null); "
        "is_ours() { [ -n \"$pid\" ] && grep -aqF \"$0/data\" \"/proc/$pid/cmdline\" 2>/dev/null; "
        "}; "
        "is_ours && kill -QUIT \"$pid\" && kill -CONT \"$pid\"; "
        "tries=0; while is_ours && [ $tries -lt 100 ]; do tries=$((tries + 1)); sleep 0.1; done; "
        "rm -rf \"$0\"";
    watchdog_ = start_process({"/bin/sh", "-c", script, directory_}, "/dev/null", false, ends[0]);
    ::close(ends[0]);
    watchdog_pipe_ = ends[1];
}

void TemporaryPostgres::initialize() {
    const std::string password_file = directory_ + "/password";
    std::ofstream(password_file) << kPassword << '\n';
    const std::vector<std::string> command = {binaries_ + "/initdb",
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
    const pid_t process = start_process(command, directory_ + "/log", true, -1);
    if (wait_for_exit(process) != 0) {
        throw std::runtime_error("initdb failed: " + log_tail());
    }
}

std::vector<std::string> TemporaryPostgres::server_command() const {
    std::vector<std::string> command = {binaries_ + "/postgres",
                                        "-D",
                                        directory_ + "/data",
                                        "-p",
                                        std::to_string(port_),
                                        "-k",
                                        directory_};
    for (const char* setting : {"listen_addresses=127.0.0.1", "fsync=off", "full_page_writes=off",
                                "wal_level=logical", "max_connections=200", "shared_buffers=64MB",
                                "min_wal_size=8MB", "max_wal_size=256MB", "jit=off"}) {
        command.insert(command.end(), {"-c", setting});
    }
    return command;
}

void TemporaryPostgres::launch() {
    postmaster_ = start_process(server_command(), directory_ + "/log", true, -1);
}

// False when the server gave up; the postmaster says in its lock file when it is ready.
bool TemporaryPostgres::wait_until_ready() {
    const auto limit = std::chrono::steady_clock::now() + kStartLimit;
    while (std::chrono::steady_clock::now() < limit) {
        int status = 0;
        if (waitpid(postmaster_, &status, WNOHANG) == postmaster_) {
            return false;
        }
        std::ifstream file(directory_ + "/data/postmaster.pid");
        std::string line;
        pid_t written_by = 0;
        for (int number = 1; std::getline(file, line); ++number) {
            written_by = number == 1 ? std::atoi(line.c_str()) : written_by;
            if (number == 8 && line.starts_with("ready") && written_by == postmaster_) {
                return true;
            }
        }
        std::this_thread::sleep_for(kPoll);
    }
    throw std::runtime_error("PostgreSQL is not ready after a minute: " + log_tail());
}

ConnectionOptions TemporaryPostgres::options(std::string_view database) const {
    ConnectionOptions options;
    options.host = directory_;
    options.port = port_;
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
    const std::string settings = "host=" + directory_ + " port=" + std::to_string(port_) +
                                 " dbname=" + std::string(database) +
                                 " user=" + std::string(kUser) + " connect_timeout=10";
    const std::unique_ptr<PGconn, void (*)(PGconn*)> connection(PQconnectdb(settings.c_str()),
                                                                PQfinish);
    if (PQstatus(connection.get()) != CONNECTION_OK) {
        throw std::runtime_error(PQerrorMessage(connection.get()));
    }
    const std::unique_ptr<PGresult, void (*)(PGresult*)> result(
        PQexec(connection.get(), sql.c_str()), PQclear);
    check_result(connection.get(), result.get());
    const bool has_value = PQntuples(result.get()) > 0 && PQnfields(result.get()) > 0;
    return has_value ? PQgetvalue(result.get(), 0, 0) : "";
}

// Backends are not in the postmaster's process group: each makes its own.
std::vector<pid_t> TemporaryPostgres::children() const {
    std::vector<pid_t> found;
    for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
        const pid_t process = std::atoi(entry.path().filename().c_str());
        if (process > 0 && status_of(process).parent == postmaster_) {
            found.push_back(process);
        }
    }
    return found;
}

void TemporaryPostgres::kill() {
    ::kill(postmaster_, SIGSTOP);  // So that it starts no child while they are counted.
    const std::vector<pid_t> backends = children();
    ::kill(postmaster_, SIGKILL);
    for (const pid_t backend : backends) {
        ::kill(backend, SIGKILL);
    }
    wait_for_exit(postmaster_);
    for (const pid_t backend : backends) {
        wait_until_gone(backend);
    }
    postmaster_ = 0;
}

void TemporaryPostgres::freeze() {
    ::kill(postmaster_, SIGSTOP);
    signal_all(SIGSTOP);
}

void TemporaryPostgres::thaw() {
    signal_all(SIGCONT);
}

void TemporaryPostgres::signal_all(int signal) {
    for (const pid_t backend : children()) {
        ::kill(backend, signal);
    }
    ::kill(postmaster_, signal);
}

void TemporaryPostgres::wait_until_gone(pid_t process) const {
    const auto limit = std::chrono::steady_clock::now() + kStartLimit;
    while (is_alive(process)) {
        if (std::chrono::steady_clock::now() >= limit) {
            throw std::runtime_error("a killed process does not end");
        }
        std::this_thread::sleep_for(kPoll);
    }
}

void TemporaryPostgres::restart() {
    if (running()) {
        stop();
    }
    launch();
    if (!wait_until_ready()) {
        postmaster_ = 0;
        throw std::runtime_error("PostgreSQL does not start again: " + log_tail());
    }
}

void TemporaryPostgres::stop() {
    ::kill(postmaster_, SIGINT);
    wait_for_exit(postmaster_);
    postmaster_ = 0;
}

std::string TemporaryPostgres::log_tail() const {
    std::ifstream file(directory_ + "/log");
    std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    constexpr std::size_t kTail = 2'000;
    return text.size() > kTail ? text.substr(text.size() - kTail) : text;
}

}  // namespace pgmind::postgres::testing
