#include "integration/adapters/common_headers.hpp"

namespace pgmind::integration {

void add_common_headers(http::Headers& headers, const RequestId& request_id, bool secure) {
    headers.set("X-Request-Id", request_id.value());
    headers.set("X-Content-Type-Options", "nosniff");
    headers.set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
    headers.set("Cross-Origin-Resource-Policy", "same-origin");
    headers.set("Referrer-Policy", "no-referrer");
    if (secure) {
        headers.set("Strict-Transport-Security", "max-age=31536000; includeSubDomains");
    }
    if (!headers.find("Cache-Control")) {
        headers.add("Cache-Control", "no-store");
    }
}

}  // namespace pgmind::integration
