#include "client/endpoint.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>

#include <arpa/inet.h>
#include <netinet/in.h>

#include "client/api_error.hpp"
#include "client/session_file.hpp"

namespace pgmind::app {
namespace {

constexpr std::size_t kKeyBytesMax = 1024;

std::string environment_text(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? std::string() : std::string(value);
}

std::string_view trimmed(std::string_view text) {
    const std::size_t begin = text.find_first_not_of(" \t\r");
    if (begin == std::string_view::npos) {
        return {};
    }
    return text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1);
}

// The configuration is read at most once, and only when something is not given otherwise.
class LocalConfiguration {
  public:
    explicit LocalConfiguration(const GlobalOptions& options) : options_(options) {}

    Result<const config::Configuration*> get() {
        if (!outcome_) {
            outcome_ = load_configuration(options_, {});
        }
        if (!outcome_->problems.empty()) {
            const config::Problem& first = outcome_->problems.front();
            return fail(invalid_argument(first.where, first.message));
        }
        return &outcome_->configuration;
    }

  private:
    const GlobalOptions& options_;
    std::optional<config::Outcome> outcome_;
};

std::string url_of(const config::Configuration& configuration) {
    const bool secure = !configuration.text("http.tls_certificate_file").empty() ||
                        configuration.text("http.tls") == "own";
    std::string host = configuration.text("http.address");
    if (host.empty() || host == "0.0.0.0" || host == "::") {
        host = "127.0.0.1";
    } else if (host.find(':') != std::string::npos) {
        host = "[" + host + "]";
    }
    return (secure ? "https://" : "http://") + host + ":" +
           std::to_string(configuration.integer("http.port"));
}

std::string data_directory_of(const config::Configuration& configuration) {
    const std::string& named = configuration.text("data.directory");
    return named.empty() ? default_data_directory() : named;
}

}  // namespace

Result<std::string> read_key_file(const std::string& path) {
    std::ifstream file(path);
    std::string line;
    if (!file || !std::getline(file, line)) {
        return fail(client_error(Failure::unauthenticated, "cannot read an API key from " + path));
    }
    const std::string_view key = trimmed(line);
    if (key.empty() || key.size() > kKeyBytesMax) {
        return fail(client_error(Failure::unauthenticated, "there is no API key in " + path));
    }
    return std::string(key);
}

bool is_loopback_url(std::string_view url) {
    const std::size_t scheme = url.find("://");
    if (scheme == std::string_view::npos) {
        return false;
    }
    std::string_view host = url.substr(scheme + 3);
    host = host.substr(0, host.find_first_of("/?#"));
    if (host.find_first_of("@\\") != std::string_view::npos) {
        return false;
    }
    if (host.starts_with('[')) {
        const std::size_t end = host.find(']');
        if (end == std::string_view::npos) {
            return false;
        }
        host = host.substr(1, end - 1);
    } else {
        host = host.substr(0, host.find(':'));
    }
    if (host == "localhost") {
        return true;
    }
    const std::string text(host);
    in_addr four{};
    in6_addr six{};
    if (inet_pton(AF_INET, text.c_str(), &four) == 1) {
        return (ntohl(four.s_addr) >> 24) == 127;
    }
    return inet_pton(AF_INET6, text.c_str(), &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
}

Result<Endpoint> find_endpoint(const GlobalOptions& options) {
    LocalConfiguration local(options);
    Endpoint endpoint;
    endpoint.ca_file = environment_text("PGMIND_CA_FILE");
    endpoint.url = options.url.empty() ? environment_text("PGMIND_URL") : options.url;
    if (endpoint.url.empty()) {
        auto configuration = local.get();
        if (!configuration) {
            return fail(std::move(configuration.error()));
        }
        endpoint.url = url_of(**configuration);
    }
    if (endpoint.ca_file.empty() && endpoint.url.starts_with("https://") &&
        is_loopback_url(endpoint.url)) {
        auto configuration = local.get();
        if (!configuration) {
            return fail(std::move(configuration.error()));
        }
        const std::string file = data_directory_of(**configuration) + "/ca.pem";
        std::error_code unreadable;
        if (std::filesystem::exists(file, unreadable)) {
            endpoint.ca_file = file;
        }
    }
    if (!options.key_file.empty()) {
        auto key = read_key_file(options.key_file);
        if (!key) {
            return fail(invalid_argument("--key-file", "--key-file: " + key.error().detail));
        }
        endpoint.api_key = std::move(*key);
        return endpoint;
    }
    endpoint.api_key = environment_text("PGMIND_API_KEY");
    if (endpoint.api_key.empty()) {
        if (auto session = read_session_file(); session && session->url == endpoint.url) {
            endpoint.api_key = std::move(session->token);
            endpoint.from_login = true;
        }
    }
    if (endpoint.api_key.empty() && is_loopback_url(endpoint.url)) {
        auto configuration = local.get();
        if (!configuration) {
            return fail(std::move(configuration.error()));
        }
        const std::string directory = data_directory_of(**configuration);
        endpoint.api_key = read_key_file(directory + "/" + std::string(kAdminKeyFile)).value_or("");
    }
    return endpoint;
}

}  // namespace pgmind::app
