#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace pgmind::integration::mcp {

/// A generation of the Model Context Protocol. With sessions, a client introduces itself once
/// (initialize) and is remembered; stateless, every request says all about itself.
enum class Era { sessions, stateless };

inline constexpr std::string_view kStatelessVersion = "2026-07-28";
inline constexpr std::string_view kSessionVersionLatest = "2025-11-25";
/// What a client of a session means that sends no MCP-Protocol-Version header: the first revision
/// over streamable HTTP did not have it.
inline constexpr std::string_view kSessionVersionAssumed = "2025-03-26";

/// The era of a protocol version that is served here; nullopt for any other text.
std::optional<Era> era_of(std::string_view version);

/// The answer to the version that initialize asks for: the same if it is served with sessions,
/// else the newest that is. Points to a literal.
std::string_view negotiate_session_version(std::string_view requested);

/// The versions that server/discover lists. Versions with sessions are not among them, since they
/// are reached through initialize only.
std::span<const std::string_view> stateless_versions();

/// JSON-RPC batches belong to one revision only.
bool allows_batches(std::string_view session_version);

/// Streams begin with an event that has an id and no data, so that a client can resume a stream
/// that broke before its first message. Older clients would take that event for a broken message.
bool primes_streams(std::string_view session_version);

}  // namespace pgmind::integration::mcp
