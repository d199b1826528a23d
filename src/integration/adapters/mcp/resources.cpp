#include <utility>

#include "integration/adapters/json_mapping.hpp"
#include "integration/adapters/mcp/access.hpp"
#include "integration/adapters/mcp/catalog.hpp"
#include "integration/adapters/mcp/errors.hpp"
#include "integration/adapters/mcp/methods.hpp"
#include "integration/domain/resource_uri.hpp"
#include "platform/crypto/crypto.hpp"

namespace pgmind::integration::mcp {
namespace {

using security::Action;
using security::ResourceType;

constexpr std::size_t kNamespacesPerPage = 100;
constexpr std::string_view kJson = "application/json";

void append_resource(std::string& out, std::string_view uri, std::string_view name,
                     std::string_view description, std::string_view mime_type) {
    out += out.ends_with('[') ? "" : ",";
    json::ObjectWriter(out)
        .string("uri", uri)
        .string("name", name)
        .string("description", description)
        .string("mimeType", mime_type)
        .end();
}

void append_fixed_resources(std::string& out, const Catalog& catalog) {
    append_resource(out, kNamespacesUri, "namespaces", "The namespaces that you may read", kJson);
    append_resource(out, kClusterStatusUri, "cluster status",
                    "Nodes, versions and health of the cluster", kJson);
    for (const FixtureResource& fixture : catalog.fixture_resources) {
        append_resource(out, fixture.uri, fixture.name, fixture.description, fixture.mime_type);
    }
}

ProtocolError not_found(const Call& call, std::string_view uri) {
    const int error_code =
        call.era() == Era::stateless ? code::invalid_params : code::resource_not_found;
    ProtocolError error{error_code, "there is no such resource"};
    error.data = UriData{std::string(uri)};
    error.outcome = name_of(Failure::not_found);
    return error;
}

// Opaque to clients: memory's own cursor, marked as one of resources/list.
constexpr std::string_view kCursorMark = "resources:";

std::string to_list_cursor(const std::string& memory_cursor) {
    return crypto::to_base64url(std::string(kCursorMark) + memory_cursor);
}

std::optional<std::string> from_list_cursor(std::string_view text) {
    auto decoded = crypto::from_base64url(text);
    if (!decoded || !decoded->starts_with(kCursorMark)) {
        return std::nullopt;
    }
    return decoded->substr(kCursorMark.size());
}

/// A use case behind a resource: what it needs, and how its text comes about.
struct Reading {
    Permission permission;
    std::vector<std::string> namespaces;
};

Reading reading_of(const ResourceAddress& address) {
    if (const auto* entry = std::get_if<EntryResource>(&address)) {
        return {Permission::in_namespace(Action::read), {entry->namespace_name}};
    }
    if (const auto* whole = std::get_if<NamespaceResource>(&address)) {
        return {Permission::in_namespace(Action::read), {whole->namespace_name}};
    }
    if (std::holds_alternative<NamespacesResource>(address)) {
        return {Permission::in_namespaces(Action::read), {}};
    }
    return {Permission::to(Action::read, ResourceType::cluster), {}};
}

Task<Result<std::string>> read_entry(Call& call, EntryResource address) {
    memory::EntryAddress target;
    target.scope = memory::Scope::both;
    target.namespace_name = std::move(address.namespace_name);
    target.key = std::move(address.key);
    const auto entry =
        co_await call.services().memory.retrieve(call.context(), std::move(target), false);
    if (!entry) {
        co_return fail(entry.error());
    }
    std::string text;
    append_entry(text, *entry);
    co_return text;
}

Task<Result<std::string>> read_namespace(Call& call, std::string name) {
    const auto statistics = co_await call.services().memory.namespace_statistics(
        call.context(), memory::Scope::project, std::move(name));
    if (!statistics) {
        co_return fail(statistics.error());
    }
    std::string text;
    append_namespace_statistics(text, *statistics);
    co_return text;
}

Task<Result<std::string>> read_namespaces(Call& call, memory::NamespaceAccess access) {
    memory::NamespaceListRequest query;
    query.access = std::move(access);
    query.limit = memory::Limits::results_max;
    const auto page =
        co_await call.services().memory.list_namespaces(call.context(), std::move(query));
    if (!page) {
        co_return fail(page.error());
    }
    std::string text;
    append_namespace_page(text, *page);
    co_return text;
}

Task<Result<std::string>> read_text(Call& call, ResourceAddress address,
                                    memory::NamespaceAccess access) {
    if (auto* entry = std::get_if<EntryResource>(&address)) {
        auto text = co_await read_entry(call, std::move(*entry));
        co_return text;
    }
    if (auto* whole = std::get_if<NamespaceResource>(&address)) {
        auto text = co_await read_namespace(call, std::move(whole->namespace_name));
        co_return text;
    }
    if (std::holds_alternative<NamespacesResource>(address)) {
        auto text = co_await read_namespaces(call, std::move(access));
        co_return text;
    }
    std::string text;
    append_cluster_status(text, call.services().cluster.status(), nullptr);
    co_return text;
}

void write_contents(ResultBody& result, std::string_view contents) {
    result.object.raw("contents", "[" + std::string(contents) + "]");
}

}  // namespace

Task<std::optional<ProtocolError>> list_resources(Call& call, ResultBody& result) {
    memory::NamespaceListRequest query;
    query.limit = kNamespacesPerPage;
    const json::Value* cursor = call.params().find("cursor");
    if (cursor != nullptr) {
        const auto decoded = from_list_cursor(json::decode_string(*cursor));
        if (!decoded) {
            co_return invalid_params("cursor is not one that this list gave out");
        }
        query.cursor = *decoded;
    }
    std::vector<std::string> all;
    const auto admission =
        co_await admit(call, Permission::in_namespaces(Action::read), std::move(all));
    if (!admission) {
        co_return admission.error();
    }
    query.access = admission->access;
    const auto page =
        co_await call.services().memory.list_namespaces(call.context(), std::move(query));
    call.outcome = page ? "ok" : name_of(page.error().failure());
    auto unrecorded = co_await record(call, *admission, call.outcome);
    if (unrecorded) {
        co_return unrecorded;
    }
    if (!page) {
        co_return to_protocol_error(page.error());
    }
    std::string resources = "[";
    if (cursor == nullptr) {
        append_fixed_resources(resources, call.services().catalog);
    }
    for (const memory::Namespace& found : page->namespaces) {
        append_resource(resources, format_resource_uri(NamespaceResource{found.name}), found.name,
                        "Statistics of the namespace " + found.name, kJson);
    }
    result.object.raw("resources", resources + "]");
    if (!page->next_cursor.empty()) {
        result.object.string("nextCursor", to_list_cursor(page->next_cursor));
    }
    co_return std::nullopt;
}

Task<std::optional<ProtocolError>> list_resource_templates(Call& call, ResultBody& result) {
    if (auto error = refuse_cursor(call)) {
        co_return error;
    }
    result.object.name("resourceTemplates");
    result.text += '[';
    json::ObjectWriter(result.text)
        .string("uriTemplate", kEntryTemplate)
        .string("name", "entry")
        .string("description", "One entry of memory, with its metadata and version")
        .string("mimeType", kJson)
        .end();
    result.text += ',';
    json::ObjectWriter(result.text)
        .string("uriTemplate", kNamespaceTemplate)
        .string("name", "namespace")
        .string("description", "Settings and statistics of a namespace")
        .string("mimeType", kJson)
        .end();
    result.text += call.services().catalog.fixture_templates + "]";
    co_return std::nullopt;
}

Task<std::optional<ProtocolError>> read_resource(Call& call, ResultBody& result) {
    if (!call.message().has_name) {
        co_return invalid_params("uri must be a string");
    }
    const std::string uri = call.message().name;
    const Catalog& catalog = call.services().catalog;
    if (catalog.read_fixture != nullptr) {
        if (const auto contents = catalog.read_fixture(uri)) {
            write_contents(result, *contents);
            co_return std::nullopt;
        }
    }
    auto address = parse_resource_uri(uri);
    if (!address) {
        call.outcome = name_of(Failure::not_found);
        co_return not_found(call, uri);
    }
    Reading reading = reading_of(*address);
    const auto admission = co_await admit(call, reading.permission, std::move(reading.namespaces));
    if (!admission) {
        co_return admission.error();
    }
    memory::NamespaceAccess access = admission->access;
    const auto text = co_await read_text(call, std::move(*address), std::move(access));
    call.outcome = text ? "ok" : name_of(text.error().failure());
    auto unrecorded = co_await record(call, *admission, call.outcome);
    if (unrecorded) {
        co_return unrecorded;
    }
    if (!text && text.error().is(Failure::not_found)) {
        co_return not_found(call, uri);
    }
    if (!text) {
        co_return to_protocol_error(text.error());
    }
    std::string contents;
    json::ObjectWriter(contents)
        .string("uri", uri)
        .string("mimeType", kJson)
        .string("text", *text)
        .end();
    write_contents(result, contents);
    co_return std::nullopt;
}

}  // namespace pgmind::integration::mcp
