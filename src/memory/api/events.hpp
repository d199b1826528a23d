#pragma once

#include <cstdint>
#include <string>

#include "base/domain_event.hpp"

namespace pgmind::memory {

struct MemoryEntryStored {
    static constexpr std::string_view name = "MemoryEntryStored";
    static constexpr std::string_view context = "memory";
    std::string namespace_name;
    std::string key;
    std::int64_t version = 0;
    bool created = false;
    EventAttributes attributes() const {
        return {{"namespace", namespace_name},
                {"key", key},
                {"version", std::to_string(version)},
                {"created", created ? "true" : "false"}};
    }
};

struct MemoryEntryDeleted {
    static constexpr std::string_view name = "MemoryEntryDeleted";
    static constexpr std::string_view context = "memory";
    std::string namespace_name;
    std::string key;
    EventAttributes attributes() const { return {{"namespace", namespace_name}, {"key", key}}; }
};

struct MemoryEntryRetrieved {
    static constexpr std::string_view name = "MemoryEntryRetrieved";
    static constexpr std::string_view context = "memory";
    std::string namespace_name;
    std::string key;
    EventAttributes attributes() const { return {{"namespace", namespace_name}, {"key", key}}; }
};

struct MemoryEntriesRetrieved {
    static constexpr std::string_view name = "MemoryEntriesRetrieved";
    static constexpr std::string_view context = "memory";
    std::size_t count = 0;
    EventAttributes attributes() const { return {{"count", std::to_string(count)}}; }
};

struct NamespaceCreated {
    static constexpr std::string_view name = "NamespaceCreated";
    static constexpr std::string_view context = "memory";
    std::string namespace_name;
    EventAttributes attributes() const { return {{"namespace", namespace_name}}; }
};

struct NamespaceDeleted {
    static constexpr std::string_view name = "NamespaceDeleted";
    static constexpr std::string_view context = "memory";
    std::string namespace_name;
    EventAttributes attributes() const { return {{"namespace", namespace_name}}; }
};

}  // namespace pgmind::memory
