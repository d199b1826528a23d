#include "client/api_client.hpp"

#include <iostream>

#include "async/blocking_pool.hpp"
#include "client/api_error.hpp"
#include "output/text.hpp"
#include "platform/http/client.hpp"
#include "platform/http/errors.hpp"

namespace pgmind::app {
namespace {

constexpr std::chrono::seconds kBulkTimeout{3600};
/// The server gives up first, so that its answer says why.
constexpr std::chrono::seconds kPatience{15};
constexpr std::string_view kNdjson = "application/x-ndjson";

std::string target_of(const ApiRequest& request) {
    std::string target = "/api/v1";
    for (const std::string& segment : request.segments) {
        target += "/" + http::percent_encode(segment);
    }
    char separator = '?';
    for (const auto& [name, value] : request.query) {
        if (!value.empty()) {
            target += separator + name + "=" + http::percent_encode(value);
            separator = '&';
        }
    }
    return target;
}

Task<Result<std::optional<std::string>>> pull(const ApiClient::Source& source) {
    Result<std::string> part = source();
    if (!part) {
        co_return fail(std::move(part.error()));
    }
    if (part->empty()) {
        co_return std::nullopt;
    }
    co_return std::move(*part);
}

Task<Result<void>> push(const ApiClient::Sink& sink, std::string_view part) {
    Result<void> taken = sink(part);
    co_return taken;
}

}  // namespace

Result<Answer> Answer::read(unsigned status, std::string body) {
    Answer answer;
    answer.status_ = status;
    answer.text_ = std::make_shared<const std::string>(std::move(body));
    if (!answer.text_->empty()) {
        const auto value = json::parse(*answer.text_, kJsonLimits);
        if (!value) {
            return fail(client_error(Failure::unavailable, "the server did not answer with JSON"));
        }
        answer.json_ = JsonNode(*value);
    }
    return answer;
}

struct ApiClient::Implementation {
    explicit Implementation(Endpoint server) : endpoint(std::move(server)) {}

    http::Headers headers_of(const ApiRequest& request) const {
        http::Headers headers;
        if (!endpoint.api_key.empty()) {
            headers.add("Authorization", "Bearer " + endpoint.api_key);
        }
        headers.add("Accept", "application/json");
        headers.add("Request-Timeout", std::to_string(request.timeout.count()));
        for (const auto& [name, value] : request.headers) {
            headers.set(name, value);
        }
        return headers;
    }

    Deadline deadline_of(const ApiRequest& request) const {
        return Deadline::after(request.timeout + kPatience);
    }

    Result<http::Response> finish(const ApiRequest& request, Task<Result<http::Response>> task) {
        const auto begin = std::chrono::steady_clock::now();
        Result<http::Response> response = async::run_blocking_loop(loop, std::move(task));
        if (verbose) {
            const auto took = std::chrono::duration_cast<std::chrono::microseconds>(
                std::chrono::steady_clock::now() - begin);
            tell(request, response, took.count());
        }
        if (!response && response.error().code == make_error_code(http::Errc::closed) &&
            is_loopback_url(endpoint.url)) {
            response.error().detail += " (is pgmind up running?)";
        }
        if (response && response->status >= 400) {
            return fail(error_of_problem(response->status, response->body));
        }
        return response;
    }

    void tell(const ApiRequest& request, const Result<http::Response>& response,
              std::int64_t microseconds) const {
        std::string line = request.method + " " + target_of(request) + ": ";
        if (response) {
            line += std::to_string(response->status) + " in " + human_duration(microseconds);
            if (const auto id = response->headers.find("X-Request-Id")) {
                line += ", request " + std::string(*id);
            }
        } else {
            line += response.error().detail;
        }
        std::cerr << printable(line) << "\n";
    }

    boost::asio::io_context loop{1};
    async::BlockingPool blocking{1, 4};
    Endpoint endpoint;
    std::optional<http::Client> client;
    bool verbose = false;
};

ApiClient::ApiClient(std::unique_ptr<Implementation> implementation)
    : implementation_(std::move(implementation)) {}
ApiClient::ApiClient(ApiClient&&) noexcept = default;
ApiClient& ApiClient::operator=(ApiClient&&) noexcept = default;
ApiClient::~ApiClient() = default;

Result<ApiClient> ApiClient::connect(const GlobalOptions& options) {
    auto endpoint = find_endpoint(options);
    if (!endpoint) {
        return fail(std::move(endpoint.error()));
    }
    auto client = connect(std::move(*endpoint));
    if (client && options.verbose) {
        client->be_verbose();
    }
    return client;
}

Result<ApiClient> ApiClient::connect(Endpoint endpoint) {
    auto implementation = std::make_unique<Implementation>(std::move(endpoint));
    http::ClientOptions options;
    options.base_url = implementation->endpoint.url;
    options.tls_ca_file = implementation->endpoint.ca_file;
    auto client =
        http::Client::make(implementation->loop, implementation->blocking, std::move(options));
    if (!client) {
        return fail(std::move(client.error()));
    }
    implementation->client.emplace(std::move(*client));
    return ApiClient(std::move(implementation));
}

Result<Answer> ApiClient::call(ApiRequest request) {
    http::Headers headers = implementation_->headers_of(request);
    if (!request.body.empty()) {
        headers.set("Content-Type", "application/json");
    }
    auto task = implementation_->client->send(request.method, target_of(request),
                                              std::move(headers), std::move(request.body),
                                              implementation_->deadline_of(request));
    auto response = implementation_->finish(request, std::move(task));
    if (!response) {
        return fail(std::move(response.error()));
    }
    return Answer::read(response->status, std::move(response->body));
}

Result<Answer> ApiClient::get(std::vector<std::string> segments, Query query) {
    return call({"GET", std::move(segments), std::move(query)});
}

Result<Answer> ApiClient::upload(ApiRequest request, Source source) {
    request.method = "POST";
    request.timeout = kBulkTimeout;
    http::Headers headers = implementation_->headers_of(request);
    if (!headers.find("Content-Type")) {
        headers.set("Content-Type", std::string(kNdjson));
    }
    auto task = implementation_->client->stream(
        request.method, target_of(request), std::move(headers), [&source] { return pull(source); },
        {}, implementation_->deadline_of(request));
    auto response = implementation_->finish(request, std::move(task));
    if (!response) {
        return fail(std::move(response.error()));
    }
    return Answer::read(response->status, std::move(response->body));
}

Result<void> ApiClient::download(ApiRequest request, Sink sink) {
    request.method = "GET";
    request.timeout = kBulkTimeout;
    http::Headers headers = implementation_->headers_of(request);
    headers.set("Accept", std::string(kNdjson));
    auto task = implementation_->client->stream(
        request.method, target_of(request), std::move(headers), {},
        [&sink](std::string_view part) { return push(sink, part); },
        implementation_->deadline_of(request));
    auto response = implementation_->finish(request, std::move(task));
    if (!response) {
        return fail(std::move(response.error()));
    }
    return {};
}

void ApiClient::be_verbose() {
    implementation_->verbose = true;
}

const Endpoint& ApiClient::endpoint() const {
    return implementation_->endpoint;
}

}  // namespace pgmind::app
