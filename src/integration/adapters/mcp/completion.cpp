#include <utility>

#include "integration/adapters/mcp/access.hpp"
#include "integration/adapters/mcp/catalog.hpp"
#include "integration/adapters/mcp/errors.hpp"
#include "integration/adapters/mcp/methods.hpp"
#include "integration/domain/resource_uri.hpp"

namespace pgmind::integration::mcp {
namespace {

using security::Action;

constexpr std::size_t kValuesMax = 100;

/// What the client wants completed.
struct Question {
    std::string argument;
    std::string value;
    std::string namespace_name;  ///< of context.arguments
};

struct Suggestions {
    std::vector<std::string> values;
    bool more = false;
};

std::string text_member(const json::Object& object, std::string_view name) {
    const json::Value* value = object.find(name);
    return value == nullptr ? "" : json::decode_string(*value);
}

std::string context_namespace(const json::Object& params) {
    const json::Value* context = params.find("context");
    if (context == nullptr) {
        return "";
    }
    const auto members = json::Object::of(*context, "context");
    const json::Value* arguments = members ? members->find("arguments") : nullptr;
    if (arguments == nullptr) {
        return "";
    }
    const auto values = json::Object::of(*arguments, "context.arguments");
    return values ? text_member(*values, "namespace") : "";
}

// True when the reference names a prompt or a template that there is.
bool is_known(const Catalog& catalog, const json::Object& reference) {
    const std::string type = text_member(reference, "type");
    if (type == "ref/resource") {
        const std::string uri = text_member(reference, "uri");
        return uri == kEntryTemplate || uri == kNamespaceTemplate ||
               catalog.fixture_templates.find(uri) != std::string::npos;
    }
    const std::string name = text_member(reference, "name");
    for (const Prompt* prompt : catalog.prompts) {
        if (type == "ref/prompt" && prompt->name == name) {
            return true;
        }
    }
    return false;
}

tl::expected<Question, ProtocolError> read_question(const Call& call) {
    const json::Object& params = call.params();
    const json::Value* reference = params.find("ref");
    const json::Value* argument = params.find("argument");
    const auto refuse = [](std::string why) {
        return tl::unexpected<ProtocolError>(invalid_params(std::move(why)));
    };
    if (reference == nullptr || reference->kind() != json::Kind::object || argument == nullptr ||
        argument->kind() != json::Kind::object) {
        return refuse("ref and argument must be objects");
    }
    if (!is_known(call.services().catalog, json::Object::of(*reference, "ref").value())) {
        return refuse("ref names no prompt and no resource template of this server");
    }
    const json::Object members = json::Object::of(*argument, "argument").value();
    Question question;
    question.argument = text_member(members, "name");
    question.value = text_member(members, "value");
    question.namespace_name = context_namespace(params);
    return question;
}

Task<Result<Suggestions>> suggest_namespaces(Call& call, std::string prefix,
                                             memory::NamespaceAccess access) {
    memory::NamespaceListRequest query;
    query.name_prefix = std::move(prefix);
    query.access = std::move(access);
    query.limit = kValuesMax;
    const auto page =
        co_await call.services().memory.list_namespaces(call.context(), std::move(query));
    if (!page) {
        co_return fail(page.error());
    }
    Suggestions suggestions;
    for (const memory::Namespace& found : page->namespaces) {
        // A name may be there in both databases.
        if (suggestions.values.empty() || suggestions.values.back() != found.name) {
            suggestions.values.push_back(found.name);
        }
    }
    suggestions.more = !page->next_cursor.empty();
    co_return suggestions;
}

Task<Result<Suggestions>> suggest_keys(Call& call, Question question) {
    memory::ListRequest query;
    query.scope = memory::Scope::both;
    query.namespace_name = std::move(question.namespace_name);
    query.key_prefix = std::move(question.value);
    query.limit = kValuesMax;
    const auto page = co_await call.services().memory.list(call.context(), std::move(query));
    if (!page) {
        co_return fail(page.error());
    }
    Suggestions suggestions;
    for (const memory::Entry& entry : page->entries) {
        suggestions.values.push_back(entry.key);
    }
    suggestions.more = !page->next_cursor.empty();
    co_return suggestions;
}

void write_suggestions(ResultBody& result, const Suggestions& suggestions) {
    result.object.name("completion");
    json::ObjectWriter(result.text)
        .strings("values", suggestions.values)
        .boolean("hasMore", suggestions.more)
        .end();
}

}  // namespace

Task<std::optional<ProtocolError>> complete(Call& call, ResultBody& result) {
    const auto question = read_question(call);
    if (!question) {
        co_return question.error();
    }
    const bool wants_namespace = question->argument == "namespace";
    const bool wants_key = question->argument == "key" && !question->namespace_name.empty();
    if (!wants_namespace && !wants_key) {
        write_suggestions(result, {});
        co_return std::nullopt;
    }
    const Permission permission = wants_key ? Permission::in_namespace(Action::read)
                                            : Permission::in_namespaces(Action::read);
    std::vector<std::string> namespaces;
    if (wants_key) {
        namespaces.push_back(question->namespace_name);
    }
    const auto admission = co_await admit(call, permission, std::move(namespaces));
    if (!admission) {
        co_return admission.error();
    }
    Question wanted = *question;
    memory::NamespaceAccess access = admission->access;
    Task<Result<Suggestions>> task =
        wants_key ? suggest_keys(call, std::move(wanted))
                  : suggest_namespaces(call, std::move(wanted.value), std::move(access));
    const auto suggestions = co_await std::move(task);
    call.outcome = suggestions ? "ok" : name_of(suggestions.error().failure());
    auto unrecorded = co_await record(call, *admission, call.outcome);
    if (unrecorded) {
        co_return unrecorded;
    }
    if (!suggestions) {
        co_return to_protocol_error(suggestions.error());
    }
    write_suggestions(result, *suggestions);
    co_return std::nullopt;
}

}  // namespace pgmind::integration::mcp
