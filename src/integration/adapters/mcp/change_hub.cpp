#include "integration/adapters/mcp/change_hub.hpp"

#include <utility>

#include <boost/asio/post.hpp>

#include "integration/domain/resource_uri.hpp"

namespace pgmind::integration::mcp {
namespace {

constexpr std::size_t kEventsWaitingMax = 4096;

std::string attribute(const DomainEvent& event, std::string_view name) {
    for (const auto& [known, value] : event.attributes) {
        if (known == name) {
            return value;
        }
    }
    return "";
}

void forget_gone(std::vector<std::weak_ptr<ChangeListener>>& listeners,
                 const ChangeListener* unwanted) {
    std::erase_if(listeners, [&](const std::weak_ptr<ChangeListener>& weak) {
        const auto listener = weak.lock();
        return !listener || listener.get() == unwanted;
    });
}

}  // namespace

ListenerSlot::~ListenerSlot() {
    if (hub_) {
        ++hub_->slots_free_;
    }
}

ListenerSlot ChangeHub::take_slot() {
    if (slots_free_ == 0) {
        return ListenerSlot(nullptr);
    }
    --slots_free_;
    return ListenerSlot(shared_from_this());
}

void ChangeHub::observe(async::EventBus& bus, const std::string& name) {
    const std::weak_ptr<ChangeHub> weak = weak_from_this();
    bus.subscribe(name, kEventsWaitingMax,
                  [weak, demand = demand_, loop = loop_](const DomainEvent& event) {
                      const bool entry =
                          event.name == "MemoryEntryStored" || event.name == "MemoryEntryDeleted";
                      const bool created = event.name == "NamespaceCreated";
                      const std::size_t wanting = entry     ? demand->watched.load()
                                                  : created ? demand->listeners.load()
                                                            : 0;
                      if (wanting == 0) {
                          return;
                      }
                      boost::asio::post(loop, [weak, created, in = attribute(event, "namespace"),
                                               key = attribute(event, "key")] {
                          const auto hub = weak.lock();
                          if (hub && created) {
                              hub->namespace_created(in);
                          } else if (hub) {
                              hub->entry_changed(in, key);
                          }
                      });
                  });
}

void ChangeHub::watch(const std::string& uri, std::weak_ptr<ChangeListener> listener) {
    Listeners& watchers = watchers_[uri];
    const auto wanted = listener.lock();
    forget_gone(watchers, wanted.get());
    watchers.push_back(std::move(listener));
    count();
}

void ChangeHub::unwatch(const std::string& uri, const ChangeListener* listener) {
    const auto found = watchers_.find(uri);
    if (found == watchers_.end()) {
        return;
    }
    forget_gone(found->second, listener);
    if (found->second.empty()) {
        watchers_.erase(found);
    }
    count();
}

void ChangeHub::add(std::weak_ptr<ChangeListener> listener) {
    if (listeners_.size() == listeners_.capacity()) {
        // Before the list grows, so that those that are gone cost amortised constant time.
        forget_gone(listeners_, nullptr);
    }
    listeners_.push_back(std::move(listener));
    count();
}

void ChangeHub::count() {
    demand_->watched = watchers_.size();
    demand_->listeners = listeners_.size();
}

bool ChangeHub::may_read(const ChangeListener& listener, const std::string& namespace_name) const {
    const security::PrincipalSnapshot principal = listener.listener();
    return principal && security_.may(*principal, security::Action::read,
                                      {security::ResourceType::memory, namespace_name});
}

void ChangeHub::tell_watchers(const std::string& watched_uri, const std::string& changed_uri,
                              const std::string& namespace_name) {
    const auto found = watchers_.find(watched_uri);
    if (found == watchers_.end()) {
        return;
    }
    forget_gone(found->second, nullptr);
    const Listeners watchers = found->second;
    if (watchers.empty()) {
        watchers_.erase(found);
        count();
    }
    for (const auto& weak : watchers) {
        const auto listener = weak.lock();
        if (listener && may_read(*listener, namespace_name)) {
            listener->resource_changed(changed_uri);
        }
    }
}

void ChangeHub::entry_changed(const std::string& namespace_name, const std::string& key) {
    const std::string entry_uri = format_resource_uri(EntryResource{namespace_name, key});
    tell_watchers(entry_uri, entry_uri, namespace_name);
    tell_watchers(format_resource_uri(NamespaceResource{namespace_name}), entry_uri,
                  namespace_name);
}

void ChangeHub::namespace_created(const std::string& namespace_name) {
    forget_gone(listeners_, nullptr);
    count();
    const Listeners listeners = listeners_;
    for (const auto& weak : listeners) {
        const auto listener = weak.lock();
        if (listener && may_read(*listener, namespace_name)) {
            listener->resources_added();
        }
    }
}

}  // namespace pgmind::integration::mcp
