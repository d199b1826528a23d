#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace pgmind::memory {

// How an entry of an encrypted namespace is stored: value, text and metadata together as one sealed
// text, in the place of the value: {"$sealed": "..."}. Text and metadata are empty there. Pure.

/// What is sealed.
struct SealedContent {
    std::string value_json;
    std::optional<std::string> text;
    std::string metadata_json;
};

/// As one text, each part with its length.
std::string pack(const SealedContent& content);
/// internal when it is nothing that pack() made.
Result<SealedContent> unpack(std::string_view packed);

/// The value that is stored. A fingerprint, which is not stored, when there is one.
std::string sealed_value(std::string_view sealed, std::string_view fingerprint);
/// The sealed text in a value as PostgreSQL prints it; nullopt for any other value.
std::optional<std::string_view> sealed_in(std::string_view value_json);

/// JSON without the blanks between its parts, as PostgreSQL would have taken them out. What is not
/// JSON stays whatever it is.
std::string compact_json(std::string_view json);

}  // namespace pgmind::memory
