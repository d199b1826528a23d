#pragma once

#include <string>

#include "async/blocking_pool.hpp"
#include "async/notifier.hpp"
#include "platform/http/server.hpp"

namespace pgmind::app {

/// Takes a renewed certificate into use: looks every five seconds whether its files changed, on one
/// worker's loop, until stopped. While the two files do not go together (one is written before the
/// other), the old ones serve on.
class CertificateWatcher {
  public:
    CertificateWatcher(Executor executor, async::BlockingPool& blocking, http::Server& server,
                       std::string certificate_file, std::string key_file)
        : executor_(executor),
          wake_(executor),
          blocking_(blocking),
          server_(server),
          certificate_file_(std::move(certificate_file)),
          key_file_(std::move(key_file)) {}

    void start();
    /// Runs on the worker's loop.
    Task<void> stop();

  private:
    Task<void> run();
    Task<void> look();

    Executor executor_;
    async::Notifier wake_;
    async::BlockingPool& blocking_;
    http::Server& server_;
    std::string certificate_file_;
    std::string key_file_;
    std::string served_;   ///< the state of the files that is served
    std::string refused_;  ///< the one that could not be; told once
    bool stopping_ = false;
    bool running_ = false;
};

}  // namespace pgmind::app
