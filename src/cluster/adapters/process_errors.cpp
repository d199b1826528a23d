#include "cluster/adapters/process_errors.hpp"

#include <string_view>

#include "cluster/api/errors.hpp"
#include "platform/process/errors.hpp"

namespace pgmind::cluster {
namespace {

Errc code_of(const Error& error) {
    if (error.code == process::Errc::no_space) {
        return Errc::disk_full;
    }
    if (error.code == process::Errc::not_permitted || error.code == process::Errc::not_found) {
        return Errc::directory_unusable;
    }
    if (error.code == process::Errc::deadline_exceeded) {
        return Errc::deadline_exceeded;
    }
    return Errc::node_failed;
}

std::string_view line_at(std::string_view text, std::size_t position) {
    const std::string_view rest = text.substr(position);
    return rest.substr(0, rest.find('\n'));
}

std::string trimmed(std::string_view text) {
    const std::size_t begin = text.find_first_not_of(" \t\r\n");
    const std::size_t end = text.find_last_not_of(" \t\r\n");
    return begin == std::string_view::npos ? std::string()
                                           : std::string(text.substr(begin, end - begin + 1));
}

bool contains(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

Error from_process(const Error& error) {
    Error mine(code_of(error), error.detail);
    mine.reason = error.reason;
    return mine;
}

std::string reason_in(const std::string& output) {
    constexpr std::string_view kInitdb = "initdb: error:";
    const std::size_t first = output.find(kInitdb);
    std::size_t last = std::string::npos;
    for (const std::string_view mark : {"FATAL:", "PANIC:"}) {
        const std::size_t found = output.rfind(mark);
        if (found != std::string::npos && (last == std::string::npos || found > last)) {
            last = found + mark.size();
        }
    }
    if (last != std::string::npos) {
        return trimmed(line_at(output, last));
    }
    if (first != std::string::npos) {
        return trimmed(line_at(output, first + kInitdb.size()));
    }
    const std::string all = trimmed(output);
    const std::size_t line_end = all.rfind('\n');
    return line_end == std::string::npos ? all : trimmed(all.substr(line_end));
}

Error from_output(const std::string& doing, const std::string& output) {
    const std::string reason = reason_in(output);
    const std::string detail = doing + (reason.empty() ? "" : ": " + reason);
    if (contains(output, "No space left on device") || contains(output, "Disk quota exceeded")) {
        return Error(Errc::disk_full, doing + ": the disk is full");
    }
    if (contains(output, "Address already in use")) {
        return Error(Errc::port_in_use, doing + ": its port is in use by another program");
    }
    return Error(Errc::node_failed, detail);
}

}  // namespace pgmind::cluster
