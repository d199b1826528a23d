// Requests as a connection reads them. However the bytes are cut, the same request must come out,
// and must end at the same place: a difference would be a way to smuggle a request.
#include <cstdlib>

#include "platform/http/content_coding.hpp"
#include "platform/http/request_parser.hpp"

namespace {

using namespace pgmind::http;

struct Outcome {
    HeadScanner::State head = HeadScanner::State::incomplete;
    unsigned refused = 0;
    bool broken = false;
    bool complete = false;
    std::size_t consumed = 0;
    std::string target;
    std::string body;

    bool operator==(const Outcome&) const = default;
};

void read_body(RequestParser& parser, std::string_view bytes, std::size_t step, Outcome& outcome) {
    std::string waiting;
    for (std::size_t at = 0; at < bytes.size() && !parser.body_done(); at += step) {
        waiting += bytes.substr(at, step);
        const auto consumed = parser.parse_body(waiting, outcome.body);
        if (!consumed) {
            outcome.broken = true;
            outcome.body.clear();  // how much came before the break depends on the cuts
            return;
        }
        waiting.erase(0, *consumed);
        outcome.consumed += *consumed;
    }
    outcome.complete = parser.body_done();
    if (!outcome.complete) {
        outcome.consumed = 0;
    }
}

Outcome read(std::string_view bytes, std::size_t step) {
    Outcome outcome;
    HeadScanner scanner;
    for (std::size_t end = 0;
         outcome.head == HeadScanner::State::incomplete && end < bytes.size();) {
        end = std::min(end + step, bytes.size());
        outcome.head = scanner.scan(bytes.substr(0, end));
    }
    if (outcome.head != HeadScanner::State::complete) {
        return outcome;
    }
    RequestHead head;
    RequestParser parser(head);
    if (const auto refusal = parser.parse_head(bytes.substr(0, scanner.length()))) {
        outcome.refused = refusal->status;
        return outcome;
    }
    outcome.target = head.target;
    outcome.consumed = scanner.length();
    read_body(parser, bytes.substr(scanner.length()), step, outcome);
    if (outcome.broken) {
        outcome.consumed = 0;
    }
    return outcome;
}

void unzip(const std::string& body) {
    Gunzip gunzip;
    gunzip.give(body);
    std::string decoded;
    while (!gunzip.needs_input() && decoded.size() < 1'000'000) {
        const std::size_t before = decoded.size();
        if (!gunzip.take(decoded, 1000)) {
            return;
        }
        if (decoded.size() - before > 1000) {
            std::abort();
        }
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) {
        return 0;
    }
    const std::size_t step = 1 + data[0] % 16;
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    const Outcome whole = read(bytes, std::max<std::size_t>(bytes.size(), 1));
    if (!(whole == read(bytes, step))) {
        std::abort();
    }
    unzip(whole.body);
    return 0;
}
