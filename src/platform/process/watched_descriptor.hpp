#pragma once

#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <fcntl.h>
#include <unistd.h>

#include "async/task.hpp"

namespace pgmind::process {

/// A duplicate of a descriptor, for an event loop to watch. Asio relies on close() to end the
/// watching, which it does not while the original is open; so this takes it out of the loop first.
/// Belongs to one event loop.
class WatchedDescriptor {
  public:
    using Stream = boost::asio::posix::basic_stream_descriptor<Executor>;

    /// Not valid() when there are no descriptors left.
    WatchedDescriptor(Executor executor, int original) : stream_(executor) {
        const int duplicate = ::fcntl(original, F_DUPFD_CLOEXEC, 3);
        if (duplicate >= 0) {
            stream_.assign(duplicate);
        }
    }
    ~WatchedDescriptor() {
        if (stream_.is_open()) {
            ::close(stream_.release());
        }
    }
    WatchedDescriptor(const WatchedDescriptor&) = delete;
    WatchedDescriptor& operator=(const WatchedDescriptor&) = delete;

    bool valid() const { return stream_.is_open(); }
    Stream& stream() { return stream_; }

  private:
    Stream stream_;
};

}  // namespace pgmind::process
