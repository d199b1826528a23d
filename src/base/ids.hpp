#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace pgmind {

/// A text id that cannot be mistaken for another kind of id. Immutable once made.
template <class Tag>
class StringId {
  public:
    StringId() = default;
    explicit StringId(std::string value) : value_(std::move(value)) {}

    const std::string& value() const { return value_; }
    bool empty() const { return value_.empty(); }
    auto operator<=>(const StringId&) const = default;

  private:
    std::string value_;
};

using PrincipalId = StringId<struct PrincipalIdTag>;
using RequestId = StringId<struct RequestIdTag>;
using ShardId = StringId<struct ShardIdTag>;

/// A version 7 UUID (RFC 9562): 48 bits of Unix milliseconds, then random bits, so that ids sort by
/// time of creation. Safe to call from any thread; the random bits come from getrandom(2).
std::string new_uuid();

/// True for the 36-character lower- or upper-case hexadecimal form.
bool is_uuid(std::string_view text);

RequestId new_request_id();

}  // namespace pgmind

template <class Tag>
struct std::hash<pgmind::StringId<Tag>> {
    std::size_t operator()(const pgmind::StringId<Tag>& id) const {
        return std::hash<std::string>{}(id.value());
    }
};
