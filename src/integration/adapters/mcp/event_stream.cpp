#include "integration/adapters/mcp/event_stream.hpp"

namespace pgmind::integration::mcp {
namespace {

// How long a client waits before it takes up a broken stream.
constexpr std::string_view kRetry = "retry: 1000\n";

}  // namespace

std::string format_event(const Delivery& piece) {
    std::string text;
    if (piece.kind != Delivery::Kind::event) {
        return text;
    }
    text.reserve(piece.body.size() + 32);
    if (!piece.event_id.empty()) {
        text += "id: " + piece.event_id + '\n';
    }
    if (piece.primes) {
        text += kRetry;
        text += "data:\n\n";
        return text;
    }
    // JSON may hold line breaks between its tokens; each line of data has its own prefix.
    std::string_view rest = piece.body;
    while (true) {
        const std::size_t end = rest.find_first_of("\r\n");
        text += "data: ";
        text += rest.substr(0, end);
        text += '\n';
        if (end == std::string_view::npos) {
            break;
        }
        rest.remove_prefix(end + 1);
    }
    text += '\n';
    return text;
}

}  // namespace pgmind::integration::mcp
