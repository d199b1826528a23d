#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "platform/http/message.hpp"

namespace pgmind::http {

/// How the end of a response body is found.
enum class Framing {
    none,        ///< no body and no length (1xx, 204, 304, HEAD of unknown length)
    length,      ///< Content-Length
    chunked,     ///< Transfer-Encoding: chunked
    until_close  ///< HTTP/1.0 clients: the end of the connection
};

struct ResponseFrame {
    Framing framing = Framing::length;
    std::uint64_t length = 0;
    bool close = false;       ///< sends Connection: close
    bool keep_alive = false;  ///< sends Connection: keep-alive (HTTP/1.0)
};

/// True when each name is a token and no value holds a control character: a header value taken from
/// input must not be able to add headers.
bool can_be_sent(const Headers& headers);

/// Appends status line and header fields with the empty line. Fields that the frame decides
/// (Content-Length, Transfer-Encoding, Connection, Date) are not taken from `headers`.
void append_response_head(std::string& out, unsigned status, const Headers& headers,
                          const ResponseFrame& frame, std::string_view date);

/// The Date field's value: "Sun, 06 Nov 1994 08:49:37 GMT".
std::string format_http_date(std::int64_t unix_seconds);

/// A problem document (RFC 9457) for what no handler could answer. `detail` is plain text. The
/// request id is that of `head` (X-Request-Id, as far as the head was understood) or a new one.
Response problem_response(unsigned status, std::string_view detail, const RequestHead& head);

}  // namespace pgmind::http
