#include "platform/process/identity.hpp"

#include <algorithm>
#include <array>
#include <cerrno>

#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "platform/process/errors.hpp"

namespace pgmind::process {
namespace {

constexpr int kGroupsMax = 1024;

bool may_enter(const struct stat& facts, const Identity& identity) {
    if (identity.is_root()) {
        return true;
    }
    if (facts.st_uid == identity.uid) {
        return (facts.st_mode & S_IXUSR) != 0;
    }
    const bool in_group = facts.st_gid == identity.gid ||
                          std::find(identity.groups.begin(), identity.groups.end(), facts.st_gid) !=
                              identity.groups.end();
    return (facts.st_mode & (in_group ? S_IXGRP : S_IXOTH)) != 0;
}

}  // namespace

Identity current_identity() {
    Identity identity;
    identity.uid = ::geteuid();
    identity.gid = ::getegid();
    identity.groups.resize(kGroupsMax);
    const int count = ::getgroups(kGroupsMax, identity.groups.data());
    identity.groups.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    std::array<char, 16384> buffer{};
    passwd entry{};
    passwd* found = nullptr;
    // A user without an entry (a container's arbitrary uid) is named by its number.
    ::getpwuid_r(identity.uid, &entry, buffer.data(), buffer.size(), &found);
    identity.name = found == nullptr ? std::to_string(identity.uid) : found->pw_name;
    return identity;
}

Result<Identity> identity_of_user(const std::string& name) {
    std::array<char, 16384> buffer{};
    passwd entry{};
    passwd* found = nullptr;
    const int failure = ::getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found);
    if (failure != 0) {
        return fail(system_error("look up user " + name, failure));
    }
    if (found == nullptr) {
        return fail(Errc::not_found, "there is no user " + name);
    }
    Identity identity{name, found->pw_uid, found->pw_gid, std::vector<gid_t>(kGroupsMax)};
    int count = kGroupsMax;
    if (::getgrouplist(name.c_str(), found->pw_gid, identity.groups.data(), &count) < 0) {
        return fail(Errc::failed, "user " + name + " is in too many groups");
    }
    identity.groups.resize(static_cast<std::size_t>(count));
    return identity;
}

std::filesystem::path first_closed_directory(const std::filesystem::path& path,
                                             const Identity& identity) {
    std::filesystem::path directory;
    for (const std::filesystem::path& part : path) {
        directory /= part;
        struct stat facts{};
        if (::stat(directory.c_str(), &facts) != 0) {
            return errno == ENOENT ? std::filesystem::path() : directory;
        }
        if (S_ISDIR(facts.st_mode) && !may_enter(facts, identity)) {
            return directory;
        }
    }
    return {};
}

}  // namespace pgmind::process
