#include "graph/codes.hpp"

#include <limits>

#include <gtest/gtest.h>

#include "graph/support.hpp"

namespace pgmind::graph::test {
namespace {

constexpr std::size_t page_bytes = 8192;

struct Edge {
    EdgeFactors factors{};
    std::vector<std::uint8_t> code;
};

Edge encoded(Metric metric, const Vector& parent, const Vector& child, std::size_t coded) {
    Edge edge;
    // What encode_edge leaves unwritten would show.
    edge.code.assign(code_bytes(coded), 0xA5);
    edge.factors =
        encode_edge(metric, parent.data(), child.data(), parent.size(), coded, edge.code.data());
    return edge;
}

float estimated(Metric metric, const Vector& query, const Vector& parent, const Edge& edge,
                float parent_distance) {
    const std::size_t coded = edge.code.size() * 8;
    QueryCode code;
    prepare_query(query.data(), parent.data(), parent.size(), coded, &code);
    float out = 0;
    estimate(metric, code, parent_distance,
             {&edge.factors.f1, &edge.factors.f2, edge.code.data(), 1}, &out);
    return out;
}

double exact_distance(Metric metric, const Vector& a, const Vector& b) {
    return metric == Metric::inner_product ? -product(a, b) : squared_distance(a, b);
}

TEST(CodeDims, FitsThePage) {
    EXPECT_EQ(code_bits(784, 32, page_bytes), 832U);
    EXPECT_EQ(code_bits(336, 32, page_bytes), 384U);
    EXPECT_EQ(code_bits(4000, 32, page_bytes), 1024U);
    EXPECT_EQ(code_bits(784, 100, page_bytes), 512U);
    EXPECT_EQ(code_bits(784, 500, page_bytes), 0U);
    EXPECT_EQ(code_bits(784, 0, page_bytes), 0U);
}

TEST(CodeDims, HasTwoPlanesForFewDimensions) {
    EXPECT_EQ(code_bits(128, 32, page_bytes), 256U);
    EXPECT_EQ(code_bits(304, 32, page_bytes), 640U);
    EXPECT_EQ(code_form(304, 640).planes, 2U);
    EXPECT_EQ(code_form(304, 640).plane_words, 5U);
    EXPECT_EQ(code_form(304, 640).dims, 304U);
    // Room for less than two planes is room for one.
    EXPECT_EQ(code_bits(304, 100, page_bytes), 320U);
    EXPECT_EQ(code_form(304, 320).planes, 1U);
    EXPECT_EQ(code_form(4000, 1024).dims, 1024U);
}

class EstimateByBits : public testing::TestWithParam<std::size_t> {};

INSTANTIATE_TEST_SUITE_P(Bits, EstimateByBits, testing::Values(320, 640));

TEST_P(EstimateByBits, IsExactOnTheLineThroughTheEdge) {
    Random random;
    const std::size_t coded = GetParam();
    const Vector parent = rotated(random.normals(300));
    const Vector child = rotated(random.normals(300));
    for (const Metric metric : {Metric::l2, Metric::inner_product}) {
        const Edge edge = encoded(metric, parent, child, coded);
        for (const float along : {-1.0F, 0.0F, 0.5F, 1.0F, 3.0F}) {
            Vector query = parent;
            for (std::size_t i = 0; i < query.size(); ++i) {
                query[i] += along * (child[i] - parent[i]);
            }
            const double exact = exact_distance(metric, query, child);
            const auto base = static_cast<float>(exact_distance(metric, query, parent));
            EXPECT_NEAR(estimated(metric, query, parent, edge, base), exact,
                        0.01 * squared_distance(parent, child) * std::fmax(1, along * along));
        }
    }
}

struct Errors {
    double mean = 0;
    double deviation = 0;
};

// Relative to |r| |query - parent|, which is what the theory bounds.
Errors estimation_errors(Metric metric, std::size_t dims, std::size_t degree, float offset) {
    Random random(dims);
    Errors errors;
    constexpr int pairs = 400;
    for (int i = 0; i < pairs; ++i) {
        const Vector parent = rotated(random.normals(dims, 1, offset));
        const Vector child = rotated(random.normals(dims, 1, offset));
        const Vector query = rotated(random.normals(dims, 1, offset));
        const std::size_t coded = code_bits(parent.size(), degree, page_bytes);
        const Edge edge = encoded(metric, parent, child, coded);
        const auto base = static_cast<float>(exact_distance(metric, query, parent));
        const double factor = metric == Metric::inner_product ? 1 : 2;
        const double error =
            (static_cast<double>(estimated(metric, query, parent, edge, base)) -
             exact_distance(metric, query, child)) /
            (factor * std::sqrt(squared_distance(parent, child) * squared_distance(query, parent)));
        errors.mean += error / pairs;
        errors.deviation += error * error / pairs;
    }
    errors.deviation = std::sqrt(errors.deviation);
    return errors;
}

TEST(Estimate, ErrsAsTheoryAllows) {
    for (const Metric metric : {Metric::l2, Metric::inner_product}) {
        for (const std::size_t dims : {1U, 2U, 3U, 25U, 128U, 300U, 384U, 784U, 4000U}) {
            const std::size_t coded = code_bits(rotated_dims(dims), 32, page_bytes);
            const CodeForm form = code_form(rotated_dims(dims), coded);
            const double constant = form.planes == 2 ? 0.4 : (form.dims < dims ? 1.25 : 0.8);
            const double bound = constant / std::sqrt(static_cast<double>(form.dims));
            const Errors errors = estimation_errors(metric, dims, 32, 0);
            EXPECT_LT(errors.deviation, bound) << dims;
            // Four deviations of the mean.
            EXPECT_LT(std::fabs(errors.mean), 4 * bound / std::sqrt(400.0)) << dims;
        }
    }
}

// The query is rounded relative to the parent, so a common offset costs nothing.
TEST(Estimate, DoesNotMindAnOffset) {
    EXPECT_LT(estimation_errors(Metric::l2, 256, 32, 1000).deviation, 0.4 / 16);
}

TEST(Estimate, IsTheParentsDistanceForAnEqualChild) {
    Random random;
    const Vector parent = rotated(random.normals(100));
    const Vector query = rotated(random.normals(100));
    const Edge edge = encoded(Metric::l2, parent, parent, 128);
    EXPECT_EQ(edge.factors.f1, 0.0F);
    EXPECT_EQ(edge.factors.f2, 0.0F);
    EXPECT_EQ(estimated(Metric::l2, query, parent, edge, 7.5F), 7.5F);
}

TEST(Estimate, IsTheEdgesLengthAtTheParent) {
    Random random;
    const Vector parent = rotated(random.normals(100));
    const Vector child = rotated(random.normals(100));
    const Edge edge = encoded(Metric::cosine, parent, child, 128);
    EXPECT_EQ(estimated(Metric::cosine, parent, parent, edge, 0), edge.factors.f1);
    EXPECT_NEAR(edge.factors.f1, squared_distance(parent, child), 1e-4 * edge.factors.f1);
}

TEST(Estimate, StaysFiniteAtTheEndsOfFloat) {
    Random random;
    for (const float scale : {1e-42F, 1e-30F, 1e-15F, 1e15F}) {
        const Vector parent = rotated(random.normals(100, scale));
        const Vector child = rotated(random.normals(100, scale));
        const Vector query = rotated(random.normals(100, scale));
        for (const Metric metric : {Metric::l2, Metric::inner_product}) {
            const Edge edge = encoded(metric, parent, child, 128);
            const auto base = static_cast<float>(exact_distance(metric, query, parent));
            EXPECT_TRUE(std::isfinite(estimated(metric, query, parent, edge, base))) << scale;
        }
    }
}

// More rows than one block of the estimator, and rows independent of their neighbours.
TEST(Estimate, GivesEveryRowItsOwn) {
    Random random;
    constexpr std::size_t count = 150;
    constexpr std::size_t coded = 384;
    const Vector parent = rotated(random.normals(180));
    const Vector query = rotated(random.normals(180));
    std::vector<float> f1;
    std::vector<float> f2;
    std::vector<std::uint8_t> codes;
    std::vector<float> single;
    for (std::size_t i = 0; i < count; ++i) {
        const Edge edge = encoded(Metric::l2, parent, rotated(random.normals(180)), coded);
        f1.push_back(edge.factors.f1);
        f2.push_back(edge.factors.f2);
        codes.insert(codes.end(), edge.code.begin(), edge.code.end());
        single.push_back(estimated(Metric::l2, query, parent, edge, 3));
    }
    QueryCode code;
    prepare_query(query.data(), parent.data(), parent.size(), coded, &code);
    std::vector<float> out(count);
    estimate(Metric::l2, code, 3, {f1.data(), f2.data(), codes.data(), count}, out.data());
    EXPECT_EQ(out, single);
}

}  // namespace
}  // namespace pgmind::graph::test
