#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace pgmind::app {

/// What `auth login` leaves for later commands: the token of a session and the server that it is
/// for. It is sent to no other.
struct SessionFile {
    std::string token;
    std::string url;
};

/// $XDG_STATE_HOME/pgmind/session, else .local/state/pgmind/session in the home.
std::string session_file_path();

/// nullopt when there is none, or one that others may read: such a token is not used.
std::optional<SessionFile> read_session_file();
/// Mode 0600, in a folder that only this user can look into.
Result<void> write_session_file(const SessionFile& session);
/// Fine when there is none.
Result<void> remove_session_file();

/// The id in a token; empty when it has another form.
std::string session_id_in(std::string_view token);

}  // namespace pgmind::app
