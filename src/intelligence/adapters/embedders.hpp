#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "async/blocking_pool.hpp"
#include "intelligence/app/ports.hpp"

namespace pgmind::intelligence {

enum class EmbedderKind {
    openai,  ///< POST URL/v1/embeddings {model, input, dimensions?}, as OpenAI and those like it
    ollama   ///< POST URL/api/embed {model, input, truncate: false}
};

struct EmbedderOptions {
    EmbedderKind kind = EmbedderKind::openai;
    std::string url;  ///< http(s)://host:port, without the path named above
    std::string model;
    std::int64_t dimensions = 0;  ///< to ask for; 0: the model's own
    std::string api_key;          ///< sent as a bearer token when not empty
};

/// An embedder behind HTTP, for one loop. Fails on a URL that is none. Answers above 64 MB are
/// refused; one call waits 60 s at most, or until the deadline if that is earlier.
Result<std::unique_ptr<Embedder>> make_http_embedder(boost::asio::io_context& loop,
                                                     async::BlockingPool& blocking,
                                                     EmbedderOptions options);

}  // namespace pgmind::intelligence
