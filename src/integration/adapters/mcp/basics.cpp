#include "integration/adapters/mcp/errors.hpp"
#include "integration/adapters/mcp/methods.hpp"

namespace pgmind::integration::mcp {
namespace {

constexpr std::string_view kInstructions =
    "pgmind is a memory that outlives this conversation. Before you answer a question that may "
    "have come up before, or start a task, call memory_search. When you learn something worth "
    "keeping (a fact, a decision, a preference, how a problem was solved), call memory_store with "
    "a short key that says what it is. Namespaces separate subjects; without one, \"default\" is "
    "used to store and all that you may read is searched.";

}  // namespace

const Method* find_method(std::string_view name, Era era) {
    for (const Method& method : kMethods) {
        const bool served =
            method.eras == Eras::both || (method.eras == Eras::sessions) == (era == Era::sessions);
        if (method.name == name && served) {
            return &method;
        }
    }
    return nullptr;
}

std::string server_info(const Options& options) {
    std::string info;
    json::ObjectWriter(info)
        .string("name", "pgmind")
        .string("title", "pgmind")
        .string("version", options.version)
        .string("description", "A distributed PostgreSQL memory for AI agents")
        .end();
    return info;
}

void append_introduction(ResultBody& result) {
    result.object
        .raw("capabilities", R"({"tools":{},"resources":{"subscribe":true,"listChanged":true},)"
                             R"("prompts":{},"completions":{},"logging":{}})")
        .string("instructions", kInstructions);
}

std::optional<ProtocolError> refuse_cursor(const Call& call) {
    if (call.params().find("cursor") == nullptr) {
        return std::nullopt;
    }
    return invalid_params("cursor is not one that this list gave out: it has one page");
}

Task<std::optional<ProtocolError>> ping(Call&, ResultBody&) {
    co_return std::nullopt;
}

Task<std::optional<ProtocolError>> set_log_level(Call& call, ResultBody&) {
    const json::Value* value = call.params().find("level");
    const auto level = parse_log_level(value == nullptr ? "" : json::decode_string(*value));
    if (!level) {
        co_return invalid_params(
            "level must be one of debug, info, notice, warning, error, critical, alert, "
            "emergency");
    }
    call.session()->log_level = level;
    co_return std::nullopt;
}

Task<std::optional<ProtocolError>> discover(Call&, ResultBody& result) {
    const auto versions = stateless_versions();
    result.object.strings("supportedVersions", {versions.begin(), versions.end()});
    append_introduction(result);
    co_return std::nullopt;
}

}  // namespace pgmind::integration::mcp
