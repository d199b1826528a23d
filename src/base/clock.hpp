#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace pgmind {

using WallTime = std::chrono::time_point<std::chrono::system_clock, std::chrono::microseconds>;
using SteadyTime = std::chrono::steady_clock::time_point;

/// Time as a dependency, so that domain rules about time can be tested. Safe to use from any
/// thread.
class Clock {
  public:
    virtual ~Clock() = default;
    virtual WallTime now() const = 0;
    virtual SteadyTime steady_now() const = 0;
};

/// The machine's own clocks; lives as long as the process.
const Clock& system_clock();

/// RFC 3339 in UTC with microseconds: 2026-11-23T11:32:19.000123Z.
std::string format_time(WallTime time);

/// Reads RFC 3339 (any offset, up to 9 fraction digits, kept to the microsecond).
Result<WallTime> parse_time(std::string_view text);

/// A point in steady time after which nobody waits for the answer any more. Every call that does
/// I/O takes one. Cheap to copy.
class Deadline {
  public:
    static Deadline at(SteadyTime when) { return Deadline(when); }
    static Deadline after(std::chrono::steady_clock::duration duration) {
        return Deadline(std::chrono::steady_clock::now() + duration);
    }

    SteadyTime when() const { return when_; }
    bool passed() const { return std::chrono::steady_clock::now() >= when_; }
    std::chrono::steady_clock::duration remaining() const {
        const auto left = when_ - std::chrono::steady_clock::now();
        return left.count() > 0 ? left : std::chrono::steady_clock::duration::zero();
    }
    /// The earlier of this deadline and `duration` from now.
    Deadline capped(std::chrono::steady_clock::duration duration) const {
        const auto limit = std::chrono::steady_clock::now() + duration;
        return Deadline(when_ < limit ? when_ : limit);
    }

  private:
    explicit Deadline(SteadyTime when) : when_(when) {}
    SteadyTime when_;
};

}  // namespace pgmind
