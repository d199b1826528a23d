// Recall@10 against expansions (pages read) and processor time of the vector index's algorithms in
// memory, without PostgreSQL; and nanoseconds of the kernels.
//
//   graph_bench kernels
//   graph_bench DATA [m=16] [ef_construction=100] [limit=N] [bits=N] [flat] [exact]
//
// DATA is idx:BASE:QUERIES (gzipped IDX of bytes, as Debian's dataset-fashion-mnist), or
// fvecs:BASE:QUERIES (vectors are normalised), or text:FILE (a document a line; words weighted by
// TF-IDF and projected to 256 dimensions by random signs, the first 1,000 lines are the queries).
// `limit` takes the first N vectors, `bits` forces the size of a code, `flat` leaves the upper
// levels out, `exact` prunes by exact distances.

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fstream>
#include <string>
#include <vector>

#include <zlib.h>

#include "graph/kernels.hpp"
#include "graph/memory_graph.hpp"
#include "graph/rotation.hpp"
#include "vector_words.hpp"

namespace {

using namespace pgmind::graph;
using test::MemoryGraph;
using test::Vector;

constexpr std::size_t nearest_count = 10;
constexpr std::size_t queries_max = 500;
constexpr std::size_t text_dims = 256;

struct Data {
    std::vector<Vector> stored;
    std::vector<Vector> queries;
};

[[noreturn]] void fail(const std::string& message) {
    std::fprintf(stderr, "graph_bench: %s\n", message.c_str());
    std::exit(1);
}

// Of this process only: other work on the machine does not count.
double seconds() {
    timespec now{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

void normalise(Vector& vector) {
    const double length = std::sqrt(test::product(vector, vector));
    for (float& value : vector) {
        value = length > 0 ? static_cast<float>(static_cast<double>(value) / length) : 0;
    }
}

std::vector<Vector> read_idx(const std::string& path) {
    gzFile file = gzopen(path.c_str(), "rb");
    unsigned char head[16];
    if (file == nullptr || gzread(file, head, sizeof head) != static_cast<int>(sizeof head)) {
        fail("cannot read " + path);
    }
    const auto number = [&](int at) {
        return static_cast<std::size_t>(head[at] << 24 | head[at + 1] << 16 | head[at + 2] << 8 |
                                        head[at + 3]);
    };
    std::vector<Vector> result(number(4));
    std::vector<unsigned char> bytes(number(8) * number(12));
    for (Vector& vector : result) {
        if (gzread(file, bytes.data(), static_cast<unsigned>(bytes.size())) !=
            static_cast<int>(bytes.size())) {
            fail(path + " is too short");
        }
        vector.assign(bytes.begin(), bytes.end());
    }
    gzclose(file);
    return result;
}

std::vector<Vector> read_fvecs(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::vector<Vector> result;
    std::int32_t dims = 0;
    while (file.read(reinterpret_cast<char*>(&dims), sizeof dims)) {
        Vector vector(static_cast<std::size_t>(dims));
        file.read(reinterpret_cast<char*>(vector.data()),
                  static_cast<std::streamsize>(vector.size() * sizeof(float)));
        normalise(vector);
        result.push_back(std::move(vector));
    }
    if (result.empty()) {
        fail("cannot read " + path);
    }
    return result;
}

std::vector<Vector> read_text(const std::string& path) {
    std::ifstream file(path);
    std::vector<bench::Words> documents;
    bench::Words frequencies;
    for (std::string line; std::getline(file, line);) {
        documents.push_back(bench::words_of(line));
        for (const auto& [word, count] : documents.back()) {
            ++frequencies[word];
        }
    }
    std::vector<Vector> result;
    for (const bench::Words& document : documents) {
        Vector vector(text_dims);
        for (const auto& [word, count] : document) {
            const auto weight = static_cast<float>(
                (1 + std::log(count)) *
                std::log(static_cast<double>(documents.size()) / frequencies[word]));
            test::Random signs(std::hash<std::string>()(word));
            for (float& value : vector) {
                value += signs.below(2) == 0 ? weight : -weight;
            }
        }
        normalise(vector);
        result.push_back(std::move(vector));
    }
    // Neighbours in the file are neighbours in meaning; insertion order must not be.
    test::Random random;
    for (std::size_t i = result.size(); i > 1; --i) {
        std::swap(result[i - 1], result[random.below(i)]);
    }
    return result;
}

Data read_data(const std::string& name) {
    const std::size_t first = name.find(':');
    const std::size_t second = name.find(':', first + 1);
    const std::string kind = name.substr(0, first);
    if (first == std::string::npos || (kind != "text" && second == std::string::npos)) {
        fail("which data? See the head of the source");
    }
    const std::string base = name.substr(first + 1, second - first - 1);
    Data data;
    if (kind == "text") {
        data.stored = read_text(base);
        const auto count =
            static_cast<std::ptrdiff_t>(std::min<std::size_t>(1000, data.stored.size() / 2));
        data.queries.assign(data.stored.begin(), data.stored.begin() + count);
        data.stored.erase(data.stored.begin(), data.stored.begin() + count);
    } else {
        const auto read = kind == "idx" ? read_idx : read_fvecs;
        data.stored = read(base);
        data.queries = read(name.substr(second + 1));
    }
    data.queries.resize(std::min(data.queries.size(), queries_max));
    return data;
}

void measure(const Data& data, const MemoryGraph::Options& options) {
    MemoryGraph graph(options);
    double start = seconds();
    for (const Vector& vector : data.stored) {
        graph.insert(vector);
    }
    const double build = seconds() - start;
    const auto count = static_cast<double>(data.stored.size());
    std::printf(
        "%zu x %zu, m %zu, ef_construction %zu, %zu bits: built in %.1f s (%.0f us and "
        "%.0f expansions a vector), %.1f edges a node, %zu unreachable\n",
        data.stored.size(), options.dims, options.m, options.ef_construction, graph.code_bits(),
        build, build / count * 1e6, static_cast<double>(graph.expansions) / count,
        static_cast<double>(graph.edge_count()) / count,
        graph.live_count() - graph.reachable_count());
    std::vector<std::vector<Candidate>> exact;
    for (const Vector& query : data.queries) {
        exact.push_back(graph.search_exactly(query, nearest_count));
    }
    std::printf("%6s %10s %12s %8s\n", "ef", "recall@10", "expansions", "us");
    for (const std::size_t ef : {10U, 15U, 20U, 30U, 40U, 60U, 80U, 120U, 200U, 400U, 800U}) {
        graph.expansions = 0;
        double sum = 0;
        start = seconds();
        for (std::size_t i = 0; i < data.queries.size(); ++i) {
            sum += test::recall(graph.search(data.queries[i], ef, nearest_count), exact[i]);
        }
        const auto queries = static_cast<double>(data.queries.size());
        std::printf("%6zu %10.4f %12.1f %8.1f\n", ef, sum / queries,
                    static_cast<double>(graph.expansions) / queries,
                    (seconds() - start) / queries * 1e6);
        std::fflush(stdout);
    }
}

template <class Work>
double nanoseconds(Work work) {
    double best = 1e18;
    for (int round = 0; round < 9; ++round) {
        constexpr int calls = 500;
        const double start = seconds();
        for (int call = 0; call < calls; ++call) {
            work();
        }
        best = std::min(best, (seconds() - start) / calls * 1e9);
    }
    return best;
}

void measure_kernels() {
    constexpr std::size_t degree = 32;
    std::printf("%-8s %6s %8s %8s %16s %14s\n", "kernels", "dims", "rotate", "encode",
                "prepare_query", "estimate of 32");
    for (const auto set : {pgmind::InstructionSet::scalar, pgmind::InstructionSet::avx2,
                           pgmind::InstructionSet::avx512}) {
        if (find_graph_kernels(set) == nullptr) {
            continue;
        }
        use_kernels(set);
        for (const std::size_t dims : {128U, 256U, 384U, 784U, 1536U}) {
            test::Random random;
            const Vector in = random.normals(dims);
            const Vector parent = test::rotated(random.normals(dims));
            Vector query(parent.size());
            const std::size_t bits = code_bits(parent.size(), degree, 8192);
            std::vector<std::uint8_t> codes(degree * code_bytes(bits));
            const Vector factors(degree, 1.0F);
            Vector out(degree);
            QueryCode code;
            const double rotation = nanoseconds([&] { rotate(1, in.data(), dims, query.data()); });
            const double encoding = nanoseconds([&] {
                encode_edge(Metric::l2, parent.data(), query.data(), parent.size(), bits,
                            codes.data());
            });
            const double preparation = nanoseconds(
                [&] { prepare_query(query.data(), parent.data(), parent.size(), bits, &code); });
            const double estimation = nanoseconds([&] {
                estimate(Metric::l2, code, 1,
                         {factors.data(), factors.data(), codes.data(), degree}, out.data());
            });
            std::printf("%-8s %6zu %8.0f %8.0f %16.0f %14.0f\n", find_graph_kernels(set)->name,
                        dims, rotation, encoding, preparation, estimation);
        }
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) {
        fail("what? See the head of the source");
    }
    if (std::strcmp(argv[1], "kernels") == 0) {
        measure_kernels();
        return 0;
    }
    Data data = read_data(argv[1]);
    MemoryGraph::Options options;
    options.dims = data.stored[0].size();
    for (int i = 2; i < argc; ++i) {
        const std::string argument = argv[i];
        const std::size_t sign = argument.find('=');
        const std::string key = argument.substr(0, sign);
        const auto value =
            sign == std::string::npos ? 0 : std::strtoul(argument.c_str() + sign + 1, nullptr, 10);
        if (key == "m") {
            options.m = value;
        } else if (key == "ef_construction") {
            options.ef_construction = value;
        } else if (key == "limit") {
            data.stored.resize(std::min<std::size_t>(data.stored.size(), value));
        } else if (key == "bits") {
            options.code_bits = value;
        } else if (key == "flat") {
            options.has_upper_levels = false;
        } else if (key == "exact") {
            options.prunes_exactly = true;
        } else {
            fail("unknown: " + argument);
        }
    }
    measure(data, options);
}
