#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "platform/json/value.hpp"

namespace pgmind::json {

/// Reads the members of one object into typed values. The first thing that is wrong is remembered
/// and named by its path ("filter.score.gte"); readers after it give empty values. So a mapping
/// reads all fields in a row and asks once, with finish(), which also refuses members that nobody
/// read. An optional member that is null counts as absent (but optional_raw gives "null").
///
/// Borrows the object; used for one reading by one thread.
class FieldReader {
  public:
    explicit FieldReader(const Object& object);

    std::string require_string(std::string_view name);
    std::optional<std::string> optional_string(std::string_view name);
    std::optional<std::int64_t> optional_integer(std::string_view name);
    std::int64_t require_integer(std::string_view name);
    std::optional<double> optional_number(std::string_view name);
    std::optional<bool> optional_boolean(std::string_view name);
    /// The index in `names` of a string that must be one of them.
    std::optional<std::size_t> optional_choice(std::string_view name,
                                               std::initializer_list<std::string_view> names);
    std::optional<std::vector<std::string>> optional_strings(std::string_view name);
    /// Numbers of single precision; one that is too large for it is refused.
    std::optional<std::vector<float>> optional_floats(std::string_view name);
    /// The elements of an array, each an object.
    std::optional<std::vector<Object>> optional_objects(std::string_view name);
    /// Any value, as it was written.
    std::string require_raw(std::string_view name);
    std::optional<std::string> optional_raw(std::string_view name);
    /// Any value, for readers of their own; lives as long as the object.
    const Value* optional_value(std::string_view name);
    /// The text of an object.
    std::optional<std::string> optional_raw_object(std::string_view name);
    /// Accepts a member without looking at it.
    void ignore(std::string_view name);

    std::string path_of(std::string_view name) const { return object_.path_of(name); }
    bool ok() const { return !error_.has_value(); }
    /// Remembers a failure that the caller found, unless there was one before.
    void refuse(std::string_view name, std::string detail);
    void refuse(Error error);
    Result<void> finish();

  private:
    const Value* take(std::string_view name, bool null_is_absent);
    const Value* take_kind(std::string_view name, Kind kind);
    void missing(std::string_view name);

    const Object& object_;
    std::vector<bool> used_;
    std::optional<Error> error_;
};

/// The value as a whole number, or nullopt ("1.0" and "1e2" are none).
std::optional<std::int64_t> to_integer(const Value& value);
/// The value as a finite double, or nullopt.
std::optional<double> to_number(const Value& value);

}  // namespace pgmind::json
