#pragma once

#include <cstdint>
#include <string>

// Files of vectors (see vector_load.hpp) and what is exactly nearest in them. All end the program
// with a message when a file cannot be read or written.
namespace bench {

// A gzipped IDX file of images (bytes), at most `limit` of them.
void make_images(const char* path, const char* out, std::int32_t limit);

// `rows` pieces of 8 x 16 pixels from such images of 28 x 28, none of them of one colour.
void make_patches(const char* path, const char* out, std::int32_t rows);

// A document a line: TF-IDF, projected by random signs, normalised. 1,000 of them are the queries.
void make_text(const char* path, const char* base, const char* queries, std::int32_t dims);

// Binary COPY of (id, vector) to standard output.
void copy_out(const char* path);

// Of each search its k nearest, -1 where there are fewer. With `targets` search i is for query i
// (in turn) among some of the rows.
void find_exactly(const std::string& metric, const char* base, const char* queries, const char* out,
                  std::int32_t k, const char* targets);

// The binary form of a vector, the same for ruvector and for pgvector.
std::string binary(const float* values, std::int32_t dims);

}  // namespace bench
