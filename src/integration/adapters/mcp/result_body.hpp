#pragma once

#include <string>

#include "platform/json/writer.hpp"

namespace pgmind::integration::mcp {

/// The result of a request while it is written: handlers add members to `object` (or append a
/// value to `text` after object.name()), and to `meta` what goes into _meta. The engine closes
/// both. Not movable, since the writers refer to the texts.
struct ResultBody {
    std::string text;
    std::string meta_text;
    json::ObjectWriter object{text};
    json::ObjectWriter meta{meta_text};

    ResultBody() = default;
    ResultBody(const ResultBody&) = delete;
    ResultBody& operator=(const ResultBody&) = delete;
};

}  // namespace pgmind::integration::mcp
