#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "async/workers.hpp"
#include "platform/http/server.hpp"

namespace pgmind::app {

/// What a client asked.
struct SeenRequest {
    std::string method;
    std::string target;
    http::Headers headers;
    std::string body;
};

/// A real HTTP server on a free port of loopback whose answers a test decides. Thread-safe.
class FakeServer {
  public:
    /// Answers a request: a whole response, or nullopt for one that is `held` until the client goes
    /// away (a stream that was begun and stays open).
    using Answer = std::function<std::optional<http::Response>(const SeenRequest&)>;

    explicit FakeServer(Answer answer);
    ~FakeServer();

    std::string url() const;
    std::vector<SeenRequest> seen() const;
    /// Streams that were held and whose client has gone away.
    std::size_t abandoned() const;

  private:
    static Task<void> serve(FakeServer& server, http::Exchange& exchange);

    Answer answer_;
    mutable std::mutex mutex_;
    std::vector<SeenRequest> seen_;
    std::size_t abandoned_ = 0;
    async::Workers workers_{1};
    std::unique_ptr<http::Server> server_;
};

/// A response with a JSON body.
http::Response json_response(unsigned status, std::string body);

}  // namespace pgmind::app
