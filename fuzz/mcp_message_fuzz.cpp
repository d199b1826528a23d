// JSON-RPC messages and batches as strangers send them to /mcp. Whatever comes, it is a bounded
// number of messages or an error that can be sent back as JSON.
#include <cstdlib>

#include "integration/adapters/mcp/message.hpp"

namespace {

using namespace pgmind;
using namespace pgmind::integration::mcp;

constexpr std::size_t kBytesMax = 65'536;

void require(bool holds) {
    if (!holds) {
        std::abort();
    }
}

bool is_json(const std::string& text) {
    return json::parse_object(text, {.bytes_max = 4 * kBytesMax, .depth_max = 64}).has_value();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string text(reinterpret_cast<const char*>(data), size);
    const auto incoming = parse_incoming(std::move(text), kBytesMax);
    if (!incoming) {
        require(is_json(error_message(incoming.error().id, incoming.error().error)));
        return 0;
    }
    const auto& messages = incoming->messages;
    require(!messages.empty() && messages.size() <= kBatchMessagesMax);
    require(incoming->batch || messages.size() == 1);
    for (const Message& message : messages) {
        static_cast<void>(message.facts());
        if (!message.id.empty()) {
            require(is_json(result_message(message.id, "{}")));
        }
    }
    return 0;
}
