// Request targets: path, segments, query, percent-decoding. What was read is written and read
// again.
#include <cstdlib>

#include "base/text.hpp"
#include "platform/http/target.hpp"

namespace {

void require(bool holds) {
    if (!holds) {
        std::abort();
    }
}

bool is_clean(const std::string& text) {
    return pgmind::is_utf8(text) && text.find('\0') == std::string::npos;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace pgmind::http;
    RequestHead head;
    head.headers.add("Host", "h");
    if (!parse_target({reinterpret_cast<const char*>(data), size}, head) || head.path == "*") {
        return 0;
    }
    require(head.path.starts_with('/') && is_clean(head.path));
    std::string again;
    for (const std::string& segment : head.segments) {
        require(is_clean(segment));
        again += "/" + percent_encode(segment);
    }
    again += again.empty() ? "/?" : "?";
    for (const auto& [name, value] : head.query) {
        require(is_clean(name) && is_clean(value));
        again += percent_encode(name) + "=" + percent_encode(value) + "&";
    }
    RequestHead second;
    require(parse_target(again, second).has_value());
    require(second.segments == head.segments && second.query == head.query);
    return 0;
}
