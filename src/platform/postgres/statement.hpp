#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pgmind::postgres {

/// What running a statement twice would do: decides whether a lost connection may be retried.
enum class Effect {
    read,              ///< changes nothing: retried once on another connection
    idempotent_write,  ///< twice is the same as once: retried once on another connection
    write  ///< never retried once it was sent: a lost connection means Errc::outcome_unknown
};

/// A statement that is prepared once per connection, on first use. Make it a constant with static
/// storage; `name` is unique in the process and names the statement in metrics.
struct Statement {
    std::string_view name;
    std::string_view sql;
    Effect effect;
};

/// Values for $1, $2, ... in text format (binary where said). Values are copied in. At most 65,535.
/// A text with a NUL byte, which PostgreSQL cannot hold, makes the statement fail as invalid_value.
class Parameters {
  public:
    Parameters& add(std::string_view text);
    Parameters& add(const char* text) { return add(std::string_view(text)); }
    Parameters& add(const std::string& text) { return add(std::string_view(text)); }
    Parameters& add(std::int64_t number);
    Parameters& add(int number) { return add(static_cast<std::int64_t>(number)); }
    Parameters& add(double number);
    Parameters& add(bool value);
    Parameters& add_null();
    /// The value, or NULL when it is absent.
    Parameters& add(const std::optional<std::string>& text);
    Parameters& add(const std::optional<std::int64_t>& number);
    /// A text[]: each element quoted as PostgreSQL reads it.
    Parameters& add_array(std::span<const std::string> elements);
    Parameters& add_array(std::span<const std::int64_t> elements);
    /// Bytes that the type's receive function reads (binary format).
    Parameters& add_binary(std::string_view bytes);

    std::size_t size() const { return values_.size(); }

  private:
    friend class ParametersView;

    struct Value {
        std::size_t offset = 0;
        std::size_t length = 0;
        bool null = false;
        bool binary = false;
    };

    Parameters& add_value(std::string_view bytes, bool binary);

    std::string buffer_;  // All values, each followed by a NUL.
    std::vector<Value> values_;
    bool holds_nul_ = false;  // A NUL byte inside of a text.
};

}  // namespace pgmind::postgres
