#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"
#include "integration/domain/protocol_error.hpp"

namespace pgmind::integration::mcp {

/// invalid_params with a sentence.
ProtocolError invalid_params(std::string message);

/// The protocol error that a failure becomes outside tools. The detail of internal errors stays
/// in the log.
ProtocolError to_protocol_error(const Error& error);

/// One line for a language model: "invalid_argument: limit: must be from 1 to 1000".
std::string describe(const Error& error);

}  // namespace pgmind::integration::mcp
