#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "async/event_bus.hpp"
#include "async/task.hpp"
#include "security/api/security.hpp"

namespace pgmind::integration::mcp {

/// Somebody who wants to hear of changes. Called on the hub's loop.
class ChangeListener {
  public:
    virtual ~ChangeListener() = default;
    virtual security::PrincipalSnapshot listener() const = 0;
    /// The resource is an entry that was stored or deleted; the caller may read it.
    virtual void resource_changed(const std::string& uri) = 0;
    /// There is a namespace more that the listener may read.
    virtual void resources_added() = 0;
};

class ChangeHub;

/// One of a bounded number of open streams; given back when it is destroyed. False: none was left.
class ListenerSlot {
  public:
    explicit ListenerSlot(std::shared_ptr<ChangeHub> hub) : hub_(std::move(hub)) {}
    ~ListenerSlot();
    ListenerSlot(ListenerSlot&&) = default;
    ListenerSlot& operator=(ListenerSlot&&) = delete;
    explicit operator bool() const { return hub_ != nullptr; }

  private:
    std::shared_ptr<ChangeHub> hub_;
};

/// Tells the clients of one worker what changed. Hears of it through the event bus, so it knows of
/// changes made through this gateway. Belongs to its worker's loop, except observe().
class ChangeHub final : public std::enable_shared_from_this<ChangeHub> {
  public:
    ChangeHub(Executor loop, const security::Security& security, std::size_t slots)
        : loop_(loop), security_(security), slots_free_(slots) {}

    /// Subscribes to the bus. From then on the loop must live as long as the bus delivers.
    void observe(async::EventBus& bus, const std::string& name);

    /// `uri` names an entry, or a namespace for all its entries. A listener is forgotten when it
    /// is destroyed.
    void watch(const std::string& uri, std::weak_ptr<ChangeListener> listener);
    void unwatch(const std::string& uri, const ChangeListener* listener);
    /// For resources_added().
    void add(std::weak_ptr<ChangeListener> listener);
    ListenerSlot take_slot();

  private:
    friend class ListenerSlot;
    using Listeners = std::vector<std::weak_ptr<ChangeListener>>;

    // Read on the bus's thread, so that nothing is posted that nobody wants.
    struct Demand {
        std::atomic<std::size_t> watched{0};
        std::atomic<std::size_t> listeners{0};
    };

    void entry_changed(const std::string& namespace_name, const std::string& key);
    void namespace_created(const std::string& namespace_name);
    void tell_watchers(const std::string& watched_uri, const std::string& changed_uri,
                       const std::string& namespace_name);
    bool may_read(const ChangeListener& listener, const std::string& namespace_name) const;
    void count();

    Executor loop_;
    const security::Security& security_;
    std::unordered_map<std::string, Listeners> watchers_;  // by URI
    Listeners listeners_;
    std::size_t slots_free_;
    std::shared_ptr<Demand> demand_ = std::make_shared<Demand>();
};

}  // namespace pgmind::integration::mcp
