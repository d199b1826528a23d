#pragma once

#include <concepts>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/request_context.hpp"

namespace pgmind {

using EventAttributes = std::vector<std::pair<std::string_view, std::string>>;

/// Something that happened in a context, as it travels on the bus. `name` and `context` point to
/// string literals.
struct DomainEvent {
    std::string_view name;     ///< e.g. "MemoryEntryStored"
    std::string_view context;  ///< "cluster", "memory", "intelligence", "security", "integration"
    RequestId request_id;
    PrincipalId principal;
    WallTime occurred_at;
    SteadyTime steady_at;
    EventAttributes attributes;  ///< names are string literals; values hold no secrets
};

/// A typed event of a context's api: a struct with its name, its context, and its attributes.
template <class Event>
concept TypedEvent = requires(const Event& event) {
    { Event::name } -> std::convertible_to<std::string_view>;
    { Event::context } -> std::convertible_to<std::string_view>;
    { event.attributes() } -> std::same_as<EventAttributes>;
};

template <TypedEvent Event>
DomainEvent to_domain_event(const RequestContext& request, const Event& event,
                            const Clock& clock = system_clock()) {
    return DomainEvent{Event::name, Event::context,     request.request_id, request.principal,
                       clock.now(), clock.steady_now(), event.attributes()};
}

}  // namespace pgmind
