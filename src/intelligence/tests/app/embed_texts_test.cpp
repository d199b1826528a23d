#include "intelligence/app/embed_texts.hpp"

#include <cmath>

#include <gtest/gtest.h>

namespace pgmind::intelligence {
namespace {

// Answers with what it was told to, batch by batch.
class ScriptedEmbedder final : public Embedder {
  public:
    using Answer = Result<std::vector<std::vector<float>>>;

    explicit ScriptedEmbedder(std::vector<Answer> answers) : answers_(std::move(answers)) {}

    std::size_t batch_max() const override { return 2; }
    Task<Answer> embed(std::vector<std::string> texts, Deadline) override {
        batches.push_back(std::move(texts));
        co_return answers_.at(batches.size() - 1);
    }

    std::vector<std::vector<std::string>> batches;

  private:
    std::vector<Answer> answers_;
};

Result<std::vector<std::vector<float>>> run(Embedder* embedder, std::vector<std::string> texts) {
    boost::asio::io_context loop(1);
    const Deadline deadline = Deadline::after(std::chrono::seconds(5));
    return async::run_blocking_loop(loop, embed_texts(embedder, std::move(texts), deadline));
}

using Vectors = std::vector<std::vector<float>>;

TEST(EmbedTexts, GoesBatchAfterBatchAndKeepsTheOrder) {
    ScriptedEmbedder embedder({Vectors{{1, 0}, {2, 0}}, Vectors{{3, 0}}});
    const auto vectors = run(&embedder, {"a", "b", "c"});
    ASSERT_TRUE(vectors.has_value());
    EXPECT_EQ(*vectors, (Vectors{{1, 0}, {2, 0}, {3, 0}}));
    EXPECT_EQ(embedder.batches, (std::vector<std::vector<std::string>>{{"a", "b"}, {"c"}}));
}

TEST(EmbedTexts, WithoutAnEmbedderNamesTheSetting) {
    const auto vectors = run(nullptr, {"a"});
    ASSERT_FALSE(vectors.has_value());
    EXPECT_TRUE(vectors.error().is(Failure::not_supported));
    EXPECT_NE(vectors.error().detail.find("embedder.kind"), std::string::npos);
}

TEST(EmbedTexts, RefusesAnswersThatAreNotAVectorForEachText) {
    const std::vector<Vectors> bad = {{},       {{1, 0}},           {{1, 0}, {1}},
                                      {{}, {}}, {{1, 0}, {NAN, 0}}, {{1}, {INFINITY}}};
    for (const Vectors& answer : bad) {
        ScriptedEmbedder embedder({answer});
        const auto vectors = run(&embedder, {"a", "b"});
        ASSERT_FALSE(vectors.has_value());
        EXPECT_TRUE(vectors.error().is(Failure::unavailable));
    }
}

TEST(EmbedTexts, RefusesEmptyTextsAndNamesThem) {
    ScriptedEmbedder embedder({});
    const auto vectors = run(&embedder, {"a", ""});
    ASSERT_FALSE(vectors.has_value());
    EXPECT_EQ(vectors.error().field, "texts[1]");
    EXPECT_TRUE(embedder.batches.empty());
}

}  // namespace
}  // namespace pgmind::intelligence
