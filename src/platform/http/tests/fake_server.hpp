#pragma once

#include <atomic>
#include <string>
#include <thread>
#include <vector>

namespace pgmind::http {

/// A server that answers with bytes given beforehand: on each connection the first request gets the
/// first answer, the next the second, and so on; then, or for an empty answer, it closes.
class FakeServer {
  public:
    explicit FakeServer(std::vector<std::string> answers);
    ~FakeServer();
    FakeServer(const FakeServer&) = delete;
    FakeServer& operator=(const FakeServer&) = delete;

    std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
    int connections() const { return connections_; }

  private:
    void run();
    void serve(int socket) const;

    std::vector<std::string> answers_;
    int listener_ = -1;
    int port_ = 0;
    std::atomic<int> connections_{0};
    std::thread thread_;
};

}  // namespace pgmind::http
