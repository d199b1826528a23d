#pragma once

#include <memory>
#include <mutex>
#include <utility>

namespace pgmind::async {

/// Hands an immutable value from the one who makes it to any number of threads that read it. The
/// lock is held for the copy of a pointer only. (std::atomic<std::shared_ptr> of libstdc++ 12 is
/// not understood by the thread sanitizer.) Thread-safe.
template <class T>
class SnapshotCell {
  public:
    explicit SnapshotCell(std::shared_ptr<const T> value) : value_(std::move(value)) {}

    std::shared_ptr<const T> get() const {
        const std::lock_guard lock(mutex_);
        return value_;
    }

    void set(std::shared_ptr<const T> value) {
        {
            const std::lock_guard lock(mutex_);
            value_.swap(value);
        }
        // The old value, if this was its last owner, is destroyed here: outside of the lock.
    }

  private:
    mutable std::mutex mutex_;
    std::shared_ptr<const T> value_;
};

}  // namespace pgmind::async
