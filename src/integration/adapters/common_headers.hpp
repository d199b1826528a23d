#pragma once

#include "base/ids.hpp"
#include "platform/http/message.hpp"

namespace pgmind::integration {

/// What every answer carries, whatever the protocol: the request id, what keeps browsers from
/// guessing, framing, embedding or keeping it, and over TLS (`secure`) that they should not come
/// back without it (RFC 6797; one year, as ASVS 5 asks). A Cache-Control that is there already
/// stays.
void add_common_headers(http::Headers& headers, const RequestId& request_id, bool secure);

}  // namespace pgmind::integration
