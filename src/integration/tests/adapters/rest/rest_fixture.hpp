#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "../fake_cluster.hpp"
#include "../fake_exchange.hpp"
#include "../fake_memory.hpp"
#include "../fake_security.hpp"
#include "integration/adapters/rest/rest_handler.hpp"
#include "platform/http/target.hpp"
#include "platform/json/value.hpp"

namespace pgmind::integration::testing {

using HeaderList = std::vector<std::pair<std::string, std::string>>;

/// The REST handler over fakes. Callers: "admin", "agent" (mcp_user on agent-*), "reader"
/// (readonly on notes), "auditor"; the key is the name.
class RestTest : public ::testing::Test {
  protected:
    RestTest() : traces_(TraceLimits()) {
        using security::Role;
        security_.add("admin", "admin", {{Role::admin, "*", false}});
        security_.add("agent", "agent", {{Role::mcp_user, "agent-*", false}});
        security_.add("reader", "reader", {{Role::readonly, "notes", false}});
        security_.add("auditor", "auditor", {{Role::auditor, "*", false}});
        options_.version = "1.2.3";
    }

    struct Answer {
        unsigned status = 0;
        http::Headers headers;
        std::string body;
        bool streamed = false;
        bool finished = false;

        std::string header(std::string_view name) const {
            return std::string(headers.find(name).value_or(""));
        }
        /// Text of a member of the body, by its path from the top; empty when it is not there.
        std::string at(std::initializer_list<std::string_view> path) const {
            auto value = json::parse(body, json::ReadLimits());
            for (const std::string_view name : path) {
                if (!value) {
                    return "";
                }
                const auto object = json::Object::of(*value, "");
                const json::Value* member = object ? object->find(name) : nullptr;
                if (member == nullptr) {
                    return "";
                }
                value = *member;
            }
            if (!value) {
                return "";
            }
            return value->kind() == json::Kind::string ? json::decode_string(*value)
                                                       : std::string(value->text());
        }
    };

    http::Handler& handler() {
        if (!handler_) {
            handler_ = make_rest_handler(RestDependencies{
                memory_, intelligence_, cluster_, security_, bus_, metrics_, traces_, options_});
        }
        return handler_;
    }

    /// Sends a request as "admin" unless `headers` hold an Authorization; a body is JSON unless
    /// they hold a Content-Type.
    Answer send(std::string method, std::string target, HeaderList headers = {},
                std::string body = "") {
        FakeExchange exchange;
        exchange.request.method = std::move(method);
        exchange.request.target = target;
        exchange.request.remote_address = remote_address_;
        for (auto& [name, value] : headers) {
            exchange.request.headers.add(name, value);
        }
        set_default(exchange, "Host", "127.0.0.1:7432");
        set_default(exchange, "Authorization", "Bearer admin");
        if (!body.empty()) {
            set_default(exchange, "Content-Type", "application/json");
            exchange.chunks.push_back(std::move(body));
        }
        const auto parsed = http::parse_target(target, exchange.request);
        EXPECT_TRUE(parsed) << target;
        return run(exchange);
    }

    Answer run(FakeExchange& exchange) {
        boost::asio::io_context loop;
        async::run_blocking_loop<void>(loop, handler()(exchange));
        EXPECT_EQ(exchange.answers, 1);
        Answer answer{exchange.response.status, exchange.response.headers, exchange.response.body,
                      exchange.streamed, exchange.finished};
        EXPECT_FALSE(answer.header("X-Request-Id").empty());
        EXPECT_EQ(answer.header("X-Content-Type-Options"), "nosniff");
        EXPECT_FALSE(answer.header("Cache-Control").empty());
        EXPECT_EQ(answer.header("Strict-Transport-Security").empty(), !exchange.request.secure);
        if (answer.status >= 400) {
            EXPECT_EQ(answer.header("Content-Type"), "application/problem+json");
            EXPECT_EQ(answer.at({"status"}), std::to_string(answer.status));
            EXPECT_EQ(answer.at({"request_id"}), answer.header("X-Request-Id"));
            EXPECT_TRUE(answer.at({"type"}).starts_with("urn:pgmind:problem:")) << answer.body;
            EXPECT_FALSE(answer.at({"title"}).empty());
        }
        return answer;
    }

    /// The request fails with the status and names the field.
    void expect_problem(const Answer& answer, unsigned status, std::string_view name,
                        std::string_view field) {
        EXPECT_EQ(answer.status, status) << answer.body;
        EXPECT_EQ(answer.at({"type"}), "urn:pgmind:problem:" + std::string(name));
        EXPECT_EQ(answer.at({"field"}), field) << answer.body;
    }

    std::string last_outcome() const {
        return security_.records.empty() ? "" : security_.records.back().outcome;
    }

    FakeMemory memory_;
    FakeIntelligence intelligence_;
    FakeCluster cluster_;
    FakeSecurity security_;
    TraceStore traces_;
    async::EventBus bus_;
    metrics::Registry metrics_;
    RestOptions options_;
    std::string remote_address_ = "127.0.0.1";

  private:
    static void set_default(FakeExchange& exchange, std::string name, std::string value) {
        if (!exchange.request.headers.find(name)) {
            exchange.request.headers.add(std::move(name), std::move(value));
        }
    }
    http::Handler handler_;
};

}  // namespace pgmind::integration::testing
