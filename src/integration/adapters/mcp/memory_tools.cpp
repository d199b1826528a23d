#include "integration/adapters/mcp/memory_tools.hpp"

#include <array>

#include "base/embedded_file.hpp"

namespace pgmind {
std::span<const EmbeddedFile> embedded_mcp_tool_schemas();
}

namespace pgmind::integration::mcp {
namespace {

using security::Action;
using security::ResourceType;

/// Every tool there is. Names follow those that agents know from other memories.
constexpr std::array kTools = {
    Tool{"memory_store", "Store in memory",
         "Remember something across conversations: a fact, a decision, a preference, a lesson. "
         "Choose a key that says what it is; storing under the same key replaces the entry "
         "(upsert: false refuses instead). Without namespace it goes to \"default\". When this "
         "returns, it is stored for good, or until ttl seconds have passed.",
         ToolEffect::replaces, Permission::in_namespace(Action::write), memory_store},
    Tool{"memory_retrieve", "Retrieve from memory",
         "Get one entry whose key you know. found is false when there is none; then try "
         "memory_search. Without namespace it looks in \"default\".",
         ToolEffect::reads, Permission::in_namespace(Action::read), memory_retrieve},
    Tool{"memory_search", "Search memory",
         "Find entries by what they say. Use it before answering from scratch, and whenever the "
         "user refers to something earlier. query is plain words; hits come best first. Without "
         "namespace it searches all that you may read. Gives 10 hits unless limit says otherwise; "
         "a note tells when only words, not meaning, could be compared.",
         ToolEffect::reads, Permission::in_namespaces(Action::read), memory_search},
    Tool{"search_similar", "Search by embedding",
         "Find the entries whose embeddings are nearest to a vector that you have. For text, use "
         "memory_search.",
         ToolEffect::reads, Permission::in_namespaces(Action::read), search_similar},
    Tool{"memory_delete", "Delete from memory",
         "Forget one entry for good. Without namespace it means one in \"default\". deleted is "
         "false when there was none.",
         ToolEffect::destroys, Permission::in_namespace(Action::remove), memory_delete},
    Tool{"memory_list", "List memory",
         "List the entries of one namespace (\"default\" unless you name another) by key or time: "
         "to see what is there, or the newest with order \"-updated_at\". Values are left out "
         "unless with_values is true. To find something by content, use memory_search.",
         ToolEffect::reads, Permission::in_namespace(Action::read), memory_list},
    Tool{"memory_stats", "Memory statistics",
         "Count entries and bytes: of one namespace, or of each that you may read (at most 50).",
         ToolEffect::reads, Permission::in_namespaces(Action::read), memory_stats},
    Tool{"namespace_list", "List namespaces",
         "List the namespaces that you may read, to learn where things are kept.",
         ToolEffect::reads, Permission::in_namespaces(Action::read), namespace_list},
    Tool{"namespace_create", "Create a namespace",
         "Make a namespace with settings of its own. Not needed for plain storing: memory_store "
         "makes a namespace by itself.",
         ToolEffect::adds, Permission::in_namespace(Action::write, ResourceType::namespaces),
         namespace_create},
    Tool{"cluster_status", "Cluster status",
         "Details of the database cluster behind this memory: nodes, versions, sizes, lag. For "
         "operators; not needed to use the memory.",
         ToolEffect::reads, Permission::to(Action::read, ResourceType::cluster), cluster_status},
    Tool{"cluster_health", "Cluster health", "Whether the memory can serve now, and if not, why.",
         ToolEffect::reads, Permission::to(Action::read, ResourceType::cluster), cluster_health},
};

}  // namespace

ToolTable memory_tools() {
    return {kTools, embedded_mcp_tool_schemas().front().content};
}

}  // namespace pgmind::integration::mcp
