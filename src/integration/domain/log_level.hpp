#pragma once

#include <optional>
#include <string_view>

namespace pgmind::integration::mcp {

/// Severities of log messages to clients, least first (RFC 5424).
enum class LogLevel { debug, info, notice, warning, error, critical, alert, emergency };

std::string_view text_of(LogLevel level);
std::optional<LogLevel> parse_log_level(std::string_view text);

}  // namespace pgmind::integration::mcp
