#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "memory/api/requests.hpp"

namespace pgmind::memory {

/// Where a page of a list ended: the values that the order compares. `time_us` (microseconds since
/// 1970) is 0 when the order is by name alone.
struct Position {
    std::int64_t time_us = 0;
    std::string name;  ///< a key, or the name of a namespace
    Scope scope = Scope::project;

    bool operator==(const Position&) const = default;
};

/// What a cursor belongs to. Equal questions have equal fingerprints, on every machine.
std::uint64_t fingerprint_of(const ListRequest& request);
std::uint64_t fingerprint_of(const NamespaceListRequest& request);

/// A cursor: the position and the fingerprint of its question in base64url, without padding. It
/// tells a client nothing that the page did not, and is no secret: it only ever narrows a question
/// that is asked and authorised anew.
std::string encode_cursor(std::uint64_t fingerprint, const Position& position);

/// Reads a cursor strictly: exactly what encode_cursor writes, for the same question. Else
/// invalid_argument with field "cursor".
Result<Position> decode_cursor(std::uint64_t fingerprint, std::string_view cursor);

}  // namespace pgmind::memory
