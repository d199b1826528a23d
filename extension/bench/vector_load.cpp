// What bench/vector_search.py cannot do in Python at speed: data sets, exact neighbours, and one
// client that searches as an application does (prepared, binary parameters and results).
//
//   vector_load idx FILE.gz OUT [LIMIT]          gzipped IDX of bytes, as dataset-fashion-mnist
//   vector_load text FILE BASE QUERIES DIMS      a document a line: TF-IDF, projected by random
//                                                signs, normalised; 1,000 of them are the queries
//   vector_load copy FILE                        binary COPY of (id, vector) to standard output
//   vector_load exact l2|cosine BASE QUERIES OUT K [TARGETS]
//   vector_load run SQL QUERIES EXACT SECONDS [TARGETS]
//   vector_load hnswlib BASE QUERIES EXACT l2|cosine M EF_CONSTRUCTION
//
// Vectors and neighbours are files of two int32 (rows, columns) and the numbers. TARGETS has three
// int32 for each query: a key, and where its vectors begin in BASE and how many they are. `run`
// takes the server and its settings from PGHOST, PGOPTIONS...; $1 is the vector, $2 the key; it
// runs each query once to warm up and for recall, then all in turn for SECONDS.

#include "vector_load.hpp"

#include <algorithm>
#include <bit>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include <arpa/inet.h>
#include <libpq-fe.h>
#include <zlib.h>

#include "kernels/kernels.hpp"

namespace bench {
namespace {

using Clock = std::chrono::steady_clock;
using Words = std::unordered_map<std::string, int>;

constexpr std::int32_t text_queries = 1000;

std::uint64_t next_random(std::uint64_t* state) {
    // splitmix64 (Steele, Lea and Flood).
    std::uint64_t bits = *state += 0x9E3779B97F4A7C15;
    bits = (bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9;
    bits = (bits ^ (bits >> 27)) * 0x94D049BB133111EB;
    return bits ^ (bits >> 31);
}

void make_images(const char* path, const char* out, std::int32_t limit) {
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
    write_matrix(images, out);
}

Words words_of(const std::string& line) {
    Words words;
    std::string word;
    for (const char c : line + " ") {
        if (std::isalnum(static_cast<unsigned char>(c)) != 0) {
            word += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        } else if (!word.empty()) {
            ++words[word];
            word.clear();
        }
    }
    return words;
}

void add_word(std::span<float> vector, const std::string& word, double weight) {
    std::uint64_t state = std::hash<std::string>()(word);
    std::uint64_t bits = 0;
    for (std::size_t i = 0; i < vector.size(); ++i) {
        bits = i % 64 == 0 ? next_random(&state) : bits >> 1;
        vector[i] += static_cast<float>((bits & 1) != 0 ? weight : -weight);
    }
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

void put(std::string* out, std::uint32_t value) {
    value = htonl(value);
    out->append(reinterpret_cast<const char*>(&value), sizeof value);
}

void put16(std::string* out, int value) {
    const std::uint16_t bytes = htons(static_cast<std::uint16_t>(value));
    out->append(reinterpret_cast<const char*>(&bytes), sizeof bytes);
}

// The binary form of a vector, the same for ruvector and for pgvector.
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
        queries.rows = std::min(queries.rows, targets.rows);
    }
    Matrix<std::int32_t> nearest{queries.rows, k, {}};
    const auto dims = static_cast<std::size_t>(base.columns);
    const pgmind::Kernels& kernels = *pgmind::find_kernels(pgmind::InstructionSet::automatic);
    std::vector<std::pair<double, std::int32_t>> found;
    for (std::int32_t q = 0; q < queries.rows; ++q) {
        const std::int32_t first = targets_path != nullptr ? targets.row(q)[1] : 0;
        const std::int32_t count = targets_path != nullptr ? targets.row(q)[2] : base.rows;
        found.clear();
        for (std::int32_t i = first; i < first + count; ++i) {
            // The vectors of a cosine set are normalised.
            const double distance = metric == "l2"
                                        ? kernels.l2_squared(base.row(i), queries.row(q), dims)
                                        : -kernels.inner_product(base.row(i), queries.row(q), dims);
            found.emplace_back(distance, i);
        }
        const auto end = found.begin() + std::min(k, count);
        std::partial_sort(found.begin(), end, found.end());
        for (std::int32_t i = 0; i < k; ++i) {
            nearest.values.push_back(i < count ? found[static_cast<std::size_t>(i)].second : -1);
        }
    }
    write_matrix(nearest, out);
}

class Client {
  public:
    Client(const char* sql, const char* queries, const char* targets)
        : connection_(PQconnectdb("")), queries_(read_matrix<float>(queries)) {
        if (PQstatus(connection_) != CONNECTION_OK) {
            fail(PQerrorMessage(connection_));
        }
        if (targets != nullptr) {
            targets_ = read_matrix<std::int32_t>(targets);
            queries_.rows = std::min(queries_.rows, targets_.rows);
        }
        check(PQprepare(connection_, "search", sql, 0, nullptr), PGRES_COMMAND_OK);
        for (std::int32_t i = 0; i < queries_.rows; ++i) {
            parameters_.push_back(binary(queries_.row(i), queries_.columns));
        }
    }
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;
    ~Client() { PQfinish(connection_); }

    std::int32_t queries() const { return queries_.rows; }
    int pid() const { return PQbackendPID(connection_); }

    // The ids, in `ids`; how many they are.
    std::int32_t search(std::int32_t query, std::vector<std::int32_t>* ids) {
        const std::string& vector = parameters_[static_cast<std::size_t>(query)];
        const bool keyed = !targets_.values.empty();
        const std::uint32_t key =
            keyed ? htonl(static_cast<std::uint32_t>(targets_.row(query)[0])) : 0;
        const char* values[] = {vector.data(), reinterpret_cast<const char*>(&key)};
        const int lengths[] = {static_cast<int>(vector.size()), sizeof key};
        const int formats[] = {1, 1};
        PGresult* result =
            PQexecPrepared(connection_, "search", keyed ? 2 : 1, values, lengths, formats, 1);
        ids->clear();
        for (int row = 0; row < PQntuples(result); ++row) {
            std::uint32_t id;
            std::memcpy(&id, PQgetvalue(result, row, 0), sizeof id);
            ids->push_back(static_cast<std::int32_t>(ntohl(id)));
        }
        check(result, PGRES_TUPLES_OK);
        return static_cast<std::int32_t>(ids->size());
    }

  private:
    void check(PGresult* result, ExecStatusType wanted) {
        if (PQresultStatus(result) != wanted) {
            fail(PQerrorMessage(connection_));
        }
        PQclear(result);
    }

    PGconn* connection_;
    Matrix<float> queries_;
    Matrix<std::int32_t> targets_{};
    std::vector<std::string> parameters_;
};

template <class Number>
Number number_in(const std::string& text) {
    Number number{};
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc() || stop != end) {
        fail("not a number: " + text);
    }
    return number;
}

// Seconds that the processor worked for another process.
double processor_seconds(int pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/schedstat");
    double nanoseconds = 0;
    file >> nanoseconds;
    return nanoseconds * 1e-9;
}

void run(const char* sql, const char* queries, const char* exact_path, double seconds,
         const char* targets) {
    Client client(sql, queries, targets);
    Matrix<std::int32_t> exact = read_matrix<std::int32_t>(exact_path);
    std::vector<std::int32_t> ids;
    double found = 0;
    double wanted = 0;
    std::int64_t missing = 0;
    for (std::int32_t i = 0; i < client.queries(); ++i) {
        missing -= client.search(i, &ids);
        for (const std::int32_t id :
             std::span(exact.row(i), static_cast<std::size_t>(exact.columns))) {
            wanted += id >= 0 ? 1 : 0;
            missing += id >= 0 ? 1 : 0;
            found += std::find(ids.begin(), ids.end(), id) != ids.end() ? 1 : 0;
        }
    }
    std::vector<double> times;
    const double busy = processor_seconds(client.pid());
    const auto start = Clock::now();
    const auto since = [](Clock::time_point from) {
        return std::chrono::duration<double>(Clock::now() - from).count();
    };
    for (std::int32_t i = 0; since(start) < seconds; i = (i + 1) % client.queries()) {
        const auto begin = Clock::now();
        client.search(i, &ids);
        times.push_back(since(begin));
    }
    const double all = since(start);
    const auto count = static_cast<double>(times.size());
    std::sort(times.begin(), times.end());
    std::printf(
        "{\"rate\": %.1f, \"p50_ms\": %.4f, \"p95_ms\": %.4f, \"cpu_us\": %.1f, "
        "\"recall\": %.5f, \"missing\": %lld}\n",
        count / all, times[times.size() / 2] * 1e3, times[times.size() * 95 / 100] * 1e3,
        (processor_seconds(client.pid()) - busy) / count * 1e6, found / wanted,
        static_cast<long long>(missing));
}

}  // namespace
}  // namespace bench

int main(int count, char** arguments) {
    using namespace bench;
    const std::string command = count > 1 ? arguments[1] : "";
    const auto at = [&](int i) { return i < count ? arguments[i] : nullptr; };
    const auto number = [&](int i, int otherwise) {
        return i < count ? number_in<int>(arguments[i]) : otherwise;
    };
    if (command == "idx" && count >= 4) {
        make_images(at(2), at(3), number(4, 1 << 30));
    } else if (command == "text" && count == 6) {
        make_text(at(2), at(3), at(4), number(5, 0));
    } else if (command == "copy" && count == 3) {
        copy_out(at(2));
    } else if (command == "exact" && count >= 7) {
        find_exactly(at(2), at(3), at(4), at(5), number(6, 10), at(7));
    } else if (command == "run" && count >= 6) {
        run(at(2), at(3), at(4), number_in<double>(at(5)), at(6));
    } else if (command == "hnswlib" && count == 8) {
        return measure_hnswlib(at(2), at(3), at(4), at(5), number(6, 16), number(7, 200));
    } else {
        fail("see the head of the source");
    }
    return 0;
}
