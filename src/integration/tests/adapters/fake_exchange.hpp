#pragma once

#include <deque>
#include <optional>
#include <string>
#include <utility>

#include "platform/http/errors.hpp"
#include "platform/http/server.hpp"
#include "platform/json/value.hpp"

namespace pgmind::integration::testing {

/// One request and its answer, without a network.
class FakeExchange final : public http::Exchange {
  public:
    http::RequestHead request;
    std::deque<std::string> chunks;   ///< the body, as it arrives
    std::optional<Error> read_error;  ///< after the chunks
    std::optional<Error> write_error;
    bool is_draining = false;

    http::Response response;  ///< what was sent; of a stream the body is all that was written
    bool streamed = false;
    bool finished = false;
    int answers = 0;

    const http::RequestHead& head() const override { return request; }

    Task<Result<std::string>> read_body(std::size_t bytes_max) override {
        std::string body;
        for (const std::string& chunk : chunks) {
            body += chunk;
        }
        if (read_error) {
            co_return fail(*read_error);
        }
        if (body.size() > bytes_max) {
            co_return fail(json::JsonErrc::too_large, "the body is too large");
        }
        co_return body;
    }
    Task<Result<std::optional<std::string>>> read_chunk() override {
        if (chunks.empty()) {
            if (read_error) {
                co_return fail(*read_error);
            }
            co_return std::nullopt;
        }
        std::string chunk = std::move(chunks.front());
        chunks.pop_front();
        co_return std::optional<std::string>(std::move(chunk));
    }
    Task<Result<void>> respond(http::Response answer) override {
        ++answers;
        response = std::move(answer);
        finished = true;
        co_return Result<void>();
    }
    Task<Result<void>> start(unsigned status, http::Headers headers) override {
        ++answers;
        streamed = true;
        response.status = status;
        response.headers = std::move(headers);
        co_return Result<void>();
    }
    Task<Result<void>> write(std::string_view chunk) override {
        if (write_error) {
            co_return fail(*write_error);
        }
        response.body += chunk;
        co_return Result<void>();
    }
    Task<Result<void>> finish() override {
        finished = true;
        co_return Result<void>();
    }
    bool started() const override { return answers > 0; }
    void notify_disconnect(std::function<void()>) override {}
    bool draining() const override { return is_draining; }
};

}  // namespace pgmind::integration::testing
