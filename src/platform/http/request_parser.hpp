#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <boost/beast/http/basic_parser.hpp>

#include "platform/http/message.hpp"

namespace pgmind::http {

inline constexpr std::size_t kFieldsMax = 128;

/// An answer that the server gives by itself, because there is no request for a handler.
struct Refusal {
    unsigned status = 400;
    std::string detail;
};

/// Finds the end of a head in bytes as they arrive, and refuses early what Beast would accept or
/// wait for: bare line feeds and folded lines. Looks at each byte once. Pure.
class HeadScanner {
  public:
    enum class State { incomplete, complete, bare_line_feed, folded_line };

    /// `bytes` begins where the head begins; it may only grow between calls.
    State scan(std::string_view bytes);
    /// Length of the head with its empty line, once complete.
    std::size_t length() const { return line_begin_; }
    /// Whether the first line is complete.
    bool has_request_line() const { return line_begin_ > 0; }
    void reset() { *this = HeadScanner(); }

  private:
    std::size_t line_begin_ = 0;
    std::size_t scanned_ = 0;
};

/// Reads one request of HTTP/1.1 or 1.0 with Beast's grammar, and stricter than Beast where
/// lenience lets two servers disagree on where a request ends (request smuggling). No I/O; one
/// request each.
class RequestParser final : private boost::beast::http::basic_parser<true> {
  public:
    /// Fills `head`, which must be empty and outlive the parser.
    explicit RequestParser(RequestHead& head);

    /// `bytes` is a complete head (HeadScanner). nullopt when it is a request to be served.
    std::optional<Refusal> parse_head(std::string_view bytes);

    bool keeps_alive() const { return keep_alive(); }
    bool is_http_1_0() const { return version_ == 10; }
    bool expects_continue() const { return expects_continue_; }
    bool gzip() const { return gzip_; }
    bool body_done() const { return is_done(); }
    /// nullopt for a chunked body.
    std::optional<std::uint64_t> body_bytes_left() const;

    /// Appends the body bytes that `bytes` begins with to `body`, at most all of them, and gives
    /// the number of bytes consumed: 0 when more input is needed. nullopt when the framing is
    /// broken.
    std::optional<std::size_t> parse_body(std::string_view bytes, std::string& body);

  private:
    using ErrorCode = boost::beast::error_code;
    using Text = boost::beast::string_view;
    using Field = boost::beast::http::field;

    void on_request_impl(boost::beast::http::verb, Text method, Text target, int version,
                         ErrorCode& error) override;
    void on_response_impl(int, Text, int, ErrorCode&) override {}
    void on_field_impl(Field field, Text name, Text value, ErrorCode& error) override;
    void on_header_impl(ErrorCode&) override { head_done_ = true; }
    void on_body_init_impl(const boost::optional<std::uint64_t>&, ErrorCode&) override {}
    std::size_t on_body_impl(Text body, ErrorCode&) override;
    void on_chunk_header_impl(std::uint64_t, Text, ErrorCode&) override {}
    std::size_t on_chunk_body_impl(std::uint64_t, Text body, ErrorCode&) override;
    void on_finish_impl(ErrorCode&) override {}

    void refuse(unsigned status, std::string_view detail, ErrorCode& error);
    void check_framing(Field field, Text value, ErrorCode& error);
    std::optional<Refusal> check_head();

    RequestHead* head_;
    std::string* body_ = nullptr;
    std::optional<Refusal> refusal_;
    int version_ = 11;
    std::size_t hosts_ = 0;
    std::size_t authorizations_ = 0;
    bool has_content_length_ = false;
    bool has_transfer_encoding_ = false;
    bool expects_continue_ = false;
    bool gzip_ = false;
    bool head_done_ = false;
};

}  // namespace pgmind::http
