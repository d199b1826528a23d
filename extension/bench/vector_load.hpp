#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

// Files of numbers that the parts of the benchmark share.
namespace bench {

[[noreturn]] inline void fail(const std::string& message) {
    std::fprintf(stderr, "vector_load: %s\n", message.c_str());
    std::exit(1);
}

template <class Number>
struct Matrix {
    std::int32_t rows;
    std::int32_t columns;
    std::vector<Number> values;

    Number* row(std::int32_t i) {
        return values.data() + static_cast<std::size_t>(i) * static_cast<std::size_t>(columns);
    }
};

template <class Number>
Matrix<Number> read_matrix(const char* path) {
    std::ifstream file(path, std::ios::binary);
    Matrix<Number> matrix{};
    file.read(reinterpret_cast<char*>(&matrix.rows), sizeof matrix.rows);
    file.read(reinterpret_cast<char*>(&matrix.columns), sizeof matrix.columns);
    if (!file || matrix.rows < 0 || matrix.columns < 0) {
        fail(std::string("cannot read ") + path);
    }
    matrix.values.resize(static_cast<std::size_t>(matrix.rows) *
                         static_cast<std::size_t>(matrix.columns));
    file.read(reinterpret_cast<char*>(matrix.values.data()),
              static_cast<std::streamsize>(matrix.values.size() * sizeof(Number)));
    if (!file) {
        fail(std::string(path) + " is too short");
    }
    return matrix;
}

template <class Number>
void write_matrix(const Matrix<Number>& matrix, const char* path) {
    std::ofstream file(path, std::ios::binary);
    file.write(reinterpret_cast<const char*>(&matrix.rows), sizeof matrix.rows);
    file.write(reinterpret_cast<const char*>(&matrix.columns), sizeof matrix.columns);
    file.write(reinterpret_cast<const char*>(matrix.values.data()),
               static_cast<std::streamsize>(matrix.values.size() * sizeof(Number)));
    file.close();
    if (!file) {
        fail(std::string("cannot write ") + path);
    }
}

// The bound: the same graph in the memory of one process, one line of JSON for the build and each
// ef. Exit status 3 where hnswlib's headers were missing when this was built.
int measure_hnswlib(const char* base, const char* queries, const char* exact, const char* metric,
                    int m, int ef_construction);

}  // namespace bench
