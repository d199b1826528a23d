#pragma once

#include <system_error>

#include "base/error.hpp"

namespace pgmind::security {

enum class Errc {
    unauthenticated = 1,      ///< unauthenticated: one answer for every wrong credential
    permission_denied,        ///< permission_denied
    directory_stale,          ///< unavailable: principals were not confirmed for too long
    audit_unavailable,        ///< unavailable: the audit log takes no records now
    principal_not_found,      ///< not_found
    principal_exists,         ///< already_exists
    key_not_found,            ///< not_found
    last_administrator,       ///< invalid_argument: nobody could administer afterwards
    limit_reached,            ///< resource_exhausted: too many principals or keys
    concurrent_change,        ///< unavailable: others kept changing the directory meanwhile
    not_the_primary,          ///< unavailable: the coordinator answered as a standby
    too_many_attempts,        ///< resource_exhausted: of logins, by address or by name
    hashing_busy,             ///< unavailable: more logins at once than are hashed here
    session_not_found,        ///< not_found
    key_unknown,              ///< unavailable: no such data key is known here
    keys_destroyed,           ///< not_found, with reason kKeyDestroyed: shredded
    keys_stale,               ///< unavailable: data keys were not confirmed for too long
    kek_unusable,             ///< unavailable: the key-encryption key is missing or malformed
    too_many_requests,        ///< resource_exhausted: above a rate or concurrency of the caller
    sql_not_offered,          ///< not_supported: the shards are not prepared for SQL logins
    gateway_busy,             ///< unavailable: as many requests run as may
    second_factor_exists,     ///< already_exists
    second_factor_not_found,  ///< not_found
    provider_unreachable      ///< unavailable: keys of an identity provider could not be fetched
};
std::error_code make_error_code(Errc code);

}  // namespace pgmind::security

template <>
struct std::is_error_code_enum<pgmind::security::Errc> : std::true_type {};
