#include "platform/postgres/connection_services.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>

#include <libpq-fe.h>

namespace pgmind::postgres {
namespace {

struct FreeOptions {
    void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
};
using OptionsHandle = std::unique_ptr<PQconninfoOption, FreeOptions>;

// What the connections of this program set by themselves, or must not have.
constexpr std::array<std::string_view, 10> kNotOffered = {
    "service",         "replication",         "client_encoding",  "gssencmode",       "keepalives",
    "keepalives_idle", "keepalives_interval", "keepalives_count", "tcp_user_timeout", "authtype"};

tl::unexpected<Error> wrong(std::size_t line, const std::string& why) {
    return fail(invalid_argument("line " + std::to_string(line),
                                 "line " + std::to_string(line) + ": " + why));
}

std::string_view trimmed(std::string_view text) {
    const std::size_t begin = text.find_first_not_of(" \t\r");
    return begin == std::string_view::npos
               ? std::string_view()
               : text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1);
}

template <class Number>
bool read_number(const std::string& text, Number& number) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc() && end == text.data() + text.size();
}

class Reader {
  public:
    Reader() : known_(PQconndefaults()) {
        if (!known_) {
            throw std::bad_alloc();
        }
    }

    Result<std::vector<ConnectionService>> read(std::string_view text) {
        while (!text.empty()) {
            ++line_;
            const std::size_t end = std::min(text.find('\n'), text.size());
            const Result<void> done = take(trimmed(text.substr(0, end)));
            if (!done) {
                return fail(done.error());
            }
            text.remove_prefix(std::min(end + 1, text.size()));
        }
        return std::move(services_);
    }

  private:
    Result<void> take(std::string_view line) {
        if (line.empty() || line.front() == '#') {
            return {};
        }
        if (line.front() == '[') {
            return begin(line);
        }
        const std::size_t equals = line.find('=');
        if (equals == std::string_view::npos) {
            return wrong(line_, "not of the form keyword=value");
        }
        if (services_.empty()) {
            return wrong(line_, "stands before the first [section]");
        }
        return set(services_.back().options, std::string(line.substr(0, equals)),
                   std::string(line.substr(equals + 1)));
    }

    Result<void> begin(std::string_view line) {
        if (line.size() < 3 || line.back() != ']') {
            return wrong(line_, "not of the form [section]");
        }
        std::string name(line.substr(1, line.size() - 2));
        const auto same = [&](const ConnectionService& other) { return other.name == name; };
        if (std::any_of(services_.begin(), services_.end(), same)) {
            return wrong(line_, "there is a section [" + name + "] already");
        }
        ConnectionService service;
        service.name = std::move(name);
        service.options.sslmode = default_of("sslmode");
        services_.push_back(std::move(service));
        return {};
    }

    const PQconninfoOption* find(std::string_view keyword) const {
        for (const PQconninfoOption* option = known_.get(); option->keyword != nullptr; ++option) {
            if (option->keyword == keyword) {
                return option;
            }
        }
        return nullptr;
    }

    std::string default_of(std::string_view keyword) const {
        const PQconninfoOption* option = find(keyword);
        return option == nullptr || option->val == nullptr ? std::string() : option->val;
    }

    Result<void> set(ConnectionOptions& options, const std::string& keyword, std::string value) {
        const auto refused = std::find(kNotOffered.begin(), kNotOffered.end(), keyword);
        if (find(keyword) == nullptr || refused != kNotOffered.end()) {
            return wrong(line_, "libpq's keyword \"" + keyword + "\" is not offered here");
        }
        if (keyword == "port") {
            return read_number(value, options.port) && options.port > 0
                       ? Result<void>()
                       : wrong(line_, "a port is 1 to 65535");
        }
        if (keyword == "connect_timeout") {
            int seconds = 0;
            if (!read_number(value, seconds) || seconds < 1) {
                return wrong(line_, "connect_timeout is a number of seconds, at least 1");
            }
            options.connect_timeout = std::chrono::seconds(seconds);
            return {};
        }
        if (keyword == "host" && value.find(',') != std::string::npos) {
            return wrong(line_, "each section names one host");
        }
        if (std::string* field = field_of(options, keyword)) {
            *field = std::move(value);
        } else {
            options.others.emplace_back(keyword, std::move(value));
        }
        return {};
    }

    static std::string* field_of(ConnectionOptions& options, std::string_view keyword) {
        const std::array<std::pair<std::string_view, std::string*>, 7> fields = {{
            {"host", &options.host},
            {"dbname", &options.database},
            {"user", &options.user},
            {"password", &options.password},
            {"application_name", &options.application_name},
            {"sslmode", &options.sslmode},
            {"sslrootcert", &options.sslrootcert},
        }};
        for (const auto& [name, field] : fields) {
            if (name == keyword) {
                return field;
            }
        }
        return nullptr;
    }

    OptionsHandle known_;
    std::vector<ConnectionService> services_;
    std::size_t line_ = 0;
};

}  // namespace

Result<std::vector<ConnectionService>> read_connection_services(std::string_view text) {
    return Reader().read(text);
}

}  // namespace pgmind::postgres
