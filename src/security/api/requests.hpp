#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "security/api/principal.hpp"

namespace pgmind::security {

/// A client certificate that was verified when the connection began.
struct ClientCertificate {
    std::vector<std::string> names;  ///< "uri:...", "dns:...", "cn:..."
    WallTime not_after;
};

/// What the wire carried: an API key, the token of a session or that of an identity provider. A
/// missing one is empty; then the certificate counts, if there is one.
struct Credentials {
    std::string api_key;
    std::optional<ClientCertificate> certificate = {};
};

struct ExplainRequest {
    std::string principal_name;
    Action action = Action::read;
    Resource resource;
};

struct GrantVerdict {
    Grant grant;
    std::string verdict;   ///< "allows", "denies", or why it does not count
    bool decided = false;  ///< this one made the decision
};

/// Whether a principal may do something, and why: what authorize() would decide now.
struct Explanation {
    bool allowed = false;
    std::string reason;  ///< as the audit log would name it
    std::vector<GrantVerdict> grants;
    std::int64_t directory_revision = 0;  ///< of what was decided from
};

struct NewPrincipal {
    std::string name;
    PrincipalKind kind = PrincipalKind::ai_agent;
    std::vector<Grant> grants;
};

struct NewApiKey {
    std::string principal_name;
    std::string label;
    std::optional<std::chrono::seconds> ttl;
};

/// The only time that the secret is seen.
struct IssuedApiKey {
    std::string api_key;
    ApiKeyDetails details;
};

/// The only time that the password is seen.
struct SqlCredentials {
    std::string login;  ///< to PostgreSQL, on every shard
    std::string password;
};

struct LoginRequest {
    std::string name;
    std::string password;
    std::string code = {};  ///< of a second factor: six digits or a recovery code; empty: none
};

/// The only time that the token is seen.
struct IssuedSession {
    std::string token;
    SessionDetails details;
    std::chrono::seconds idle_timeout{};  ///< unused for so long it ends
    /// The policy asks for a second factor and there is none: this session may only enrol one.
    bool second_factor_needed = false;
};

struct PasswordChange {
    std::string current;
    std::string wanted;
};

/// Why a request was refused before its caller was looked at.
struct TurnedAway {
    std::string outcome;  ///< name of the problem, such as "forbidden_origin"
    std::string reason;   ///< one sentence
};

struct AuditRecord {
    std::int64_t sequence = 0;
    WallTime occurred_at;
    std::string request_id;
    std::string principal_id;
    std::string principal_name;
    std::string action;  ///< "read", "login", "key.create", ...
    std::string resource_type;
    std::string resource;
    std::string decision;  ///< "allow" or "deny": the access decision alone
    std::string outcome;   ///< how the request ended: "ok", or the name of the problem
    std::string reason;    ///< what decided, or what was changed; empty when nothing is to be said
    std::string protocol;
    std::string remote_address;
    /// Of a record that was written in the transaction of its change, when it is made a leaf.
    std::string change_id;
};

struct AuditQuery {
    std::string principal_name;
    std::string resource;
    std::string decision;
    std::string request_id;
    std::size_t limit = 100;           ///< 1 to 1000
    std::int64_t before_sequence = 0;  ///< 0: from the newest
};

}  // namespace pgmind::security
