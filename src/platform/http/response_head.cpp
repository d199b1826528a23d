#include "platform/http/response_head.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>

#include <time.h>

#include "base/ids.hpp"

namespace pgmind::http {
namespace {

bool is_token(std::string_view name) {
    constexpr std::string_view kOthers = "!#$%&'*+-.^_`|~";
    return !name.empty() && std::all_of(name.begin(), name.end(), [&](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               kOthers.find(c) != std::string_view::npos;
    });
}

bool is_field_value(std::string_view value) {
    return std::all_of(value.begin(), value.end(), [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
    });
}

// Names are compared only when their length matches, which nearly none does.
bool is_decided_by_frame(std::string_view name) {
    switch (name.size()) {
        case 4:
            return equals_ignoring_case(name, "Date");
        case 10:
            return equals_ignoring_case(name, "Connection");
        case 14:
            return equals_ignoring_case(name, "Content-Length");
        case 17:
            return equals_ignoring_case(name, "Transfer-Encoding");
        default:
            return false;
    }
}

void append_number(std::string& out, std::uint64_t number) {
    std::array<char, 20> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    out.append(digits.data(), end);
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
    out += name;
    out += ": ";
    out += value;
    out += "\r\n";
}

}  // namespace

bool can_be_sent(const Headers& headers) {
    return std::all_of(headers.begin(), headers.end(), [](const auto& field) {
        return is_token(field.first) && is_field_value(field.second);
    });
}

void append_response_head(std::string& out, unsigned status, const Headers& headers,
                          const ResponseFrame& frame, std::string_view date) {
    out += "HTTP/1.1 ";
    append_number(out, status);
    out += ' ';
    out += reason_phrase(status);
    out += "\r\n";
    append_field(out, "Date", date);
    for (const auto& [name, value] : headers) {
        if (!is_decided_by_frame(name)) {
            append_field(out, name, value);
        }
    }
    if (frame.framing == Framing::length) {
        out += "Content-Length: ";
        append_number(out, frame.length);
        out += "\r\n";
    } else if (frame.framing == Framing::chunked) {
        out += "Transfer-Encoding: chunked\r\n";
    }
    if (frame.close) {
        out += "Connection: close\r\n";
    } else if (frame.keep_alive) {
        out += "Connection: keep-alive\r\n";
    }
    out += "\r\n";
}

std::string format_http_date(std::int64_t unix_seconds) {
    static constexpr std::array kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr std::array kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                           "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const time_t seconds = unix_seconds;
    tm parts{};
    ::gmtime_r(&seconds, &parts);
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), "%s, %02d %s %04d %02d:%02d:%02d GMT",
                  kDays.at(static_cast<std::size_t>(parts.tm_wday)), parts.tm_mday,
                  kMonths.at(static_cast<std::size_t>(parts.tm_mon)), parts.tm_year + 1900,
                  parts.tm_hour, parts.tm_min, parts.tm_sec);
    return text.data();
}

Response problem_response(unsigned status, std::string_view detail, const RequestHead& head) {
    const auto given = head.headers.find("X-Request-Id");
    const std::string request_id =
        given && is_uuid(*given) ? std::string(*given) : new_request_id().value();
    Response response;
    response.status = status;
    response.headers.add("Content-Type", "application/problem+json");
    response.headers.add("Cache-Control", "no-store");
    response.headers.add("X-Request-Id", request_id);
    response.body = R"({"type":"about:blank","title":")";
    response.body += reason_phrase(status);
    response.body += R"(","status":)";
    append_number(response.body, status);
    response.body += R"(,"detail":")";
    for (const char c : detail) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            response.body += '\\';
        }
        response.body += byte < 0x20 || byte >= 0x7f ? ' ' : c;
    }
    response.body += R"(","request_id":")" + request_id + "\"}";
    return response;
}

}  // namespace pgmind::http
