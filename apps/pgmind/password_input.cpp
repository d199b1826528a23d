#include "password_input.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <fstream>
#include <iostream>

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include "output/text.hpp"

namespace pgmind::app {
namespace {

constexpr std::size_t kSecretBytesMax = 4096;

volatile std::sig_atomic_t caught_signal = 0;

void remember_signal(int signal) {
    caught_signal = signal;
}

constexpr std::array kSignals = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};

/// Turns the terminal's echo off and, whatever signal arrives, on again before it takes effect.
class WithoutEcho {
  public:
    WithoutEcho(int terminal, bool echo) : terminal_(terminal) {
        caught_signal = 0;
        struct sigaction action = {};
        action.sa_handler = remember_signal;  // Without SA_RESTART: read() ends with EINTR.
        for (std::size_t i = 0; i < kSignals.size(); ++i) {
            sigaction(kSignals[i], &action, &actions_[i]);
        }
        if (tcgetattr(terminal_, &before_) == 0) {
            termios changed = before_;
            if (!echo) {
                changed.c_lflag &= ~static_cast<tcflag_t>(ECHO);
            }
            changed.c_lflag |= ECHONL;
            silent_ = tcsetattr(terminal_, TCSAFLUSH, &changed) == 0;
        }
    }
    ~WithoutEcho() {
        if (silent_) {
            tcsetattr(terminal_, TCSAFLUSH, &before_);
        }
        for (std::size_t i = 0; i < kSignals.size(); ++i) {
            sigaction(kSignals[i], &actions_[i], nullptr);
        }
        if (caught_signal != 0) {
            raise(caught_signal);
        }
    }
    WithoutEcho(const WithoutEcho&) = delete;
    WithoutEcho& operator=(const WithoutEcho&) = delete;
    bool silent() const { return silent_; }

  private:
    int terminal_;
    bool silent_ = false;
    termios before_ = {};
    std::array<struct sigaction, kSignals.size()> actions_ = {};
};

// False when nothing more comes or a signal arrived.
bool read_line(int terminal, std::string& line) {
    line.clear();
    char byte = 0;
    while (line.size() < kSecretBytesMax) {
        const ssize_t got = read(terminal, &byte, 1);
        if (got < 0 && errno == EINTR && caught_signal == 0) {
            continue;
        }
        if (got <= 0) {
            return false;
        }
        if (byte == '\n') {
            return true;
        }
        line += byte;
    }
    return false;
}

Result<std::string> ask(const std::string& prompt, const std::string& option, bool echo) {
    const int terminal = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (terminal < 0) {
        return fail(invalid_argument(
            option, option + " is needed where nobody can be asked on a terminal"));
    }
    std::string line;
    bool complete = false;
    {
        const WithoutEcho quiet(terminal, echo);
        if (quiet.silent()) {
            const std::string text = printable(prompt) + ": ";
            complete =
                write(terminal, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
                read_line(terminal, line);
        }
    }
    close(terminal);
    if (!complete || line.empty()) {
        return fail(invalid_argument(option, "nothing was typed on the terminal"));
    }
    return line;
}

}  // namespace

Result<std::string> read_secret(const std::string& prompt, const std::string& option,
                                const std::string& file) {
    if (file.empty()) {
        return ask(prompt, option, false);
    }
    std::string line;
    bool found = false;
    if (file == "-") {
        found = static_cast<bool>(std::getline(std::cin, line));
    } else {
        std::ifstream stream(file);
        found = stream && std::getline(stream, line);
    }
    if (line.ends_with('\r')) {
        line.pop_back();
    }
    if (!found || line.empty() || line.size() > kSecretBytesMax) {
        return fail(invalid_argument(option, option + ": cannot read a line from " + file));
    }
    return line;
}

Result<std::string> read_new_password(const std::string& option, const std::string& file) {
    auto password = read_secret("New password (12 characters or more)", option, file);
    if (!password || !file.empty()) {
        return password;
    }
    auto again = read_secret("The same again", option, file);
    if (!again) {
        return again;
    }
    if (*again != *password) {
        return fail(invalid_argument(option, "the two passwords are not the same"));
    }
    return password;
}

Result<std::string> read_from_terminal(const std::string& prompt, const std::string& option) {
    return ask(prompt, option, true);
}

}  // namespace pgmind::app
