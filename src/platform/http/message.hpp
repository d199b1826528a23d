#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pgmind::http {

/// Header fields in the order received; names compare without case (RFC 9110).
class Headers {
  public:
    void add(std::string name, std::string value);
    /// Replaces every field of that name.
    void set(std::string name, std::string value);
    /// The first value, or nullopt.
    std::optional<std::string_view> find(std::string_view name) const;
    std::size_t count(std::string_view name) const;

    auto begin() const { return fields_.begin(); }
    auto end() const { return fields_.end(); }

  private:
    std::vector<std::pair<std::string, std::string>> fields_;
};

/// A request without its body. `path` and query values are percent-decoded; `segments` are the
/// decoded parts of the path, so that an encoded slash stays inside its segment.
struct RequestHead {
    std::string method;  ///< upper case
    std::string target;  ///< as received
    std::string path;
    std::vector<std::string> segments;
    std::vector<std::pair<std::string, std::string>> query;
    Headers headers;
    std::string remote_address;
    bool secure = false;  ///< came over TLS

    std::optional<std::string_view> query_value(std::string_view name) const;
};

struct Response {
    unsigned status = 200;
    Headers headers;
    std::string body;
};

std::string_view reason_phrase(unsigned status);

/// Percent-encodes everything but unreserved characters (RFC 3986), for one path segment or value.
std::string percent_encode(std::string_view text);

}  // namespace pgmind::http
