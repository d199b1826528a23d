#include "integration/domain/mcp_version.hpp"

#include <array>

namespace pgmind::integration::mcp {
namespace {

struct Version {
    std::string_view text;
    Era era;
};

constexpr std::array kVersions = {
    Version{kStatelessVersion, Era::stateless},
    Version{kSessionVersionLatest, Era::sessions},
    Version{"2025-06-18", Era::sessions},
    Version{kSessionVersionAssumed, Era::sessions},
};
constexpr std::array kStatelessVersions = {kStatelessVersion};

const Version* find_version(std::string_view text) {
    for (const Version& version : kVersions) {
        if (version.text == text) {
            return &version;
        }
    }
    return nullptr;
}

}  // namespace

std::optional<Era> era_of(std::string_view version) {
    const Version* found = find_version(version);
    return found == nullptr ? std::nullopt : std::optional(found->era);
}

std::string_view negotiate_session_version(std::string_view requested) {
    const Version* found = find_version(requested);
    return found != nullptr && found->era == Era::sessions ? found->text : kSessionVersionLatest;
}

std::span<const std::string_view> stateless_versions() {
    return kStatelessVersions;
}

bool allows_batches(std::string_view session_version) {
    return session_version == kSessionVersionAssumed;
}

bool primes_streams(std::string_view session_version) {
    return session_version == kSessionVersionLatest;
}

}  // namespace pgmind::integration::mcp
