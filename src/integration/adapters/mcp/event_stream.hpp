#pragma once

#include <string>

#include "integration/adapters/mcp/outlet.hpp"

namespace pgmind::integration::mcp {

/// A piece of a stream in the format of server-sent events; empty for the beginning of a stream.
std::string format_event(const Delivery& piece);

}  // namespace pgmind::integration::mcp
