#include "vector_load.hpp"

#if __has_include(<hnswlib/hnswlib.h>)

#include <algorithm>
#include <chrono>
#include <cstring>
#include <set>

#include <hnswlib/hnswlib.h>

namespace bench {
namespace {

double now() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

}  // namespace

int measure_hnswlib(const char* base_path, const char* queries_path, const char* exact_path,
                    const char* metric, int m, int ef_construction) {
    Matrix<float> base = read_matrix<float>(base_path);
    Matrix<float> queries = read_matrix<float>(queries_path);
    Matrix<std::int32_t> exact = read_matrix<std::int32_t>(exact_path);
    const auto dims = static_cast<std::size_t>(base.columns);
    hnswlib::L2Space l2(dims);
    hnswlib::InnerProductSpace product(dims);
    hnswlib::SpaceInterface<float>* space = &product;
    if (std::strcmp(metric, "l2") == 0) {
        space = &l2;
    }
    double start = now();
    hnswlib::HierarchicalNSW<float> index(space, static_cast<std::size_t>(base.rows),
                                          static_cast<std::size_t>(m),
                                          static_cast<std::size_t>(ef_construction));
    for (std::int32_t i = 0; i < base.rows; ++i) {
        index.addPoint(base.row(i), static_cast<std::size_t>(i));
    }
    std::printf("{\"build_seconds\": %.2f}\n", now() - start);
    for (const std::size_t ef : {10U, 15U, 20U, 30U, 40U, 60U, 80U, 120U, 200U, 400U, 800U}) {
        index.setEf(ef);
        double found = 0;
        start = now();
        for (std::int32_t q = 0; q < queries.rows; ++q) {
            auto nearest = index.searchKnn(queries.row(q), 10);
            for (; !nearest.empty(); nearest.pop()) {
                const auto id = static_cast<std::int32_t>(nearest.top().second);
                found += std::count(exact.row(q), exact.row(q) + 10, id) > 0 ? 1 : 0;
            }
        }
        const double recall = found / (10.0 * queries.rows);
        std::printf("{\"ef\": %zu, \"rate\": %.1f, \"recall\": %.5f}\n", ef,
                    queries.rows / (now() - start), recall);
        std::fflush(stdout);
        if (recall > 0.995) {
            break;
        }
    }
    return 0;
}

}  // namespace bench

#else

int bench::measure_hnswlib(const char*, const char*, const char*, const char*, int, int) {
    return 3;
}

#endif
