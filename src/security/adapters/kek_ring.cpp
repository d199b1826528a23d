#include "security/adapters/kek_ring.hpp"

#include <array>
#include <charconv>

#include "platform/crypto/crypto.hpp"
#include "platform/process/child.hpp"
#include "platform/process/files.hpp"
#include "security/api/errors.hpp"

namespace pgmind::security {
namespace {

constexpr std::size_t kKeysMax = 64;
constexpr std::size_t kBytesMax = 16 * 1024;
constexpr std::chrono::seconds kCommandTimeout{10};

tl::unexpected<Error> unusable(const std::string& detail) {
    return fail(Errc::kek_unusable, "the key-encryption keys cannot be used: " + detail);
}

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view kBlank = " \t\r";
    const std::size_t begin = text.find_first_not_of(kBlank);
    return begin == std::string_view::npos
               ? std::string_view()
               : text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

std::string random_line(std::uint32_t id) {
    std::array<std::uint8_t, crypto::AeadKey::key_bytes> bytes;
    crypto::fill_random(bytes);
    std::string line = std::to_string(id) + " " + crypto::to_base64url(bytes) + "\n";
    crypto::wipe(bytes);
    return line;
}

Result<std::string> read_text(const KekSource& source, bool may_create) {
    std::error_code ignored;
    if (may_create && !std::filesystem::exists(source.file, ignored) && !ignored) {
        const std::string fresh =
            "# pgmind's key-encryption keys: an id and 32 bytes in base64url a line. The highest\n"
            "# id is in use. Keep a copy elsewhere: without it, what is encrypted is lost.\n" +
            random_line(1);
        if (auto written = process::write_atomically(source.file, fresh, 0600); !written) {
            return unusable(written.error().detail);
        }
    }
    Result<std::string> text = process::read_file(source.file, kBytesMax);
    if (!text) {
        return unusable(text.error().detail);
    }
    return text;
}

Task<Result<std::string>> run_command(std::string line, Deadline deadline) {
    process::Command command;
    command.arguments = {"/bin/sh", "-c", std::move(line)};
    command.environment = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"};
    const Deadline limit = deadline.capped(kCommandTimeout);
    auto completed = co_await process::run(std::move(command), kBytesMax, limit);
    if (!completed) {
        co_return unusable("the command did not end: " + completed.error().detail);
    }
    if (!completed->status.success()) {
        // What it printed may hold keys.
        crypto::wipe(completed->output);
        co_return unusable("the command " + completed->status.describe());
    }
    co_return std::move(completed->output);
}

}  // namespace

std::string KekSource::name() const {
    if (!command.empty()) {
        return "command";
    }
    return text.empty() ? "file " + file.string() : "setting";
}

Result<KekRing> KekRing::parse(std::string text) {
    KekRing ring;
    std::size_t number = 0;
    std::optional<std::string> problem;
    for (std::size_t begin = 0; begin < text.size() && !problem;) {
        const std::size_t end = std::min(text.find('\n', begin), text.size());
        const std::string_view line = trimmed(std::string_view(text).substr(begin, end - begin));
        begin = end + 1;
        ++number;
        if (line.empty() || line.front() == '#') {
            continue;
        }
        std::uint32_t id = 0;
        const auto read = std::from_chars(line.data(), line.data() + line.size(), id);
        const std::string_view rest(read.ptr, line.data() + line.size());
        auto bytes = crypto::from_base64url(trimmed(rest));
        const bool formed = read.ec == std::errc() && id > 0 && rest.starts_with(' ') && bytes &&
                            bytes->size() == crypto::AeadKey::key_bytes;
        if (!formed) {
            problem = "is not an id and 32 bytes in base64url";
        } else if (ring.keys_.contains(id)) {
            problem = "has an id that was there already";
        } else if (ring.keys_.size() == kKeysMax) {
            problem = "is one too many: at most 64";
        } else {
            ring.keys_.emplace(id, *crypto::AeadKey::from_bytes(*bytes));
        }
        if (bytes) {
            crypto::wipe(*bytes);
        }
    }
    crypto::wipe(text);
    if (problem) {
        return unusable("line " + std::to_string(number) + " " + *problem);
    }
    if (ring.keys_.empty()) {
        return unusable("there is none");
    }
    return ring;
}

const crypto::AeadKey* KekRing::find(std::uint32_t id) const {
    const auto found = keys_.find(id);
    return found == keys_.end() ? nullptr : &found->second;
}

std::vector<std::uint32_t> KekRing::ids() const {
    std::vector<std::uint32_t> ids;
    for (const auto& [id, key] : keys_) {
        ids.push_back(id);
    }
    return ids;
}

Task<Result<std::shared_ptr<const KekRing>>> read_kek_ring(const KekSource& source, bool may_create,
                                                           Deadline deadline) {
    Result<std::string> text = source.text;
    if (!source.command.empty()) {
        text = co_await run_command(source.command, deadline);
    } else if (source.text.empty()) {
        text = read_text(source, may_create);
    }
    if (!text) {
        co_return fail(std::move(text.error()));
    }
    auto ring = KekRing::parse(std::move(*text));
    if (!ring) {
        co_return fail(std::move(ring.error()));
    }
    co_return std::make_shared<const KekRing>(std::move(*ring));
}

Result<void> add_kek(const KekSource& source) {
    if (!source.command.empty() || !source.text.empty()) {
        return fail(invalid_argument(
            "make_new", "the key-encryption keys come from a " + source.name() +
                            ", which only its owner can change: add a line there, on every "
                            "gateway, and ask again without make_new"));
    }
    Result<std::string> text = read_text(source, false);
    if (!text) {
        return fail(std::move(text.error()));
    }
    auto ring = KekRing::parse(*text);
    if (!ring) {
        return fail(std::move(ring.error()));
    }
    if (!text->ends_with('\n')) {
        *text += '\n';
    }
    *text += random_line(ring->newest() + 1);
    auto written = process::write_atomically(source.file, *text, 0600);
    crypto::wipe(*text);
    if (!written) {
        return unusable(written.error().detail);
    }
    return {};
}

}  // namespace pgmind::security
