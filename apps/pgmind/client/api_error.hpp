#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"

namespace pgmind::app {

/// An error of one kind of failure, for what a server answered or what a command found itself.
Error client_error(Failure failure, std::string detail);

/// What a problem document (RFC 9457) of an HTTP status says. A body that is none gives the status.
Error error_of_problem(unsigned status, std::string_view body);

}  // namespace pgmind::app
