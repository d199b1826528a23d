#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <boost/beast/http/basic_parser.hpp>

#include "platform/http/message.hpp"

namespace pgmind::http {

/// Reads one response of HTTP/1.1 or 1.0 with Beast's grammar. No I/O; one response each.
class ResponseParser final : private boost::beast::http::basic_parser<false> {
  public:
    /// `to_head_request`: the answer to HEAD has no body, whatever its length says.
    explicit ResponseParser(bool to_head_request);

    /// `bytes` is a complete head (HeadScanner). False when it is not a response.
    bool parse_head(std::string_view bytes);

    unsigned status() const { return status_; }
    Headers take_headers() { return std::move(headers_); }
    bool keeps_alive() const { return keep_alive(); }
    bool body_done() const { return is_done(); }

    /// Appends the body bytes that `bytes` begins with to `body` and gives the number of bytes
    /// consumed: 0 when more input is needed. nullopt when the framing is broken.
    std::optional<std::size_t> parse_body(std::string_view bytes, std::string& body);
    /// The connection has ended. True when that is how the body ends.
    bool end_of_input();

  private:
    using ErrorCode = boost::beast::error_code;
    using Text = boost::beast::string_view;
    using Field = boost::beast::http::field;

    void on_request_impl(boost::beast::http::verb, Text, Text, int, ErrorCode&) override {}
    void on_response_impl(int status, Text, int, ErrorCode&) override {
        status_ = static_cast<unsigned>(status);
    }
    void on_field_impl(Field, Text name, Text value, ErrorCode& error) override;
    void on_header_impl(ErrorCode&) override { head_done_ = true; }
    void on_body_init_impl(const boost::optional<std::uint64_t>&, ErrorCode&) override {}
    std::size_t on_body_impl(Text body, ErrorCode&) override;
    void on_chunk_header_impl(std::uint64_t, Text, ErrorCode&) override {}
    std::size_t on_chunk_body_impl(std::uint64_t, Text body, ErrorCode&) override;
    void on_finish_impl(ErrorCode&) override {}

    Headers headers_;
    std::string* body_ = nullptr;
    unsigned status_ = 0;
    bool head_done_ = false;
};

}  // namespace pgmind::http
