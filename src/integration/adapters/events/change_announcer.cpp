#include "integration/adapters/events/change_announcer.hpp"

#include <optional>

#include "memory/api/events.hpp"
#include "platform/json/field_reader.hpp"

namespace pgmind::integration {
namespace {

// What the payload says; what it does not is empty.
struct Change {
    std::string namespace_name;
    std::string key;
    std::int64_t version = 0;
    bool created = false;
};

Result<Change> read_change(const OutboxEvent& event, bool of_entry) {
    const auto value = json::parse(event.payload, json::ReadLimits());
    if (!value) {
        return fail(value.error());
    }
    const auto object = json::Object::of(*value, "payload");
    if (!object) {
        return fail(object.error());
    }
    json::FieldReader reader(*object);
    Change change;
    change.namespace_name = reader.require_string("namespace");
    if (of_entry) {
        change.key = reader.require_string("key");
        change.version = reader.optional_integer("version").value_or(0);
        change.created = reader.optional_boolean("created").value_or(false);
    }
    if (Result<void> read = reader.finish(); !read) {
        return fail(std::move(read.error()));
    }
    return change;
}

class ChangeAnnouncer final : public OutboxSubscriber {
  public:
    explicit ChangeAnnouncer(async::EventBus& bus) : bus_(bus) {}

    std::string_view name() const override { return "changes"; }

    Task<Result<void>> handle(const OutboxEvent& event, Deadline) override {
        if (!event.request_id.empty()) {
            co_return Result<void>();
        }
        co_return announce(event);
    }

  private:
    Result<void> announce(const OutboxEvent& event) {
        const bool expired = event.name == "MemoryEntryExpired";
        const bool stored = event.name == memory::MemoryEntryStored::name;
        const bool deleted = event.name == memory::MemoryEntryDeleted::name;
        const bool of_entry = expired || stored || deleted;
        const bool made = event.name == memory::NamespaceCreated::name;
        if (!of_entry && !made && event.name != memory::NamespaceDeleted::name) {
            return {};
        }
        Result<Change> change = read_change(event, of_entry);
        if (!change) {
            return fail(std::move(change.error()));
        }
        RequestContext nobodys;
        nobodys.principal = PrincipalId(event.principal);
        if (stored) {
            bus_.publish(nobodys, memory::MemoryEntryStored{change->namespace_name, change->key,
                                                            change->version, change->created});
        } else if (of_entry) {
            bus_.publish(nobodys, memory::MemoryEntryDeleted{change->namespace_name, change->key});
        } else if (made) {
            bus_.publish(nobodys, memory::NamespaceCreated{change->namespace_name});
        } else {
            bus_.publish(nobodys, memory::NamespaceDeleted{change->namespace_name});
        }
        return {};
    }

    async::EventBus& bus_;
};

}  // namespace

std::shared_ptr<OutboxSubscriber> make_change_announcer(async::EventBus& bus) {
    return std::make_shared<ChangeAnnouncer>(bus);
}

}  // namespace pgmind::integration
