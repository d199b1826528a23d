#include "cluster/adapters/secrets.hpp"

#include <array>
#include <cstdint>
#include <filesystem>
#include <vector>

#include "cluster/adapters/process_errors.hpp"
#include "cluster/api/errors.hpp"
#include "platform/crypto/crypto.hpp"
#include "platform/postgres/connection_options.hpp"
#include "platform/process/files.hpp"

namespace pgmind::cluster {
namespace {

constexpr std::size_t kSecretBytes = 32;
constexpr std::string_view kApiKeyHmac = "api_key_hmac.key";
constexpr std::string_view kAuditSigning = "audit_signing.key";

std::string file_of(Role role) {
    return std::string(name_of(role)) + ".password";
}

std::string random_text() {
    std::array<std::uint8_t, kSecretBytes> bytes{};
    crypto::fill_random(bytes);
    return crypto::to_base64url(bytes);
}

}  // namespace

std::string_view name_of(Role role) {
    switch (role) {
        case Role::superuser:
            return "postgres";
        case Role::migrator:
            return "pgmind_migrator";
        case Role::gateway:
            return "pgmind_gateway";
        case Role::monitor:
            break;
    }
    return "pgmind_monitor";
}

Result<void> Secrets::ensure(std::initializer_list<Role> roles, bool may_create) const {
    std::vector<std::string> names{std::string(kApiKeyHmac), std::string(kAuditSigning)};
    for (const Role role : roles) {
        names.push_back(file_of(role));
    }
    for (const std::string& name : names) {
        const std::filesystem::path file = layout_.secret_file(name);
        if (std::filesystem::exists(file)) {
            const Result<std::string> readable = read(name);
            if (!readable) {
                return fail(readable.error());
            }
            continue;
        }
        if (!may_create && name != kAuditSigning) {
            return fail(Errc::broken_state,
                        "the secret " + file.string() + " is missing: restore it from a backup");
        }
        const Result<void> written = process::write_atomically(file, random_text() + "\n", 0600);
        if (!written) {
            return fail(from_process(written.error()));
        }
    }
    return {};
}

Result<std::string> Secrets::password(Role role) const {
    return read(file_of(role));
}

std::filesystem::path Secrets::password_file(Role role) const {
    return layout_.secret_file(file_of(role));
}

Result<WallTime> Secrets::password_made_at(Role role) const {
    std::error_code failure;
    const auto time = std::filesystem::last_write_time(password_file(role), failure);
    if (failure) {
        return fail(Errc::broken_state,
                    "cannot look at " + password_file(role).string() + ": " + failure.message());
    }
    return std::chrono::time_point_cast<WallTime::duration>(std::chrono::file_clock::to_sys(time));
}

Result<std::string> Secrets::next_password(Role role) const {
    const std::string name = file_of(role) + postgres::kNextPasswordSuffix;
    if (std::filesystem::exists(layout_.secret_file(name))) {
        return read(name);
    }
    std::string password = random_text();
    const Result<void> written =
        process::write_atomically(layout_.secret_file(name), password + "\n", 0600);
    if (!written) {
        return fail(from_process(written.error()));
    }
    return password;
}

Result<void> Secrets::adopt_next_password(Role role) const {
    const std::string next = password_file(role).string() + postgres::kNextPasswordSuffix;
    std::error_code failure;
    std::filesystem::rename(next, password_file(role), failure);
    if (failure) {
        return fail(Errc::broken_state, "cannot rename " + next + ": " + failure.message());
    }
    const Result<void> synced = process::sync_directory(layout_.secrets_directory());
    return synced ? Result<void>() : fail(from_process(synced.error()));
}

Result<std::string> Secrets::api_key_hmac() const {
    Result<std::string> text = read(kApiKeyHmac);
    if (!text) {
        return text;
    }
    return *crypto::from_base64url(*text);  // read() has checked it.
}

Result<std::string> Secrets::audit_signing_seed() const {
    Result<std::string> text = read(kAuditSigning);
    if (!text) {
        return text;
    }
    return *crypto::from_base64url(*text);  // read() has checked it.
}

Result<std::string> Secrets::read(std::string_view name) const {
    const std::filesystem::path file = layout_.secret_file(name);
    Result<std::string> text = process::read_file(file, 4096);
    if (!text) {
        return fail(from_process(text.error()));
    }
    while (text->ends_with('\n')) {
        text->pop_back();
    }
    const auto bytes = crypto::from_base64url(*text);
    if (!bytes || bytes->size() != kSecretBytes) {
        return fail(Errc::broken_state,
                    "the secret " + file.string() + " is damaged: restore it from a backup");
    }
    return text;
}

}  // namespace pgmind::cluster
