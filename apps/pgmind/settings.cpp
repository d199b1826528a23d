#include "settings.hpp"

#include <array>
#include <cstdlib>
#include <filesystem>
#include <utility>

#include <pwd.h>
#include <unistd.h>

namespace pgmind::app {
namespace {

using config::Setting;
using config::Type;

constexpr std::array kSettings = {
    Setting{"data.directory", Type::text, "",
            "Where pgmind up keeps everything; empty: /var/lib/pgmind as root, else in the home."},
    Setting{"cluster.shards", Type::integer, "2", "Shards that the first start makes.", 1, 32},
    Setting{"cluster.postgres_port", Type::integer, "7440",
            "Port of the coordinator; the shards take the ones after it.", 1024, 65000},
    Setting{"cluster.postgres_user", Type::text, "postgres",
            "System user that runs PostgreSQL when pgmind is started as root."},
    Setting{"cluster.postgres_bin", Type::text, "",
            "Folder of initdb and postgres; empty: found by itself."},
    Setting{"cluster.attach", Type::text, "",
            "Connection service file of the PostgreSQL servers to use; empty: pgmind starts its "
            "own."},
    Setting{"cluster.vectors", Type::text, "auto",
            "Extension that new databases keep vectors with; auto: pgmind's, else pgvector.", 0, 0,
            "auto|pgmind|pgvector"},
    Setting{"http.address", Type::text, "127.0.0.1", "Address to listen on."},
    Setting{"http.port", Type::integer, "7432", "Port for REST and MCP; 0: any free one.", 0,
            65535},
    Setting{"http.workers", Type::integer, "0", "Worker threads; 0: one per core.", 0, 64},
    Setting{"http.tls", Type::text, "files",
            "Where TLS's certificate comes from: the files below (none: no TLS), or this cluster's "
            "own authority (ca.pem in the data directory).",
            0, 0, "files|own"},
    Setting{"http.tls_certificate_file", Type::text, "", "Certificate chain (PEM)."},
    Setting{"http.tls_key_file", Type::text, "", "Key of the certificate (PEM)."},
    Setting{"http.tls_client_ca_file", Type::text, "",
            "Authorities (PEM) whose client certificates are taken; empty: none are asked for."},
    Setting{"http.allowed_origins", Type::text_list, "",
            "Origins from which browsers may call; empty: none but this server's own."},
    Setting{"http.host_names", Type::text_list, "",
            "Names that clients reach this gateway by, such as memory.example.org; other names in "
            "Host are refused. Empty: only loopback addresses check Host."},
    Setting{"http.connections_max", Type::integer, "12000", "Open client connections.", 1, 200000},
    Setting{"http.connections_per_address_max", Type::integer, "4000",
            "Of them, those that one address (IPv6: its /64) may have; 0: no limit, for what comes "
            "through a proxy.",
            0, 200000},
    Setting{"http.drain_seconds", Type::integer, "10",
            "How long requests in flight may take at shutdown.", 0, 300},
    Setting{"postgres.connections_per_worker", Type::integer, "6",
            "Connections of one worker to one database.", 1, 100},
    Setting{"memory.sweep_seconds", Type::integer, "5",
            "Pause between two rounds of deleting expired entries.", 1, 3600},
    Setting{"memory.text_language", Type::text, "english",
            "Text search configuration of new namespaces."},
    Setting{"intelligence.search", Type::text, "index",
            "How vectors are searched: by the vector index, or by comparing all of them.", 0, 0,
            "index|exact"},
    Setting{"intelligence.recall_samples_per_million", Type::integer, "1000",
            "Of a million searches by the vector index, how many are repeated exactly to measure "
            "recall.",
            0, 1'000'000},
    Setting{"embedder.kind", Type::text, "none", "Service that turns text into vectors.", 0, 0,
            "none|openai|ollama"},
    Setting{"embedder.url", Type::text, "", "Its address, such as http://127.0.0.1:11434."},
    Setting{"embedder.model", Type::text, "", "The model to ask for."},
    Setting{"embedder.dimensions", Type::integer, "0", "Dimensions to ask for; 0: the model's own.",
            0, 16000},
    Setting{"embedder.api_key", Type::text, "", "Its key, if it wants one.", 0, 0, "", true},
    Setting{"security.authentication", Type::text, "required",
            "Whether callers need a key; off is for tests and only allowed on loopback.", 0, 0,
            "required|off"},
    Setting{"security.client_certificates", Type::text_list, "",
            "Which services certificates are for: uri:URI=PRINCIPAL, dns:NAME=PRINCIPAL or "
            "cn:NAME=PRINCIPAL."},
    Setting{"security.oidc.*.issuer", Type::text, "", "Issuer of the tokens (iss)."},
    Setting{"security.oidc.*.audience", Type::text, "", "What the tokens must be meant for (aud)."},
    Setting{"security.oidc.*.keys_url", Type::text, "",
            "Where the issuer publishes its keys (jwks_uri); https."},
    Setting{"security.oidc.*.ca_file", Type::text, "",
            "Authorities (PEM) trusted for keys_url; empty: the system's."},
    Setting{"security.oidc.*.plain_http", Type::boolean, "false",
            "Allow keys_url to be http on this machine; for tests."},
    Setting{"security.oidc.*.token_type", Type::text, "at+jwt", "Type of the tokens (typ).", 0, 0,
            "at+jwt|JWT"},
    Setting{"security.oidc.*.kind", Type::text, "user", "Kind of the principals.", 0, 0,
            "user|service|ai_agent"},
    Setting{"security.oidc.*.kind_claim", Type::text, "",
            "Claim that says another kind, where it is there."},
    Setting{"security.oidc.*.name_claim", Type::text, "sub", "Claim with the principal's name."},
    Setting{"security.oidc.*.role_claim", Type::text, "roles",
            "Claim with the roles; of the form a.b for a claim inside another."},
    Setting{"security.oidc.*.namespace_claim", Type::text, "",
            "Claim with patterns of namespaces."},
    Setting{"security.oidc.*.roles", Type::text_list, "",
            "What values of the role claim give: VALUE=ROLE for the namespaces of the token, or "
            "VALUE=ROLE@PATTERN."},
    Setting{"security.oidc.*.clock_skew_seconds", Type::integer, "30",
            "How far the issuer's clock may be off.", 0, 300},
    Setting{"security.oidc.*.lifetime_seconds_max", Type::integer, "3600",
            "Tokens that live longer are refused.", 60, 86'400},
    Setting{"security.oidc.*.renew_keys_seconds", Type::integer, "600",
            "Pause between two looks at the keys.", 5, 86'400},
    Setting{"security.oidc.*.key_cooldown_seconds", Type::integer, "30",
            "Least pause between two looks, whatever keys tokens name.", 1, 3'600},
    Setting{"security.rotate_passwords_days", Type::integer, "0",
            "How old the passwords of PostgreSQL's roles may become before they are changed; 0: "
            "only by pgmind secrets rotate.",
            0, 3650},
    Setting{"security.login_burst", Type::integer, "10",
            "Logins with a password that one address may try at once.", 1, 100'000},
    Setting{"security.logins_per_minute", Type::integer, "30",
            "Logins with a password that one address may try from then on.", 1, 1'000'000},
    Setting{"limits.principal_requests_per_second", Type::integer, "10000",
            "Requests a second of a principal whose grants say nothing else; 0: no limit.", 0,
            1'000'000},
    Setting{"limits.principal_concurrency", Type::integer, "1000",
            "Requests of one principal at once, as above; 0: no limit.", 0, 100'000},
    Setting{"limits.address_requests_per_second", Type::integer, "10000",
            "Requests a second from one address (of IPv6: /64); 0: no limit, as behind a proxy.", 0,
            1'000'000},
    Setting{"limits.burst_seconds", Type::integer, "2",
            "So many seconds of its rate may come at once.", 1, 60},
    Setting{"limits.concurrency", Type::integer, "8192",
            "Requests at once on this gateway; shared evenly when it becomes scarce; 0: no limit.",
            0, 1'000'000},
    Setting{"security.second_factor_roles", Type::text_list, "admin",
            "Roles whose password logins need a second factor; empty: none."},
    Setting{"security.encryption_key_file", Type::text, "",
            "File of key-encryption keys; empty: encryption.keys among the secrets of the data "
            "directory."},
    Setting{"security.encryption_keys", Type::text, "",
            "The key-encryption keys themselves, instead of a file: through the environment.", 0, 0,
            "", true},
    Setting{"security.encryption_key_command", Type::text, "",
            "Command that prints the key-encryption keys, instead of a file."},
    Setting{"audit.witness_file", Type::text, "",
            "File, best on another machine's disk, that gets the audit log's signed checkpoints."},
    Setting{"audit.witness_command", Type::text_list, "",
            "Program and arguments that are run with each of them as the last argument."},
    Setting{"metrics.open", Type::boolean, "true",
            "Serve /metrics without a key to callers on this machine."},
    Setting{"mcp.conformance_fixtures", Type::boolean, "false",
            "Offer the tools, prompts and resources of the public MCP conformance suite."},
    Setting{"log.level", Type::text, "info", "Least level that is written.", 0, 0,
            "debug|info|warning|error"},
    Setting{"log.format", Type::text, "auto", "Form of log lines; auto: human on a terminal.", 0, 0,
            "auto|human|json"},
};

std::string environment_text(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? std::string() : std::string(value);
}

std::string home_directory() {
    std::string home = environment_text("HOME");
    if (home.empty()) {
        const passwd* entry = getpwuid(getuid());
        home = entry == nullptr ? "/" : entry->pw_dir;
    }
    return home;
}

std::optional<std::string> configuration_file(const GlobalOptions& options) {
    if (!options.config_file.empty()) {
        return options.config_file;
    }
    if (std::string named = environment_text("PGMIND_CONFIG"); !named.empty()) {
        return named;
    }
    std::string folder = environment_text("XDG_CONFIG_HOME");
    if (folder.empty()) {
        folder = home_directory() + "/.config";
    }
    for (const std::string& path :
         {folder + "/pgmind/pgmind.toml", std::string("/etc/pgmind/pgmind.toml")}) {
        std::error_code ignored;
        if (std::filesystem::exists(path, ignored)) {
            return path;
        }
    }
    return std::nullopt;
}

}  // namespace

std::span<const config::Setting> settings() {
    return kSettings;
}

config::Outcome load_configuration(
    const GlobalOptions& options,
    const std::vector<std::pair<std::string, std::string>>& overrides) {
    config::Sources sources;
    sources.file = configuration_file(options);
    sources.environment = config::environment_with_prefix();
    sources.ignored_variables = {"PGMIND_CONFIG", "PGMIND_URL", "PGMIND_API_KEY", "PGMIND_CA_FILE"};
    std::vector<config::Problem> malformed;
    for (const std::string& assignment : options.assignments) {
        const std::size_t equals = assignment.find('=');
        if (equals == std::string::npos) {
            malformed.push_back({"--set " + assignment, "not of the form section.name=value"});
            continue;
        }
        sources.flags.emplace_back(assignment.substr(0, equals), assignment.substr(equals + 1));
    }
    sources.flags.insert(sources.flags.end(), overrides.begin(), overrides.end());
    config::Outcome outcome = config::load(settings(), sources);
    outcome.problems.insert(outcome.problems.end(), malformed.begin(), malformed.end());
    return outcome;
}

std::string default_data_directory() {
    if (geteuid() == 0) {
        return "/var/lib/pgmind";
    }
    std::string folder = environment_text("XDG_DATA_HOME");
    if (folder.empty()) {
        folder = home_directory() + "/.local/share";
    }
    return folder + "/pgmind";
}

}  // namespace pgmind::app
