#pragma once

#include "integration/adapters/mcp/tool.hpp"

namespace pgmind::integration::mcp {

/// Used where a call names no namespace and means exactly one.
inline constexpr std::string_view kDefaultNamespace = "default";

// entry_tools.cpp
Task<Result<ToolReply>> memory_store(ToolCall tool);
Task<Result<ToolReply>> memory_retrieve(ToolCall tool);
Task<Result<ToolReply>> memory_delete(ToolCall tool);
Task<Result<ToolReply>> memory_list(ToolCall tool);
// search_tools.cpp
Task<Result<ToolReply>> memory_search(ToolCall tool);
Task<Result<ToolReply>> search_similar(ToolCall tool);
// namespace_tools.cpp
Task<Result<ToolReply>> memory_stats(ToolCall tool);
Task<Result<ToolReply>> namespace_list(ToolCall tool);
Task<Result<ToolReply>> namespace_create(ToolCall tool);
Task<Result<ToolReply>> cluster_status(ToolCall tool);
Task<Result<ToolReply>> cluster_health(ToolCall tool);

}  // namespace pgmind::integration::mcp
