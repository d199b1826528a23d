#include "platform/http/response_parser.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>

namespace pgmind::http {
namespace {

namespace beast_http = boost::beast::http;

constexpr std::size_t kFieldsMax = 256;

}  // namespace

ResponseParser::ResponseParser(bool to_head_request) {
    // The sizes of heads and bodies are limited by whoever feeds the parser.
    header_limit(0xffffffff);
    body_limit(boost::none);
    skip(to_head_request);
}

bool ResponseParser::parse_head(std::string_view bytes) {
    ErrorCode error;
    put(boost::asio::buffer(bytes.data(), bytes.size()), error);
    return !error && head_done_;
}

void ResponseParser::on_field_impl(Field, Text name, Text value, ErrorCode& error) {
    if (head_done_) {
        return;  // a trailer
    }
    if (headers_.size() == kFieldsMax) {
        error = beast_http::error::header_limit;
        return;
    }
    headers_.add(std::string(name), std::string(value));
}

std::optional<std::size_t> ResponseParser::parse_body(std::string_view bytes, std::string& body) {
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

bool ResponseParser::end_of_input() {
    ErrorCode error;
    put_eof(error);
    return !error && is_done();
}

std::size_t ResponseParser::on_body_impl(Text body, ErrorCode&) {
    body_->append(body.data(), body.size());
    return body.size();
}

std::size_t ResponseParser::on_chunk_body_impl(std::uint64_t, Text body, ErrorCode&) {
    body_->append(body.data(), body.size());
    return body.size();
}

}  // namespace pgmind::http
