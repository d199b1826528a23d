#include "platform/http/resolve.hpp"

#include <netdb.h>

#include "async/notifier.hpp"
#include "platform/http/errors.hpp"

namespace pgmind::http {
namespace {

using Endpoints = std::vector<Tcp::endpoint>;

constexpr std::size_t kAddressesMax = 8;

struct FreeAddresses {
    void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};

Result<Endpoints> look_up(const std::string& host, std::uint16_t port) {
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_ADDRCONFIG;
    addrinfo* list = nullptr;
    const int failed = ::getaddrinfo(host.c_str(), nullptr, &hints, &list);
    const std::unique_ptr<addrinfo, FreeAddresses> owned(list);
    if (failed != 0) {
        return fail(Errc::closed, "cannot find the host " + host + ": " + ::gai_strerror(failed));
    }
    Endpoints endpoints;
    for (const addrinfo* entry = list; entry != nullptr && endpoints.size() < kAddressesMax;
         entry = entry->ai_next) {
        Tcp::endpoint endpoint;
        if (entry->ai_addrlen <= endpoint.capacity()) {
            std::memcpy(endpoint.data(), entry->ai_addr, entry->ai_addrlen);
            endpoint.resize(entry->ai_addrlen);
            endpoint.port(port);
            endpoints.push_back(endpoint);
        }
    }
    if (endpoints.empty()) {
        return fail(Errc::closed, "the host " + host + " has no address");
    }
    return endpoints;
}

// Shared with the lookup, which may outlive the one who waits for it.
struct Lookup {
    explicit Lookup(Executor executor) : done(executor) {}
    std::optional<Result<Endpoints>> result;
    async::Notifier done;
};

Task<void> look_up_off_loop(async::BlockingPool& blocking, std::shared_ptr<Lookup> lookup,
                            std::string host, std::uint16_t port, Deadline deadline) {
    auto call = [host, port] { return look_up(host, port); };
    auto result = co_await blocking.run(std::move(call), deadline);
    lookup->result = result ? std::move(*result) : fail(result.error());
    lookup->done.notify_all();
}

}  // namespace

Task<Result<Endpoints>> resolve(async::BlockingPool& blocking, std::string host, std::uint16_t port,
                                Deadline deadline) {
    namespace ip = boost::asio::ip;
    if (host == "localhost") {
        co_return Endpoints{{ip::address_v4::loopback(), port}, {ip::address_v6::loopback(), port}};
    }
    IoError not_an_address;
    const ip::address address = ip::make_address(host, not_an_address);
    if (!not_an_address) {
        co_return Endpoints{{address, port}};
    }
    const Executor executor = co_await async::this_executor();
    auto lookup = std::make_shared<Lookup>(executor);
    async::spawn(executor, look_up_off_loop(blocking, lookup, host, port, deadline));
    while (!lookup->result && !deadline.passed()) {
        co_await lookup->done.wait_until(deadline);
    }
    if (!lookup->result) {
        co_return fail(Errc::timed_out, "looking up the host " + host + " took too long");
    }
    co_return std::move(*lookup->result);
}

}  // namespace pgmind::http
