#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "client/endpoint.hpp"
#include "client/json_node.hpp"

namespace pgmind::app {

/// Query parameters of a request; empty values are left out.
using Query = std::vector<std::pair<std::string, std::string>>;
using RequestHeaders = std::vector<std::pair<std::string, std::string>>;

/// A call of the REST interface. `segments` are the parts of the path after /api/v1, not encoded.
/// `body` is JSON; empty: none.
struct ApiRequest {
    std::string method;
    std::vector<std::string> segments;
    Query query = {};
    RequestHeaders headers = {};
    std::string body = {};
    std::chrono::seconds timeout{30};  ///< that the server is given; at most an hour
};

/// A successful answer.
class Answer {
  public:
    /// Fails when `body` is neither empty nor JSON.
    static Result<Answer> read(unsigned status, std::string body);

    unsigned status() const { return status_; }
    /// The body as it came, for --json.
    const std::string& text() const { return *text_; }
    /// Looks into the body; valid as long as the answer is.
    const JsonNode& json() const { return json_; }

  private:
    unsigned status_ = 0;
    std::shared_ptr<const std::string> text_;
    JsonNode json_;
};

/// Speaks REST with a pgmind server, one call at a time, blocking. Problem details become Errors of
/// the matching Failure. Used by one thread.
class ApiClient {
  public:
    /// With find_endpoint(). Does not connect yet.
    static Result<ApiClient> connect(const GlobalOptions& options);
    static Result<ApiClient> connect(Endpoint endpoint);
    ApiClient(ApiClient&&) noexcept;
    ApiClient& operator=(ApiClient&&) noexcept;
    ~ApiClient();

    Result<Answer> call(ApiRequest request);
    Result<Answer> get(std::vector<std::string> segments, Query query);

    /// Gives the next part of an upload; empty at its end.
    using Source = std::function<Result<std::string>()>;
    /// Takes the next part of a download.
    using Sink = std::function<Result<void>(std::string_view)>;
    /// Sends what `source` gives as the body of a POST, NDJSON unless the headers say otherwise,
    /// for at most an hour. An error of the source ends it and is given back.
    Result<Answer> upload(ApiRequest request, Source source);
    /// A GET whose body goes to `sink` part by part, for at most an hour. An error of the sink ends
    /// it and is given back.
    Result<void> download(ApiRequest request, Sink sink);

    /// Prints a line for each call on standard error: what was asked, the answer's status and the
    /// request's id (for `pgmind trace`).
    void be_verbose();

    const Endpoint& endpoint() const;

  private:
    struct Implementation;
    explicit ApiClient(std::unique_ptr<Implementation> implementation);
    std::unique_ptr<Implementation> implementation_;
};

}  // namespace pgmind::app
