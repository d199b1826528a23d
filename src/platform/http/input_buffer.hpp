#pragma once

#include <cstring>
#include <memory>
#include <span>
#include <string_view>

namespace pgmind::http {

/// Bytes received and not yet consumed. Holds little while a connection idles and grows when there
/// is more to read, so that thousands of idle connections are cheap. Not thread-safe.
class InputBuffer {
  public:
    static constexpr std::size_t kIdleBytes = 2048;

    std::string_view view() const { return {bytes_.get() + begin_, end_ - begin_}; }
    bool empty() const { return begin_ == end_; }
    std::size_t size() const { return end_ - begin_; }

    void consume(std::size_t count) {
        begin_ += count;
        if (begin_ == end_) {
            begin_ = end_ = 0;
        }
    }

    /// Space for more, at least one byte; the buffer grows by doubling up to `capacity_max`. Empty
    /// when `capacity_max` bytes are waiting to be consumed.
    std::span<char> prepare(std::size_t capacity_max) {
        if (end_ == capacity_) {
            make_room(capacity_max);
        }
        return {bytes_.get() + end_, capacity_ - end_};
    }
    void commit(std::size_t count) { end_ += count; }

    /// Adds a copy, growing as far as needed: the caller bounds size().
    void append(std::string_view bytes) {
        while (!bytes.empty()) {
            const std::span<char> space = prepare(size() + bytes.size() + kIdleBytes);
            const std::size_t count = space.size() < bytes.size() ? space.size() : bytes.size();
            std::memcpy(space.data(), bytes.data(), count);
            commit(count);
            bytes.remove_prefix(count);
        }
    }

    /// Gives back what a large request needed; only when empty.
    void shrink() {
        if (empty() && capacity_ > kIdleBytes) {
            bytes_.reset();
            capacity_ = 0;
        }
    }

  private:
    void make_room(std::size_t capacity_max) {
        const std::size_t waiting = size();
        std::size_t wanted = capacity_;
        if (waiting == capacity_) {
            wanted = capacity_ == 0 ? kIdleBytes : capacity_ * 2;
            wanted = wanted < capacity_max ? wanted : capacity_max;
        }
        if (wanted > capacity_) {
            auto larger = std::make_unique_for_overwrite<char[]>(wanted);
            if (waiting > 0) {
                std::memcpy(larger.get(), bytes_.get() + begin_, waiting);
            }
            bytes_ = std::move(larger);
            capacity_ = wanted;
        } else if (waiting > 0) {
            std::memmove(bytes_.get(), bytes_.get() + begin_, waiting);
        }
        begin_ = 0;
        end_ = waiting;
    }

    std::unique_ptr<char[]> bytes_;
    std::size_t capacity_ = 0;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
};

}  // namespace pgmind::http
