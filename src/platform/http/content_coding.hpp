#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "platform/http/message.hpp"

struct z_stream_s;

namespace pgmind::http {

/// Whether an Accept-Encoding field allows gzip (RFC 9110 section 12.5.3).
bool accepts_gzip(std::string_view accept_encoding);

/// Whether a response gains by gzip: text of 1 KiB to 1 MiB (more would hold the event loop too
/// long), not encoded yet, not partial, and without a strong ETag (which names exact bytes, so a
/// later If-Match would no longer compare).
bool is_worth_compressing(const Response& response);

/// `text` as one gzip member.
std::string gzip(std::string_view text);

/// Decodes gzip from parts of any size into parts of bounded size. One body each.
class Gunzip {
  public:
    Gunzip();

    /// Takes the next encoded part; only after the one before has been used up.
    void give(std::string encoded);
    /// Appends at most `bytes_max` decoded bytes, using up what was given as far as it goes. Fails
    /// with Errc::malformed on what is not gzip.
    Result<void> take(std::string& decoded, std::size_t bytes_max);
    bool needs_input() const { return offset_ == encoded_.size() && !output_pending_; }
    /// Whether the members given so far are complete: true where a body may end.
    bool complete() const { return at_member_end_; }

  private:
    struct Free {
        void operator()(z_stream_s* stream) const;
    };
    std::unique_ptr<z_stream_s, Free> stream_;
    std::string encoded_;
    std::size_t offset_ = 0;
    bool at_member_end_ = false;
    bool output_pending_ = false;
};

}  // namespace pgmind::http
