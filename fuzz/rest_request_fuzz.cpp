// The parts of a REST request that callers write: target, conditions, host and origin, lines of an
// import. Lines must come out the same wherever the bytes are cut.
#include <cstdlib>

#include "integration/adapters/acl_security.hpp"
#include "integration/adapters/origin_policy.hpp"
#include "integration/adapters/rest/conditional.hpp"
#include "integration/adapters/rest/ndjson.hpp"
#include "integration/adapters/rest/query.hpp"
#include "integration/adapters/rest/router.hpp"
#include "integration/adapters/rest/routes.hpp"
#include "platform/http/target.hpp"

namespace {

using namespace pgmind;
using namespace pgmind::integration;

// All lines, or the number of the line that is too long.
std::vector<std::string> lines_of(std::string_view text, std::size_t cut) {
    rest::LineSplitter splitter(64);
    std::vector<std::string> lines;
    const auto drain = [&] {
        while (true) {
            const auto line = splitter.next();
            if (!line) {
                lines.push_back("too long: " + std::to_string(splitter.line_number()));
                return false;
            }
            if (!*line) {
                return true;
            }
            lines.emplace_back(**line);
        }
    };
    for (std::size_t at = 0; at < text.size(); at += cut) {
        splitter.feed(text.substr(at, cut));
        if (!drain()) {
            return lines;
        }
    }
    splitter.finish();
    drain();
    return lines;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const rest::Router router(rest::kRoutes);
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    http::RequestHead head;
    head.headers.add("Host", std::string(text));
    head.headers.add("Origin", "http://" + std::string(text));
    OriginPolicy policy;
    static_cast<void>(policy.check(head.headers, size % 2 == 0));
    if (http::parse_target(text, head)) {
        const auto match = router.match("GET", head.segments);
        static_cast<void>(rest::check_query(head, match.route ? match.route->query : ""));
    }
    const auto condition = rest::parse_if_match(text);
    if (condition && !condition->any && condition->version < 1) {
        std::abort();
    }
    rest::none_match_holds(text, "\"1-x\"");
    bearer_key(text);
    const auto whole = lines_of(text, text.size() + 1);
    if (lines_of(text, 1) != whole || lines_of(text, 7) != whole) {
        std::abort();
    }
    return 0;
}
