#include "platform/postgres/detail/connector.hpp"

#include <algorithm>
#include <fstream>

#include <boost/asio/ip/tcp.hpp>

#include "async/notifier.hpp"
#include "platform/postgres/detail/socket_watch.hpp"
#include "platform/postgres/errors.hpp"

namespace pgmind::postgres {
namespace {

using Resolver = boost::asio::ip::basic_resolver<boost::asio::ip::tcp, Executor>;

constexpr std::size_t kAddressesMax = 8;
// The old, the new, and the one after that.
constexpr std::size_t kPasswordsMax = 3;

struct Resolution {
    explicit Resolution(Executor executor) : resolver(executor), changed(executor) {}
    Resolver resolver;
    async::Notifier changed;
    bool done = false;
    std::vector<std::string> addresses;
    std::string failure;
};

bool is_numeric(const std::string& host) {
    boost::system::error_code error;
    boost::asio::ip::make_address(host, error);
    return !error;
}

// Asio resolves on a thread of its own; a name server that does not answer holds that thread, not
// this task.
Task<Result<std::vector<std::string>>> resolve(std::string host, Deadline deadline) {
    const Executor executor = co_await async::this_executor();
    const auto resolution = std::make_shared<Resolution>(executor);
    resolution->resolver.async_resolve(
        host, "", [resolution](boost::system::error_code error, Resolver::results_type results) {
            resolution->done = true;
            resolution->failure = error ? error.message() : "";
            for (const auto& entry : results) {
                if (resolution->addresses.size() < kAddressesMax) {
                    resolution->addresses.push_back(entry.endpoint().address().to_string());
                }
            }
            resolution->changed.notify_all();
        });
    while (!resolution->done && !deadline.passed()) {
        co_await resolution->changed.wait_until(deadline);
    }
    if (!resolution->done) {
        co_return fail(Errc::connect_failed, "resolving the name " + host + " took too long");
    }
    if (resolution->addresses.empty()) {
        co_return fail(Errc::connect_failed,
                       "cannot resolve the name " + host + ": " + resolution->failure);
    }
    co_return std::move(resolution->addresses);
}

// libpq takes one list of names and one of addresses, of the same length.
void append_listed(std::string& list, const std::string& item) {
    if (!list.empty()) {
        list.push_back(',');
    }
    list.append(item);
}

ConnectionHandle start(const ConnectionOptions& options, const std::string& password,
                       const std::vector<std::string>& addresses) {
    std::string hosts;
    std::string host_addresses;
    for (const std::string& address : addresses) {
        append_listed(hosts, options.host);
        append_listed(host_addresses, address);
    }
    const std::string port = std::to_string(options.port);
    // A peer that vanishes is noticed within about ten seconds, also while nothing is sent.
    std::vector<std::pair<const char*, const char*>> settings = {
        {"host", hosts.empty() ? options.host.c_str() : hosts.c_str()},
        {"hostaddr", host_addresses.c_str()},
        {"port", port.c_str()},
        {"dbname", options.database.c_str()},
        {"user", options.user.c_str()},
        {"password", password.c_str()},
        {"application_name", options.application_name.c_str()},
        {"sslmode", options.sslmode.c_str()},
        {"sslrootcert", options.sslrootcert.c_str()},
        {"gssencmode", "disable"},
        {"client_encoding", "UTF8"},
        {"keepalives", "1"},
        {"keepalives_idle", "10"},
        {"keepalives_interval", "3"},
        {"keepalives_count", "3"},
        {"tcp_user_timeout", "10000"},
    };
    for (const auto& [keyword, value] : options.others) {
        settings.emplace_back(keyword.c_str(), value.c_str());
    }
    settings.emplace_back(nullptr, nullptr);
    std::vector<const char*> names;
    std::vector<const char*> values;
    for (const auto& [name, value] : settings) {
        names.push_back(name);
        values.push_back(value);
    }
    return ConnectionHandle(PQconnectStartParams(names.data(), values.data(), 0));
}

bool has_address(const ConnectionOptions& options) {
    return std::any_of(options.others.begin(), options.others.end(), [](const auto& other) {
        return other.first == "hostaddr" && !other.second.empty();
    });
}

// The first line of the file, empty when there is none.
std::string first_line_of(const std::filesystem::path& file) {
    std::ifstream stream(file);
    std::string line;
    std::getline(stream, line);
    return line;
}

// A password that was not tried yet; the files are read anew each time, since they may change
// between two attempts.
std::optional<std::string> next_password(const ConnectionOptions& options,
                                         const std::vector<std::string>& tried) {
    if (options.password_file.empty()) {
        return tried.empty() ? std::optional(options.password) : std::nullopt;
    }
    for (const std::string suffix : {"", kNextPasswordSuffix}) {
        std::string password = first_line_of(options.password_file.string() + suffix);
        if (!password.empty() && std::find(tried.begin(), tried.end(), password) == tried.end()) {
            return password;
        }
    }
    return std::nullopt;
}

void drop_notice(void*, const PGresult*) {}

Task<Result<void>> shake_hands(PGconn* connection, Deadline deadline) {
    const Executor executor = co_await async::this_executor();
    SocketWatch watch(executor);
    PostgresPollingStatusType next = PGRES_POLLING_WRITING;
    while (next != PGRES_POLLING_OK) {
        // libpq may have another socket after each step, even with the same number.
        if (!watch.attach(PQsocket(connection))) {
            co_return fail(Errc::connect_failed, "no file descriptor is left for a connection");
        }
        const bool writing = next == PGRES_POLLING_WRITING;
        const bool ready = co_await watch.wait(!writing, writing, deadline);
        if (!ready) {
            co_return fail(Errc::connect_failed, "PostgreSQL did not accept the login in time");
        }
        next = PQconnectPoll(connection);
        if (next == PGRES_POLLING_FAILED) {
            co_return fail(Errc::connect_failed, message_of(connection));
        }
    }
    co_return Result<void>();
}

// One attempt. `refused`: the server asked for a password and did not let us in.
Task<Result<ConnectionHandle>> log_in(const ConnectionOptions& options, std::string password,
                                      const std::vector<std::string>& addresses, Deadline deadline,
                                      bool& refused) {
    ConnectionHandle connection = start(options, password, addresses);
    if (connection == nullptr) {
        throw std::bad_alloc();
    }
    if (PQstatus(connection.get()) == CONNECTION_BAD) {
        co_return fail(Errc::connect_failed, message_of(connection.get()));
    }
    PQsetNoticeReceiver(connection.get(), drop_notice, nullptr);
    Result<void> done = co_await shake_hands(connection.get(), deadline);
    if (!done) {
        refused = PQstatus(connection.get()) == CONNECTION_BAD &&
                  PQconnectionUsedPassword(connection.get()) == 1;
        co_return fail(std::move(done.error()));
    }
    if (PQsetnonblocking(connection.get(), 1) != 0 || PQenterPipelineMode(connection.get()) != 1) {
        co_return fail(Errc::connect_failed, message_of(connection.get()));
    }
    co_return std::move(connection);
}

}  // namespace

Task<Result<ConnectionHandle>> open_connection(ConnectionOptions options, Deadline deadline) {
    const Deadline limit = deadline.capped(options.connect_timeout);
    std::vector<std::string> addresses;
    const bool is_name = !options.host.empty() && options.host.front() != '/' &&
                         !is_numeric(options.host) && !has_address(options);
    if (is_name) {
        Result<std::vector<std::string>> resolved = co_await resolve(options.host, limit);
        if (!resolved) {
            co_return fail(std::move(resolved.error()));
        }
        addresses = std::move(*resolved);
    }
    std::vector<std::string> tried;
    while (tried.size() < kPasswordsMax) {
        std::optional<std::string> password = next_password(options, tried);
        if (!password) {
            break;
        }
        tried.push_back(*password);
        bool refused = false;
        Result<ConnectionHandle> connection =
            co_await log_in(options, std::move(*password), addresses, limit, refused);
        if (connection || !refused || tried.size() == kPasswordsMax ||
            !next_password(options, tried)) {
            co_return connection;
        }
    }
    co_return fail(Errc::connect_failed,
                   "there is no password in " + options.password_file.string());
}

}  // namespace pgmind::postgres
