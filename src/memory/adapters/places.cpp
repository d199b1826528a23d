#include "memory/adapters/places.hpp"

#include <array>
#include <stdexcept>
#include <utility>

#include "memory/domain/errors.hpp"

namespace pgmind::memory {
namespace {

struct Refusal {
    std::string_view sqlstate;
    Errc code;
    std::string_view field;
};

constexpr std::array kRefusals = {
    Refusal{"PM001", Errc::version_conflict, "expected_version"},
    Refusal{"PM002", Errc::entry_not_found, ""},
    Refusal{"PM003", Errc::key_taken, "key"},
    Refusal{"PM004", Errc::wrong_dimensions, "embedding"},
    Refusal{"PM005", Errc::idempotency_key_reused, "idempotency_key"},
    Refusal{"PM006", Errc::fixed_setting, "text_language"},
    Refusal{"PM007", Errc::unknown_text_language, "text_language"},
    Refusal{"PM008", Errc::sealing_differs, ""},
    Refusal{"PM009", Errc::not_encrypted, "value"},
    Refusal{"PM010", Errc::fixed_setting, "encrypted"},
};

}  // namespace

std::string_view database_of(Scope scope) {
    if (scope == Scope::both) {
        throw std::logic_error("a place is in one database");
    }
    return scope == Scope::project ? "project" : "shared";
}

bool is_stale_index(const Error& error) {
    return error.detail.find("The index has vectors of ") != std::string::npos;
}

Error to_memory_error(Error error) {
    for (const Refusal& refusal : kRefusals) {
        if (error.reason == refusal.sqlstate) {
            Error refused(refusal.code, std::move(error.detail), std::string(refusal.field));
            if (refusal.code == Errc::idempotency_key_reused) {
                refused.reason = kIdempotencyKeyReused;
            }
            if (refusal.code == Errc::sealing_differs) {
                const std::size_t blank = refused.detail.rfind(' ');
                refused.reason = refused.detail.substr(blank + 1);
            }
            return refused;
        }
    }
    // The dimensions were held against the namespace already, so these are those of a namespace of
    // the same name that was deleted: VACUUM, which follows, has yet to take them out.
    if (is_stale_index(error)) {
        return Error(BaseErrc::unavailable,
                     "a deleted namespace of this name had vectors of other dimensions, which the "
                     "index still holds until VACUUM, which has begun: try again in some seconds");
    }
    return error;
}

}  // namespace pgmind::memory
