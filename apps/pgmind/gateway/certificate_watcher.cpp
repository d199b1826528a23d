#include "gateway/certificate_watcher.hpp"

#include <sys/stat.h>

#include "platform/telemetry/log.hpp"

namespace pgmind::app {
namespace {

constexpr auto kPause = std::chrono::seconds(5);
constexpr auto kLookTimeout = std::chrono::seconds(30);

void append_state(std::string& states, const std::string& file) {
    struct stat state{};
    if (::stat(file.c_str(), &state) == 0) {
        states += std::to_string(state.st_ino) + "/" + std::to_string(state.st_size) + "/" +
                  std::to_string(state.st_mtim.tv_sec) + "." +
                  std::to_string(state.st_mtim.tv_nsec);
    }
    states += ";";
}

std::string state_of(const std::string& certificate_file, const std::string& key_file) {
    std::string states;
    append_state(states, certificate_file);
    append_state(states, key_file);
    return states;
}

}  // namespace

void CertificateWatcher::start() {
    served_ = state_of(certificate_file_, key_file_);
    running_ = true;
    async::spawn(executor_, run());
}

Task<void> CertificateWatcher::look() {
    const Deadline deadline = Deadline::after(kLookTimeout);
    auto read_state = [certificate = certificate_file_, key = key_file_] {
        return state_of(certificate, key);
    };
    const Result<std::string> state = co_await blocking_.run(std::move(read_state), deadline);
    if (!state || *state == served_) {
        co_return;
    }
    auto reload = [&server = server_] { return server.reload_certificate(); };
    const auto reloaded = co_await blocking_.run(std::move(reload), deadline);
    if (reloaded && *reloaded) {
        served_ = *state;
        log::info("the TLS certificate was renewed", {{"file", certificate_file_}});
    } else if (reloaded && *state != refused_) {
        refused_ = *state;
        log::warning("a changed TLS certificate cannot be used; the old one serves on",
                     {{"error", reloaded->error().detail}});
    }
}

Task<void> CertificateWatcher::run() {
    while (!stopping_) {
        const Deadline next = Deadline::after(kPause);
        co_await wake_.wait_until(next);
        if (!stopping_) {
            co_await look();
        }
    }
    running_ = false;
    wake_.notify_all();
}

Task<void> CertificateWatcher::stop() {
    stopping_ = true;
    wake_.notify_all();
    while (running_) {
        co_await wake_.wait();
    }
}

}  // namespace pgmind::app
