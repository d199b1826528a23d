// What bench/vector_search.py cannot do in Python at speed: data sets, exact neighbours, and one
// client that searches as an application does (prepared, binary parameters and results).
//
//   vector_load images FILE.gz OUT LIMIT         gzipped IDX of bytes, as dataset-fashion-mnist
//   vector_load patches FILE.gz OUT ROWS         pieces of such images
//   vector_load text FILE BASE QUERIES DIMS      a document a line
//   vector_load copy FILE                        binary COPY of (id, vector) to standard output
//   vector_load exact l2|cosine BASE QUERIES OUT K [TARGETS]
//   vector_load run SQL QUERIES EXACT [TARGETS [LIMIT]]
//   vector_load hnswlib BASE QUERIES EXACT l2|cosine M EF_CONSTRUCTION
//
// Vectors and neighbours are files of two int32 (rows, columns) and the numbers. TARGETS has three
// int32 for each search: a key, and where its vectors begin in BASE and how many they are. `run`
// takes the server and its settings from PGHOST, PGOPTIONS...; $1 is the vector, $2 the key. It
// does each search (the first LIMIT) once, which warms up, and prints what it found; then it reads
// numbers of seconds, a line each, searches for so long and prints how fast it was.

#include "vector_load.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <map>
#include <span>
#include <string>
#include <vector>

#include <arpa/inet.h>
#include <libpq-fe.h>

#include "vector_sets.hpp"

namespace bench {
namespace {

using Clock = std::chrono::steady_clock;

class Client {
  public:
    Client(const char* sql, const char* queries, const char* targets, std::int32_t limit)
        : connection_(PQconnectdb("")) {
        if (PQstatus(connection_) != CONNECTION_OK) {
            fail(PQerrorMessage(connection_));
        }
        Matrix<float> vectors = read_matrix<float>(queries);
        searches_ = vectors.rows;
        if (targets != nullptr) {
            targets_ = read_matrix<std::int32_t>(targets);
            searches_ = targets_.rows;
        }
        searches_ = std::min(searches_, limit);
        check(PQprepare(connection_, "search", sql, 0, nullptr), PGRES_COMMAND_OK);
        for (std::int32_t i = 0; i < vectors.rows; ++i) {
            parameters_.push_back(binary(vectors.row(i), vectors.columns));
        }
    }
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;
    ~Client() { PQfinish(connection_); }

    std::int32_t searches() const { return searches_; }
    int pid() const { return PQbackendPID(connection_); }
    std::int32_t key(std::int32_t i) { return targets_.values.empty() ? 0 : targets_.row(i)[0]; }

    // The ids that search `i` gives, in `ids`.
    void search(std::int32_t i, std::vector<std::int32_t>* ids) {
        const std::string& vector = parameters_[static_cast<std::size_t>(i) % parameters_.size()];
        const std::uint32_t key_bytes = htonl(static_cast<std::uint32_t>(key(i)));
        const char* values[] = {vector.data(), reinterpret_cast<const char*>(&key_bytes)};
        const int lengths[] = {static_cast<int>(vector.size()), sizeof key_bytes};
        const int formats[] = {1, 1};
        const int parameters = targets_.values.empty() ? 1 : 2;
        PGresult* result =
            PQexecPrepared(connection_, "search", parameters, values, lengths, formats, 1);
        ids->clear();
        for (int row = 0; row < PQntuples(result); ++row) {
            std::uint32_t id;
            std::memcpy(&id, PQgetvalue(result, row, 0), sizeof id);
            ids->push_back(static_cast<std::int32_t>(ntohl(id)));
        }
        check(result, PGRES_TUPLES_OK);
    }

  private:
    void check(PGresult* result, ExecStatusType wanted) {
        if (PQresultStatus(result) != wanted) {
            fail(PQerrorMessage(connection_));
        }
        PQclear(result);
    }

    PGconn* connection_;
    Matrix<std::int32_t> targets_{};
    std::vector<std::string> parameters_;
    std::int32_t searches_ = 0;
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

struct Found {
    int right = 0;
    int wanted = 0;
};

// Does every search once; recall of all, of the worst key, and rows that did not come.
void print_recall(Client* client, const char* exact_path) {
    Matrix<std::int32_t> exact = read_matrix<std::int32_t>(exact_path);
    std::vector<std::int32_t> ids;
    std::map<std::int32_t, Found> keys;
    Found all;
    std::int64_t missing = 0;
    for (std::int32_t i = 0; i < client->searches(); ++i) {
        client->search(i, &ids);
        Found& found = keys[client->key(i)];
        int wanted = 0;
        for (const std::int32_t id :
             std::span(exact.row(i), static_cast<std::size_t>(exact.columns))) {
            wanted += id >= 0 ? 1 : 0;
            const int right = id >= 0 && std::find(ids.begin(), ids.end(), id) != ids.end() ? 1 : 0;
            found.right += right;
            all.right += right;
        }
        found.wanted += wanted;
        all.wanted += wanted;
        missing += wanted - static_cast<std::int64_t>(ids.size());
    }
    double worst = 1;
    int low_keys = 0;
    for (const auto& [key, found] : keys) {
        const double recall = static_cast<double>(found.right) / found.wanted;
        worst = std::min(worst, recall);
        low_keys += recall < 0.99 ? 1 : 0;
    }
    std::printf(
        "{\"recall\": %.5f, \"missing\": %lld, \"worst_key\": %.3f, \"keys_below_99\": %d, "
        "\"keys\": %zu}\n",
        static_cast<double>(all.right) / all.wanted, static_cast<long long>(missing), worst,
        low_keys, keys.size());
    std::fflush(stdout);
}

void print_speed(Client* client, double seconds, std::int32_t* next) {
    std::vector<double> times;
    std::vector<std::int32_t> ids;
    const double busy = processor_seconds(client->pid());
    const auto start = Clock::now();
    const auto since = [](Clock::time_point from) {
        return std::chrono::duration<double>(Clock::now() - from).count();
    };
    while (times.empty() || since(start) < seconds) {
        const auto begin = Clock::now();
        client->search(*next, &ids);
        times.push_back(since(begin));
        *next = (*next + 1) % client->searches();
    }
    const double all = since(start);
    const auto count = static_cast<double>(times.size());
    std::sort(times.begin(), times.end());
    std::printf("{\"rate\": %.1f, \"p50_ms\": %.4f, \"p95_ms\": %.4f, \"cpu_us\": %.1f}\n",
                count / all, times[times.size() / 2] * 1e3, times[times.size() * 95 / 100] * 1e3,
                (processor_seconds(client->pid()) - busy) / count * 1e6);
    std::fflush(stdout);
}

void run(const char* sql, const char* queries, const char* exact, const char* targets,
         std::int32_t limit) {
    Client client(sql, queries, targets, limit);
    print_recall(&client, exact);
    std::int32_t next = 0;
    for (std::string line; std::getline(std::cin, line);) {
        print_speed(&client, number_in<double>(line), &next);
    }
}

}  // namespace
}  // namespace bench

int main(int count, char** arguments) {
    using namespace bench;
    const std::string command = count > 1 ? arguments[1] : "";
    const auto at = [&](int i) { return i < count ? arguments[i] : nullptr; };
    const auto number = [&](int i) { return number_in<int>(arguments[i]); };
    if (command == "images" && count == 5) {
        make_images(at(2), at(3), number(4));
    } else if (command == "patches" && count == 5) {
        make_patches(at(2), at(3), number(4));
    } else if (command == "text" && count == 6) {
        make_text(at(2), at(3), at(4), number(5));
    } else if (command == "copy" && count == 3) {
        copy_out(at(2));
    } else if (command == "exact" && (count == 7 || count == 8)) {
        find_exactly(at(2), at(3), at(4), at(5), number(6), at(7));
    } else if (command == "run" && count >= 5 && count <= 7) {
        run(at(2), at(3), at(4), at(5), count > 6 ? number(6) : INT32_MAX);
    } else if (command == "hnswlib" && count == 8) {
        return measure_hnswlib(at(2), at(3), at(4), at(5), number(6), number(7));
    } else {
        fail("see the head of the source");
    }
    return 0;
}
