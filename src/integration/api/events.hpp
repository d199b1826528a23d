#pragma once

#include <string>

#include "base/domain_event.hpp"

namespace pgmind::integration {

struct McpRequestReceived {
    static constexpr std::string_view name = "McpRequestReceived";
    static constexpr std::string_view context = "integration";
    std::string method;
    std::string tool;
    EventAttributes attributes() const { return {{"method", method}, {"tool", tool}}; }
};

struct McpResponseSent {
    static constexpr std::string_view name = "McpResponseSent";
    static constexpr std::string_view context = "integration";
    std::string outcome;  ///< "ok" or the failure's name
    EventAttributes attributes() const { return {{"outcome", outcome}}; }
};

struct ApiEndpointCalled {
    static constexpr std::string_view name = "ApiEndpointCalled";
    static constexpr std::string_view context = "integration";
    std::string endpoint;
    unsigned status = 0;
    EventAttributes attributes() const {
        return {{"endpoint", endpoint}, {"status", std::to_string(status)}};
    }
};

}  // namespace pgmind::integration
