#include <utility>

#include "integration/adapters/mcp/access.hpp"
#include "integration/adapters/mcp/catalog.hpp"
#include "integration/adapters/mcp/change_hub.hpp"
#include "integration/adapters/mcp/errors.hpp"
#include "integration/adapters/mcp/methods.hpp"
#include "integration/domain/resource_uri.hpp"

namespace pgmind::integration::mcp {
namespace {

using security::Action;

constexpr std::string_view kSubscriptionId = "io.modelcontextprotocol/subscriptionId";

std::optional<std::string> namespace_of(const ResourceAddress& address) {
    if (const auto* entry = std::get_if<EntryResource>(&address)) {
        return entry->namespace_name;
    }
    if (const auto* whole = std::get_if<NamespaceResource>(&address)) {
        return whole->namespace_name;
    }
    return std::nullopt;
}

std::string uri_params(const std::string& uri, const std::string& meta) {
    std::string params;
    json::ObjectWriter object(params);
    object.string("uri", uri);
    if (!meta.empty()) {
        object.raw("_meta", meta);
    }
    object.end();
    return params;
}

/// What a stateless client asked to be told.
struct Wishes {
    bool list_changes = false;
    std::vector<std::string> uris;        ///< as the client wrote them
    std::vector<std::string> namespaces;  ///< of those that are driven by changes
};

/// An open subscriptions/listen stream.
class ListenStream final : public ChangeListener {
  public:
    ListenStream(Call& call, bool list_changes) : call_(call), list_changes_(list_changes) {
        json::ObjectWriter(meta_).raw(kSubscriptionId, call.message().id).end();
    }

    security::PrincipalSnapshot listener() const override { return call_.principal(); }
    void resource_changed(const std::string& uri) override {
        call_.notify("notifications/resources/updated", uri_params(uri, meta_));
    }
    void resources_added() override {
        if (list_changes_) {
            call_.notify("notifications/resources/list_changed", meta_params());
        }
    }

    void acknowledge(const Wishes& wishes) {
        std::string params;
        json::ObjectWriter object(params);
        object.raw("_meta", meta_).name("notifications");
        json::ObjectWriter honored(params);
        if (wishes.list_changes) {
            honored.boolean("resourcesListChanged", true);
        }
        if (!wishes.uris.empty()) {
            honored.strings("resourceSubscriptions", wishes.uris);
        }
        honored.end();
        object.end();
        call_.notify("notifications/subscriptions/acknowledged", params);
    }

  private:
    std::string meta_params() const {
        std::string params;
        json::ObjectWriter(params).raw("_meta", meta_).end();
        return params;
    }

    Call& call_;  // outlives this: listen_to_changes() holds both
    bool list_changes_;
    std::string meta_;
};

tl::expected<Wishes, ProtocolError> read_wishes(const json::Object& params) {
    const auto refuse = [](std::string why) {
        return tl::unexpected<ProtocolError>(invalid_params(std::move(why)));
    };
    const json::Value* value = params.find("notifications");
    if (value == nullptr || value->kind() != json::Kind::object) {
        return refuse("notifications must be an object");
    }
    const json::Object filter = json::Object::of(*value, "notifications").value();
    Wishes wishes;
    if (const json::Value* flag = filter.find("resourcesListChanged")) {
        wishes.list_changes = flag->text() == "true";
    }
    const json::Value* uris = filter.find("resourceSubscriptions");
    const std::vector<json::Value> elements =
        uris == nullptr ? std::vector<json::Value>() : json::elements(*uris);
    if (elements.size() > Session::kWatchedUrisMax) {
        return refuse("notifications.resourceSubscriptions must have at most " +
                      std::to_string(Session::kWatchedUrisMax) + " elements");
    }
    for (const json::Value& element : elements) {
        std::string uri = json::decode_string(element);
        const auto address = parse_resource_uri(uri);
        const auto name = address ? namespace_of(*address) : std::nullopt;
        if (name) {
            wishes.uris.push_back(std::move(uri));
            wishes.namespaces.push_back(*name);
        }
    }
    return wishes;
}

ProtocolError unknown_resource(std::string uri) {
    ProtocolError error{code::resource_not_found, "there is no such resource to subscribe to"};
    error.data = UriData{std::move(uri)};
    error.outcome = name_of(Failure::not_found);
    return error;
}

std::string uri_of(const Call& call) {
    const json::Value* uri = call.params().find("uri");
    return uri == nullptr ? "" : json::decode_string(*uri);
}

bool is_fixture(const Call& call, const std::string& uri) {
    const Catalog& catalog = call.services().catalog;
    return catalog.read_fixture != nullptr && catalog.read_fixture(uri).has_value();
}

}  // namespace

Task<std::optional<ProtocolError>> subscribe(Call& call, ResultBody&) {
    const std::string uri = uri_of(call);
    if (is_fixture(call, uri)) {
        co_return std::nullopt;
    }
    const auto address = parse_resource_uri(uri);
    const auto name = address ? namespace_of(*address) : std::nullopt;
    if (!name) {
        co_return unknown_resource(uri);
    }
    std::vector<std::string> namespaces = {*name};
    const auto admission =
        co_await admit(call, Permission::in_namespace(Action::read), std::move(namespaces));
    if (!admission) {
        co_return admission.error();
    }
    Session& session = *call.session();
    const std::string canonical = format_resource_uri(*address);
    const bool full = session.watched_uris.size() >= Session::kWatchedUrisMax &&
                      !session.watched_uris.contains(canonical);
    call.outcome = full ? name_of(Failure::resource_exhausted) : "ok";
    if (!full) {
        session.watched_uris.insert(canonical);
        call.changes().watch(canonical, call.session());
    }
    auto unrecorded = co_await record(call, *admission, call.outcome);
    if (unrecorded) {
        co_return unrecorded;
    }
    if (full) {
        co_return ProtocolError{
            code::overloaded,
            "a session may watch " + std::to_string(Session::kWatchedUrisMax) + " resources"};
    }
    co_return std::nullopt;
}

Task<std::optional<ProtocolError>> unsubscribe(Call& call, ResultBody&) {
    const auto address = parse_resource_uri(uri_of(call));
    if (address) {
        const std::string canonical = format_resource_uri(*address);
        call.session()->watched_uris.erase(canonical);
        call.changes().unwatch(canonical, call.session().get());
    }
    co_return std::nullopt;
}

Task<std::optional<ProtocolError>> listen_to_changes(Call& call, ResultBody& result) {
    const auto wishes = read_wishes(call.params());
    if (!wishes) {
        co_return wishes.error();
    }
    if (!call.can_notify()) {
        co_return ProtocolError{
            code::bad_transport, "a subscription is a stream: accept text/event-stream", {}, 406};
    }
    const ListenerSlot slot = call.changes().take_slot();
    if (!slot) {
        ProtocolError error{code::overloaded, "this server has as many subscriptions as it may"};
        error.outcome = name_of(Failure::resource_exhausted);
        co_return error;
    }
    const auto stream = std::make_shared<ListenStream>(call, wishes->list_changes);
    if (wishes->list_changes || !wishes->uris.empty()) {
        std::vector<std::string> namespaces = wishes->namespaces;
        const auto admission =
            co_await admit(call, Permission::in_namespaces(Action::read), std::move(namespaces));
        if (!admission) {
            co_return admission.error();
        }
        auto unrecorded = co_await record(call, *admission, "ok");
        if (unrecorded) {
            co_return unrecorded;
        }
    }
    stream->acknowledge(*wishes);
    for (const std::string& uri : wishes->uris) {
        call.changes().watch(format_resource_uri(*parse_resource_uri(uri)), stream);
    }
    if (wishes->list_changes) {
        call.changes().add(stream);
    }
    const Deadline never = Deadline::after(std::chrono::hours(24 * 365));
    co_await call.wait_until_over(never);
    result.meta.raw(kSubscriptionId, call.message().id);
    co_return std::nullopt;
}

}  // namespace pgmind::integration::mcp
