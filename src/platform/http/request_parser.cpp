#include "platform/http/request_parser.hpp"

#include <algorithm>
#include <cstring>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>

#include "platform/http/target.hpp"

namespace pgmind::http {
namespace {

namespace beast_http = boost::beast::http;

std::string_view to_std(boost::beast::string_view text) {
    return {text.data(), text.size()};
}

bool is_upper_case_name(std::string_view method) {
    return std::all_of(method.begin(), method.end(),
                       [](char c) { return (c >= 'A' && c <= 'Z') || c == '-'; });
}

// Host is uri-host [":" port]: names, IPv4, [IPv6]. Nothing here can smuggle a path or a user.
bool is_host(std::string_view host) {
    constexpr std::string_view kOthers = "-._~!$&'()*+,;=%:[]";
    return !host.empty() && std::all_of(host.begin(), host.end(), [&](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               kOthers.find(c) != std::string_view::npos;
    });
}

bool is_digits(std::string_view text) {
    return !text.empty() &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

Refusal refusal_for(const boost::beast::error_code& error) {
    if (error == beast_http::error::bad_version) {
        return {505, "only HTTP/1.1 and HTTP/1.0 are spoken here"};
    }
    return {400, "the request is malformed: " + error.message()};
}

}  // namespace

HeadScanner::State HeadScanner::scan(std::string_view bytes) {
    while (scanned_ < bytes.size()) {
        const void* found = std::memchr(bytes.data() + scanned_, '\n', bytes.size() - scanned_);
        if (found == nullptr) {
            scanned_ = bytes.size();
            return State::incomplete;
        }
        const auto feed = static_cast<std::size_t>(static_cast<const char*>(found) - bytes.data());
        if (feed == line_begin_ || bytes[feed - 1] != '\r') {
            return State::bare_line_feed;
        }
        if (line_begin_ > 0 && (bytes[line_begin_] == ' ' || bytes[line_begin_] == '\t')) {
            return State::folded_line;
        }
        const bool empty_line = feed == line_begin_ + 1;
        line_begin_ = feed + 1;
        scanned_ = feed + 1;
        if (empty_line) {
            return State::complete;
        }
    }
    return State::incomplete;
}

RequestParser::RequestParser(RequestHead& head) : head_(&head) {
    // The sizes of heads and bodies are limited by whoever feeds the parser.
    header_limit(0xffffffff);
    body_limit(boost::none);
}

std::optional<Refusal> RequestParser::parse_head(std::string_view bytes) {
    ErrorCode error;
    put(boost::asio::buffer(bytes.data(), bytes.size()), error);
    if (refusal_) {
        return refusal_;
    }
    if (error || !head_done_) {
        return refusal_for(error);
    }
    return check_head();
}

void RequestParser::refuse(unsigned status, std::string_view detail, ErrorCode& error) {
    refusal_ = Refusal{status, std::string(detail)};
    error = beast_http::error::bad_value;
}

void RequestParser::on_request_impl(beast_http::verb, Text method, Text target, int version,
                                    ErrorCode& error) {
    if (!is_upper_case_name(to_std(method))) {
        refuse(501, "the method is not known", error);
        return;
    }
    head_->method.assign(method.data(), method.size());
    head_->target.assign(target.data(), target.size());
    version_ = version;
}

void RequestParser::on_field_impl(Field field, Text name, Text value, ErrorCode& error) {
    if (head_done_) {
        return;  // a trailer: nothing here uses them, and they must not pass for headers
    }
    if (head_->headers.size() == kFieldsMax) {
        refuse(431, "the request has more than 128 header fields", error);
        return;
    }
    head_->headers.add(std::string(name), std::string(value));
    const std::string_view text = to_std(value);
    switch (field) {
        case Field::content_length:
        case Field::transfer_encoding:
            check_framing(field, value, error);
            return;
        case Field::host:
            ++hosts_;
            if (hosts_ > 1 || !is_host(text)) {
                refuse(400, "there must be one Host field, and it must name a host", error);
            }
            return;
        case Field::authorization:
            ++authorizations_;
            if (authorizations_ > 1) {
                refuse(400, "there must be at most one Authorization field", error);
            }
            return;
        case Field::expect:
            if (!equals_ignoring_case(text, "100-continue")) {
                refuse(417, "the only expectation that can be met is 100-continue", error);
            }
            expects_continue_ = true;
            return;
        case Field::content_encoding:
            if (equals_ignoring_case(text, "gzip") || equals_ignoring_case(text, "x-gzip")) {
                gzip_ = true;
            } else if (!equals_ignoring_case(text, "identity")) {
                refuse(415, "the body must be sent as it is or with Content-Encoding: gzip", error);
            }
            return;
        default:
            return;
    }
}

// Where a request ends must not depend on who reads it: one length, or chunked alone.
void RequestParser::check_framing(Field field, Text value, ErrorCode& error) {
    const std::string_view text = to_std(value);
    if (field == Field::content_length) {
        if (has_content_length_ || has_transfer_encoding_ || !is_digits(text) || text.size() > 18) {
            refuse(400, "Content-Length must be one number, and not beside Transfer-Encoding",
                   error);
        }
        has_content_length_ = true;
        return;
    }
    if (has_content_length_ || has_transfer_encoding_ || version_ == 10) {
        refuse(400, "Transfer-Encoding must stand once, in HTTP/1.1, without Content-Length",
               error);
    } else if (!equals_ignoring_case(text, "chunked")) {
        refuse(501, "the only transfer encoding understood is chunked", error);
    }
    has_transfer_encoding_ = true;
}

std::optional<Refusal> RequestParser::check_head() {
    if (hosts_ == 0 && version_ == 11) {
        return Refusal{400, "HTTP/1.1 requires a Host field"};
    }
    auto parsed = http::parse_target(head_->target, *head_);
    if (!parsed) {
        return Refusal{400, parsed.error().detail};
    }
    // RFC 9110 section 10.1.1: the expectation of an HTTP/1.0 client is ignored.
    expects_continue_ = expects_continue_ && version_ == 11 && !is_done();
    return std::nullopt;
}

std::optional<std::uint64_t> RequestParser::body_bytes_left() const {
    if (is_done()) {
        return 0;
    }
    const auto left = content_length_remaining();
    return left ? std::optional<std::uint64_t>(*left) : std::nullopt;
}

std::optional<std::size_t> RequestParser::parse_body(std::string_view bytes, std::string& body) {
    body_ = &body;
    std::size_t consumed = 0;
    while (consumed < bytes.size() && !is_done()) {
        ErrorCode error;
        const std::size_t now =
            put(boost::asio::buffer(bytes.data() + consumed, bytes.size() - consumed), error);
        consumed += now;
        if (error == beast_http::error::need_more) {
            break;
        }
        if (error) {
            return std::nullopt;
        }
    }
    return consumed;
}

std::size_t RequestParser::on_body_impl(Text body, ErrorCode&) {
    body_->append(body.data(), body.size());
    return body.size();
}

std::size_t RequestParser::on_chunk_body_impl(std::uint64_t, Text body, ErrorCode&) {
    body_->append(body.data(), body.size());
    return body.size();
}

}  // namespace pgmind::http
