// Responses as the client reads them: however the bytes are cut, the same body must come out.
#include <cstdlib>

#include "platform/http/request_parser.hpp"
#include "platform/http/response_parser.hpp"

namespace {

using namespace pgmind::http;

// The body, or nothing when the response is malformed or cut.
std::optional<std::string> read(std::string_view bytes, std::size_t step) {
    HeadScanner scanner;
    if (scanner.scan(bytes) != HeadScanner::State::complete) {
        return std::nullopt;
    }
    ResponseParser parser(false);
    if (!parser.parse_head(bytes.substr(0, scanner.length()))) {
        return std::nullopt;
    }
    bytes.remove_prefix(scanner.length());
    std::string body;
    std::string waiting;
    for (std::size_t at = 0; at < bytes.size() && !parser.body_done(); at += step) {
        waiting += bytes.substr(at, step);
        const auto consumed = parser.parse_body(waiting, body);
        if (!consumed) {
            return std::nullopt;
        }
        waiting.erase(0, *consumed);
    }
    const bool complete = parser.body_done() || parser.end_of_input();
    return complete ? std::optional(body) : std::nullopt;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) {
        return 0;
    }
    const std::size_t step = 1 + data[0] % 16;
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    if (read(bytes, std::max<std::size_t>(bytes.size(), 1)) != read(bytes, step)) {
        std::abort();
    }
    return 0;
}
