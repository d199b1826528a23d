#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/clock.hpp"

namespace pgmind::app {

/// Shows how far long work has come, on standard error: a bar that is redrawn on a terminal, else a
/// line now and then, so that a log shows that the work goes on.
class ProgressBar {
  public:
    enum class Unit { count, bytes };
    /// Where the bar is drawn. The default is standard error as it is.
    struct Target {
        bool terminal = false;
        std::function<void(const std::string&)> write;
    };

    /// `total` 0: unknown.
    ProgressBar(std::string title, std::int64_t total, Unit unit);
    ProgressBar(std::string title, std::int64_t total, Unit unit, Target target);
    /// Ends the line of a bar that nobody finished.
    ~ProgressBar();
    ProgressBar(const ProgressBar&) = delete;
    ProgressBar& operator=(const ProgressBar&) = delete;

    void update(std::int64_t done, SteadyTime now);
    void update(std::int64_t done);
    /// Draws the last state and ends the line.
    void finish();

  private:
    void draw();
    std::string amount(std::int64_t value) const;

    std::string title_;
    std::int64_t total_;
    Unit unit_;
    Target target_;
    std::int64_t done_ = 0;
    std::chrono::milliseconds interval_;
    SteadyTime due_;
    bool drawn_ = false;
    bool finished_ = false;
};

}  // namespace pgmind::app
