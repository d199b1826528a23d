#include "vector_sets.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <span>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <zlib.h>

#include "kernels/kernels.hpp"
#include "vector_load.hpp"
#include "vector_words.hpp"

namespace bench {
namespace {

constexpr std::int32_t text_queries = 1000;

std::uint64_t next_random(std::uint64_t* state) {
    // splitmix64 (Steele, Lea and Flood).
    std::uint64_t bits = *state += 0x9E3779B97F4A7C15;
    bits = (bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9;
    bits = (bits ^ (bits >> 27)) * 0x94D049BB133111EB;
    return bits ^ (bits >> 31);
}

Matrix<float> read_images(const char* path, std::int32_t limit) {
    gzFile file = gzopen(path, "rb");
    unsigned char head[16];
    if (file == nullptr || gzread(file, head, sizeof head) != static_cast<int>(sizeof head)) {
        fail(std::string("cannot read ") + path);
    }
    const auto number = [&](int at) {
        return head[at] << 24 | head[at + 1] << 16 | head[at + 2] << 8 | head[at + 3];
    };
    Matrix<float> images{std::min(number(4), limit), number(8) * number(12), {}};
    std::vector<unsigned char> bytes(static_cast<std::size_t>(images.columns));
    for (std::int32_t i = 0; i < images.rows; ++i) {
        if (gzread(file, bytes.data(), static_cast<unsigned>(bytes.size())) !=
            static_cast<int>(bytes.size())) {
            fail(std::string(path) + " is too short");
        }
        images.values.insert(images.values.end(), bytes.begin(), bytes.end());
    }
    gzclose(file);
    return images;
}

void add_word(std::span<float> vector, const std::string& word, double weight) {
    std::uint64_t state = std::hash<std::string>()(word);
    std::uint64_t bits = 0;
    for (std::size_t i = 0; i < vector.size(); ++i) {
        bits = i % 64 == 0 ? next_random(&state) : bits >> 1;
        vector[i] += static_cast<float>((bits & 1) != 0 ? weight : -weight);
    }
}

void put(std::string* out, std::uint32_t value) {
    value = htonl(value);
    out->append(reinterpret_cast<const char*>(&value), sizeof value);
}

void put16(std::string* out, int value) {
    const std::uint16_t bytes = htons(static_cast<std::uint16_t>(value));
    out->append(reinterpret_cast<const char*>(&bytes), sizeof bytes);
}

}  // namespace

void make_images(const char* path, const char* out, std::int32_t limit) {
    write_matrix(read_images(path, limit), out);
}

void make_patches(const char* path, const char* out, std::int32_t rows) {
    constexpr std::size_t side = 28;
    constexpr std::size_t high = 8;
    constexpr std::size_t wide = 16;
    Matrix<float> images = read_images(path, INT32_MAX);
    if (images.columns != static_cast<std::int32_t>(side * side)) {
        fail(std::string(path) + " has no images of 28 x 28");
    }
    Matrix<float> patches{rows, static_cast<std::int32_t>(high * wide), {}};
    patches.values.reserve(static_cast<std::size_t>(rows) * high * wide);
    std::uint64_t state = 1;
    std::vector<float> patch(high * wide);
    for (std::int32_t i = 0, made = 0; made < rows; i = (i + 1) % images.rows) {
        const std::size_t top = next_random(&state) % (side - high + 1);
        const std::size_t left = next_random(&state) % (side - wide + 1);
        for (std::size_t y = 0; y < high; ++y) {
            std::copy_n(images.row(i) + (top + y) * side + left, wide, &patch[y * wide]);
        }
        // What lies beside the picture would be the same vector thousands of times.
        const auto [least, most] = std::minmax_element(patch.begin(), patch.end());
        if (*most - *least >= 64) {
            patches.values.insert(patches.values.end(), patch.begin(), patch.end());
            ++made;
        }
    }
    write_matrix(patches, out);
}

void make_text(const char* path, const char* base, const char* queries, std::int32_t dims) {
    std::ifstream file(path);
    std::vector<Words> documents;
    Words frequencies;
    for (std::string line; std::getline(file, line);) {
        documents.push_back(words_of(line));
        for (const auto& [word, count] : documents.back()) {
            ++frequencies[word];
        }
    }
    if (documents.size() < 2 * text_queries) {
        fail("too few documents");
    }
    // Neighbours in the file are neighbours in meaning; the order of insertion must not be.
    std::uint64_t state = 1;
    for (std::size_t i = documents.size(); i > 1; --i) {
        std::swap(documents[i - 1], documents[next_random(&state) % i]);
    }
    Matrix<float> all{static_cast<std::int32_t>(documents.size()), dims, {}};
    all.values.resize(documents.size() * static_cast<std::size_t>(dims));
    for (std::int32_t i = 0; i < all.rows; ++i) {
        const std::span<float> vector(all.row(i), static_cast<std::size_t>(dims));
        for (const auto& [word, count] : documents[static_cast<std::size_t>(i)]) {
            const double rarity =
                std::log(static_cast<double>(documents.size()) / frequencies[word]);
            add_word(vector, word, (1 + std::log(count)) * rarity);
        }
        double sum = 0;
        for (const float value : vector) {
            sum += static_cast<double>(value) * value;
        }
        for (float& value : vector) {
            value = static_cast<float>(value / std::sqrt(std::max(sum, 1e-30)));
        }
    }
    const auto cut = all.values.begin() + static_cast<std::ptrdiff_t>(text_queries) * dims;
    write_matrix(Matrix<float>{text_queries, dims, {all.values.begin(), cut}}, queries);
    write_matrix(Matrix<float>{all.rows - text_queries, dims, {cut, all.values.end()}}, base);
}

std::string binary(const float* values, std::int32_t dims) {
    std::string out;
    put16(&out, dims);
    put16(&out, 0);
    for (std::int32_t i = 0; i < dims; ++i) {
        put(&out, std::bit_cast<std::uint32_t>(values[i]));
    }
    return out;
}

void copy_out(const char* path) {
    Matrix<float> matrix = read_matrix<float>(path);
    std::string out("PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0", 19);
    for (std::int32_t i = 0; i < matrix.rows; ++i) {
        const std::string vector = binary(matrix.row(i), matrix.columns);
        put16(&out, 2);
        put(&out, 4);
        put(&out, static_cast<std::uint32_t>(i));
        put(&out, static_cast<std::uint32_t>(vector.size()));
        out += vector;
        std::fwrite(out.data(), 1, out.size(), stdout);
        out.clear();
    }
    put16(&out, -1);
    std::fwrite(out.data(), 1, out.size(), stdout);
}

void find_exactly(const std::string& metric, const char* base_path, const char* queries_path,
                  const char* out, std::int32_t k, const char* targets_path) {
    Matrix<float> base = read_matrix<float>(base_path);
    Matrix<float> queries = read_matrix<float>(queries_path);
    Matrix<std::int32_t> targets{};
    if (targets_path != nullptr) {
        targets = read_matrix<std::int32_t>(targets_path);
    }
    const std::int32_t searches = targets_path != nullptr ? targets.rows : queries.rows;
    Matrix<std::int32_t> nearest{searches, k, {}};
    const auto dims = static_cast<std::size_t>(base.columns);
    const pgmind::Kernels& kernels = *pgmind::find_kernels(pgmind::InstructionSet::automatic);
    std::vector<std::pair<double, std::int32_t>> found;
    for (std::int32_t i = 0; i < searches; ++i) {
        const float* query = queries.row(i % queries.rows);
        const std::int32_t first = targets_path != nullptr ? targets.row(i)[1] : 0;
        const std::int32_t count = targets_path != nullptr ? targets.row(i)[2] : base.rows;
        found.clear();
        for (std::int32_t id = first; id < first + count; ++id) {
            // The vectors of a cosine set are normalised.
            const double distance = metric == "l2"
                                        ? kernels.l2_squared(base.row(id), query, dims)
                                        : -kernels.inner_product(base.row(id), query, dims);
            found.emplace_back(distance, id);
        }
        const auto end = found.begin() + std::min(k, count);
        std::partial_sort(found.begin(), end, found.end());
        for (std::int32_t rank = 0; rank < k; ++rank) {
            nearest.values.push_back(rank < count ? found[static_cast<std::size_t>(rank)].second
                                                  : -1);
        }
    }
    write_matrix(nearest, out);
}

}  // namespace bench
