#include <utility>

#include "integration/adapters/mcp/access.hpp"
#include "integration/adapters/mcp/catalog.hpp"
#include "integration/adapters/mcp/errors.hpp"
#include "integration/adapters/mcp/memory_tools.hpp"
#include "integration/adapters/mcp/methods.hpp"

namespace pgmind::integration::mcp {
namespace {

constexpr std::size_t kContentBytesMax = 8 * 1024 * 1024;

void append_text_content(ResultBody& result, std::string_view text) {
    result.object.name("content");
    result.text += R"([{"type":"text","text":)";
    json::append_string(result.text, text);
    result.text += "}]";
}

// The structure for programs, and the same JSON as text for those that know only text.
void write_content(ResultBody& result, const std::string& content) {
    append_text_content(result, content);
    result.object.raw("structuredContent", content).boolean("isError", false);
}

void write_error(ResultBody& result, const Error& error) {
    append_text_content(result, describe(error));
    result.object.boolean("isError", true);
    std::string details;
    json::ObjectWriter object(details);
    object.string("failure", name_of(error.failure()));
    if (!error.field.empty()) {
        object.string("field", error.field);
    }
    object.end();
    result.meta.raw("io.pgmind/error", details);
}

// The namespaces that permission is asked for, from arguments that fit their schema.
std::vector<std::string> namespaces_of(Permission permission, const json::Object& arguments) {
    if (permission.subject() == Permission::Subject::one_thing) {
        return {};
    }
    if (const json::Value* one = arguments.find("namespace")) {
        return {json::decode_string(*one)};
    }
    std::vector<std::string> names;
    if (const json::Value* several = arguments.find("namespaces")) {
        for (const json::Value& name : json::elements(*several)) {
            names.push_back(json::decode_string(name));
        }
    } else if (permission.subject() == Permission::Subject::one_namespace) {
        names.emplace_back(kDefaultNamespace);
    }
    return names;
}

Result<ToolReply> within_size(Result<ToolReply> reply) {
    if (reply && reply->content.size() > kContentBytesMax) {
        return fail(
            invalid_argument("limit", "the answer has " + std::to_string(reply->content.size()) +
                                          " bytes, more than " + std::to_string(kContentBytesMax) +
                                          ": ask for fewer entries"));
    }
    return reply;
}

Task<std::optional<ProtocolError>> run_tool(Call& call, const Tool& tool,
                                            const json::Object& arguments, ResultBody& result) {
    std::vector<std::string> namespaces = namespaces_of(tool.permission, arguments);
    const bool named = !namespaces.empty();
    auto admission = co_await admit(call, tool.permission, std::move(namespaces));
    if (!admission) {
        co_return admission.error();
    }
    ToolCall tool_call{call, arguments, *admission};
    auto done = co_await tool.handle(tool_call);
    Result<ToolReply> reply = within_size(std::move(done));
    if (reply && !named) {
        admission->narrow_to(std::move(reply->seen));
    }
    call.outcome = reply ? reply->outcome : name_of(reply.error().failure());
    auto unrecorded = co_await record(call, *admission, call.outcome);
    if (unrecorded) {
        co_return unrecorded;
    }
    if (reply) {
        write_content(result, reply->content);
    } else {
        write_error(result, reply.error());
    }
    co_return std::nullopt;
}

}  // namespace

Task<std::optional<ProtocolError>> list_tools(Call& call, ResultBody& result) {
    if (auto error = refuse_cursor(call)) {
        co_return error;
    }
    result.object.raw("tools", call.services().catalog.tools.listing());
    co_return std::nullopt;
}

Task<std::optional<ProtocolError>> call_tool(Call& call, ResultBody& result) {
    if (!call.message().has_name) {
        co_return invalid_params("name must be a string: the tool's name");
    }
    const ToolRegistry::Entry* entry = call.services().catalog.tools.find(call.message().name);
    if (entry == nullptr) {
        co_return invalid_params("there is no tool of that name: see tools/list");
    }
    const json::Value none = json::parse("{}", json::ReadLimits{}).value();
    const json::Value* given = call.params().find("arguments");
    const json::Value& value = given == nullptr ? none : *given;
    const auto checked = entry->input.check(value, "");
    if (!checked) {
        call.outcome = name_of(checked.error().failure());
        write_error(result, checked.error());
        co_return std::nullopt;
    }
    const json::Object arguments = json::Object::of(value, "").value();
    if (entry->tool->handle_raw != nullptr) {
        auto error = co_await entry->tool->handle_raw(call, arguments, result);
        co_return error;
    }
    auto error = co_await run_tool(call, *entry->tool, arguments, result);
    co_return error;
}

}  // namespace pgmind::integration::mcp
