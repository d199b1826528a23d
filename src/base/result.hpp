#pragma once

#include <tl/expected.hpp>

#include "base/error.hpp"

namespace pgmind {

/// A value, or the error that says why there is none.
template <class T = void>
using Result = tl::expected<T, Error>;

/// Makes the failing side of any Result: `return fail(Errc::x, "...")`.
inline tl::unexpected<Error> fail(Error error) {
    return tl::unexpected<Error>(std::move(error));
}

inline tl::unexpected<Error> fail(std::error_code code, std::string detail) {
    return tl::unexpected<Error>(Error(code, std::move(detail)));
}

inline tl::unexpected<Error> fail(std::error_code code, std::string detail, std::string field) {
    return tl::unexpected<Error>(Error(code, std::move(detail), std::move(field)));
}

}  // namespace pgmind
