#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "integration/adapters/mcp/call.hpp"
#include "integration/adapters/mcp/result_body.hpp"

namespace pgmind::integration::mcp {

/// Writes the result of a request, or says why there is none.
using Handle = Task<std::optional<ProtocolError>> (*)(Call& call, ResultBody& result);

enum class Eras { sessions, stateless, both };

/// What a stateless result says about being kept by clients and intermediaries.
enum class Cache {
    none,
    everyone,  ///< the same for all callers, for some minutes
    caller     ///< tenant data: for this caller only, stale at once
};

struct Method {
    std::string_view name;
    Eras eras;
    Cache cache;
    bool bare;  ///< the result is an empty object, without _meta
    Handle handle;
};

// basics.cpp
Task<std::optional<ProtocolError>> ping(Call& call, ResultBody& result);
Task<std::optional<ProtocolError>> set_log_level(Call& call, ResultBody& result);
Task<std::optional<ProtocolError>> discover(Call& call, ResultBody& result);
// tools.cpp
Task<std::optional<ProtocolError>> list_tools(Call& call, ResultBody& result);
Task<std::optional<ProtocolError>> call_tool(Call& call, ResultBody& result);
// resources.cpp
Task<std::optional<ProtocolError>> list_resources(Call& call, ResultBody& result);
Task<std::optional<ProtocolError>> list_resource_templates(Call& call, ResultBody& result);
Task<std::optional<ProtocolError>> read_resource(Call& call, ResultBody& result);
// subscriptions.cpp
Task<std::optional<ProtocolError>> subscribe(Call& call, ResultBody& result);
Task<std::optional<ProtocolError>> unsubscribe(Call& call, ResultBody& result);
Task<std::optional<ProtocolError>> listen_to_changes(Call& call, ResultBody& result);
// prompts.cpp
Task<std::optional<ProtocolError>> list_prompts(Call& call, ResultBody& result);
Task<std::optional<ProtocolError>> get_prompt(Call& call, ResultBody& result);
// completion.cpp
Task<std::optional<ProtocolError>> complete(Call& call, ResultBody& result);

/// Every method there is, beside initialize, which makes the session that others need.
inline constexpr std::array kMethods = {
    Method{"ping", Eras::sessions, Cache::none, true, ping},
    Method{"logging/setLevel", Eras::sessions, Cache::none, true, set_log_level},
    Method{"server/discover", Eras::stateless, Cache::everyone, false, discover},
    Method{"tools/list", Eras::both, Cache::everyone, false, list_tools},
    Method{"tools/call", Eras::both, Cache::none, false, call_tool},
    Method{"resources/list", Eras::both, Cache::caller, false, list_resources},
    Method{"resources/templates/list", Eras::both, Cache::everyone, false, list_resource_templates},
    Method{"resources/read", Eras::both, Cache::caller, false, read_resource},
    Method{"resources/subscribe", Eras::sessions, Cache::none, true, subscribe},
    Method{"resources/unsubscribe", Eras::sessions, Cache::none, true, unsubscribe},
    Method{"subscriptions/listen", Eras::stateless, Cache::none, false, listen_to_changes},
    Method{"prompts/list", Eras::both, Cache::everyone, false, list_prompts},
    Method{"prompts/get", Eras::both, Cache::none, false, get_prompt},
    Method{"completion/complete", Eras::both, Cache::none, false, complete},
};

/// nullptr when the era has no such method.
const Method* find_method(std::string_view name, Era era);

/// The members capabilities and instructions, as initialize and server/discover say them.
void append_introduction(ResultBody& result);
/// {"name": "pgmind", ...}
std::string server_info(const Options& options);

/// invalid_params when params has a cursor: for lists that have one page.
std::optional<ProtocolError> refuse_cursor(const Call& call);

}  // namespace pgmind::integration::mcp
