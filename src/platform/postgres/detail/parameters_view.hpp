#pragma once

#include <cstddef>
#include <vector>

#include "platform/postgres/statement.hpp"

namespace pgmind::postgres {

/// Parameters in the shape that libpq wants: parallel arrays of pointers, lengths and formats. Kept
/// and refilled by a connection, so that a statement allocates nothing for it. The pointers are
/// valid while the Parameters that it was filled from live unchanged.
class ParametersView {
  public:
    static constexpr std::size_t kCountMax = 65'535;  // 16 bits in the protocol

    static bool holds_nul(const Parameters& parameters) { return parameters.holds_nul_; }

    void fill(const Parameters& parameters) {
        values_.clear();
        lengths_.clear();
        formats_.clear();
        for (const Parameters::Value& value : parameters.values_) {
            values_.push_back(value.null ? nullptr : parameters.buffer_.data() + value.offset);
            lengths_.push_back(static_cast<int>(value.length));
            formats_.push_back(value.binary ? 1 : 0);
        }
    }

    int count() const { return static_cast<int>(values_.size()); }
    const char* const* values() const { return values_.data(); }
    const int* lengths() const { return lengths_.data(); }
    const int* formats() const { return formats_.data(); }

  private:
    std::vector<const char*> values_;
    std::vector<int> lengths_;
    std::vector<int> formats_;
};

}  // namespace pgmind::postgres
