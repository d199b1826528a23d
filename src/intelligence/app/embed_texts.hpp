#pragma once

#include <string>
#include <vector>

#include "intelligence/app/ports.hpp"

namespace pgmind::intelligence {

/// What one call may ask for.
struct EmbedLimits {
    static constexpr std::size_t texts_max = 10'000;
    static constexpr std::size_t text_bytes_max = 1'000'000;
};

/// Vectors for texts, in order: batch after batch, each of the size that the embedder takes. Every
/// vector is checked: as many as texts, all of the same dimensions (1 to 16,000), finite numbers.
/// `embedder` null means that none is configured: not_supported, naming the setting. Borrows the
/// embedder until it returns.
Task<Result<std::vector<std::vector<float>>>> embed_texts(Embedder* embedder,
                                                          std::vector<std::string> texts,
                                                          Deadline deadline);

}  // namespace pgmind::intelligence
