#include "client/session_file.hpp"

#include <cstdlib>
#include <filesystem>

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/api_error.hpp"
#include "platform/process/files.hpp"

namespace pgmind::app {
namespace {

constexpr std::size_t kFileBytesMax = 4096;
constexpr std::string_view kTokenPrefix = "pgs_";
constexpr std::size_t kIdLength = 32;

std::string environment_text(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? std::string() : std::string(value);
}

}  // namespace

std::string session_file_path() {
    std::string folder = environment_text("XDG_STATE_HOME");
    if (folder.empty()) {
        std::string home = environment_text("HOME");
        if (home.empty()) {
            const passwd* entry = getpwuid(getuid());
            home = entry == nullptr ? "/" : entry->pw_dir;
        }
        folder = home + "/.local/state";
    }
    return folder + "/pgmind/session";
}

std::optional<SessionFile> read_session_file() {
    const std::string path = session_file_path();
    struct stat found = {};
    if (stat(path.c_str(), &found) != 0 || (found.st_mode & 077) != 0 ||
        found.st_uid != geteuid()) {
        return std::nullopt;
    }
    const auto text = process::read_file(path, kFileBytesMax);
    if (!text) {
        return std::nullopt;
    }
    const std::size_t end = text->find('\n');
    const std::size_t last = end == std::string::npos ? end : text->find('\n', end + 1);
    if (last == std::string::npos) {
        return std::nullopt;
    }
    SessionFile session{text->substr(0, end), text->substr(end + 1, last - end - 1)};
    if (session_id_in(session.token).empty() || session.url.empty()) {
        return std::nullopt;
    }
    return session;
}

Result<void> write_session_file(const SessionFile& session) {
    const std::filesystem::path path = session_file_path();
    if (auto made = process::ensure_directory(path.parent_path(), 0700); !made) {
        return made;
    }
    return process::write_atomically(path, session.token + "\n" + session.url + "\n", 0600);
}

Result<void> remove_session_file() {
    std::error_code error;
    std::filesystem::remove(session_file_path(), error);
    if (error) {
        return fail(client_error(Failure::internal,
                                 "cannot delete " + session_file_path() + ": " + error.message()));
    }
    return {};
}

std::string session_id_in(std::string_view token) {
    const std::size_t begin = kTokenPrefix.size();
    if (!token.starts_with(kTokenPrefix) || token.size() <= begin + kIdLength + 1 ||
        token[begin + kIdLength] != '_') {
        return {};
    }
    return std::string(token.substr(begin, kIdLength));
}

}  // namespace pgmind::app
