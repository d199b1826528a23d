#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace pgmind::memory {

/// Rows in PostgreSQL's binary COPY format (PostgreSQL manual, COPY, "Binary Format"): nothing
/// needs escaping, numbers need no parsing. Not thread-safe.
class CopyRows {
  public:
    CopyRows();

    void begin_row(std::int16_t fields);
    void add_text(std::string_view text);
    /// jsonb: its version byte, then the text.
    void add_json(std::string_view json_text);
    void add_int64(std::int64_t number);
    /// A UUID in its 36-character form, which must be one.
    void add_uuid(std::string_view text);
    /// What the type's receive function reads.
    void add_bytes(std::string_view bytes);
    void add_null();
    void finish();

    const std::string& bytes() const { return bytes_; }
    /// Drops what was taken; the header is not written again.
    void clear() { bytes_.clear(); }

  private:
    void add_int32(std::int32_t number);

    std::string bytes_;
};

}  // namespace pgmind::memory
