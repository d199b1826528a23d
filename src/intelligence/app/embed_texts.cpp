#include "intelligence/app/embed_texts.hpp"

#include <cmath>

#include "intelligence/api/errors.hpp"
#include "memory/api/entry.hpp"

namespace pgmind::intelligence {
namespace {

Result<void> check_texts(const std::vector<std::string>& texts) {
    if (texts.empty() || texts.size() > EmbedLimits::texts_max) {
        return fail(invalid_argument(
            "texts",
            "texts has from 1 to " + std::to_string(EmbedLimits::texts_max) + " elements"));
    }
    for (std::size_t i = 0; i < texts.size(); ++i) {
        if (texts[i].empty() || texts[i].size() > EmbedLimits::text_bytes_max) {
            return fail(invalid_argument("texts[" + std::to_string(i) + "]",
                                         "a text to embed has from 1 to " +
                                             std::to_string(EmbedLimits::text_bytes_max) +
                                             " bytes"));
        }
    }
    return {};
}

Result<void> check_vector(const std::vector<float>& vector, std::size_t dimensions) {
    if (vector.empty() || vector.size() > memory::Limits::dimensions_max) {
        return fail(IntelligenceErrc::embedder_misbehaved,
                    "the embedder gave a vector of " + std::to_string(vector.size()) +
                        " dimensions; 1 to " + std::to_string(memory::Limits::dimensions_max) +
                        " are possible");
    }
    if (vector.size() != dimensions) {
        return fail(IntelligenceErrc::embedder_misbehaved,
                    "the embedder gave vectors of " + std::to_string(dimensions) + " and " +
                        std::to_string(vector.size()) + " dimensions in one answer");
    }
    for (const float number : vector) {
        if (!std::isfinite(number)) {
            return fail(IntelligenceErrc::embedder_misbehaved,
                        "the embedder gave a number that is not finite");
        }
    }
    return {};
}

}  // namespace

Task<Result<std::vector<std::vector<float>>>> embed_texts(Embedder* embedder,
                                                          std::vector<std::string> texts,
                                                          Deadline deadline) {
    if (embedder == nullptr) {
        co_return fail(IntelligenceErrc::no_embedder,
                       "text cannot be turned into a vector: set embedder.kind (openai or ollama), "
                       "embedder.url and embedder.model, or send an embedding");
    }
    if (auto checked = check_texts(texts); !checked) {
        co_return fail(std::move(checked.error()));
    }
    std::vector<std::vector<float>> vectors;
    vectors.reserve(texts.size());
    while (vectors.size() < texts.size()) {
        const std::size_t begin = vectors.size();
        const std::size_t count = std::min(embedder->batch_max(), texts.size() - begin);
        std::vector<std::string> batch(texts.begin() + static_cast<std::ptrdiff_t>(begin),
                                       texts.begin() + static_cast<std::ptrdiff_t>(begin + count));
        auto answer = co_await embedder->embed(std::move(batch), deadline);
        if (!answer) {
            co_return fail(std::move(answer.error()));
        }
        if (answer->size() != count) {
            co_return fail(IntelligenceErrc::embedder_misbehaved,
                           "the embedder gave " + std::to_string(answer->size()) + " vectors for " +
                               std::to_string(count) + " texts");
        }
        for (std::vector<float>& vector : *answer) {
            const std::size_t dimensions = vectors.empty() ? vector.size() : vectors[0].size();
            if (auto checked = check_vector(vector, dimensions); !checked) {
                co_return fail(std::move(checked.error()));
            }
            vectors.push_back(std::move(vector));
        }
    }
    co_return vectors;
}

}  // namespace pgmind::intelligence
