#pragma once

#include <chrono>
#include <memory>
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
    void remove(std::string_view name);
    void clear() { fields_.clear(); }
    /// The first value, or nullopt.
    std::optional<std::string_view> find(std::string_view name) const;
    std::size_t count(std::string_view name) const;
    std::size_t size() const { return fields_.size(); }

    auto begin() const { return fields_.begin(); }
    auto end() const { return fields_.end(); }

  private:
    std::vector<std::pair<std::string, std::string>> fields_;
};

/// Header names and most header tokens compare this way (ASCII only).
bool equals_ignoring_case(std::string_view left, std::string_view right);

/// What a client proved to be in the TLS handshake: its certificate is by a trusted authority, for
/// TLS clients, and was valid then. Immutable.
struct PeerCertificate {
    std::vector<std::string> uris;       ///< of the subject's alternative names
    std::vector<std::string> dns_names;  ///< as well
    std::string common_name;             ///< empty unless the subject has exactly one
    std::chrono::system_clock::time_point not_after;
};

/// A request without its body. `path` and query names and values are percent-decoded (in the query
/// `+` is a space, as HTML forms and most clients write it) and are UTF-8 without NUL. `segments`
/// are the decoded parts of the path, so that an encoded slash stays inside its segment: "/" has
/// none, "/a%2Fb/" has "a/b" and "". Dot segments are not resolved.
struct RequestHead {
    std::string method;  ///< upper case
    std::string target;  ///< as received
    std::string path;
    std::vector<std::string> segments;
    std::vector<std::pair<std::string, std::string>> query;
    Headers headers;
    std::string remote_address;
    bool secure = false;                                      ///< came over TLS
    std::shared_ptr<const PeerCertificate> peer_certificate;  ///< nullptr: the client showed none

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
