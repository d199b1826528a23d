#include "demo/debian_packages.hpp"

#include <array>
#include <charconv>
#include <unordered_set>

#include <boost/asio/io_context.hpp>

#include "demo/package_demo.hpp"
#include "platform/json/writer.hpp"
#include "platform/process/child.hpp"

namespace pgmind::app {
namespace {

constexpr std::size_t kRecordsBytesMax = 512 * 1024 * 1024;
constexpr std::chrono::seconds kAptTimeout{60};
// Facets of tags whose values are words that somebody may look for.
constexpr std::array<std::string_view, 5> kSpokenFacets = {
    "use::", "works-with::", "works-with-format::", "protocol::", "field::"};

std::string_view next_line(std::string_view& text) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return line;
}

std::string_view trimmed(std::string_view text) {
    const std::size_t begin = text.find_first_not_of(" \t\r");
    if (begin == std::string_view::npos) {
        return {};
    }
    return text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1);
}

void append_tags(std::string_view list, std::vector<std::string>& tags) {
    while (!list.empty()) {
        const std::size_t end = std::min(list.find(','), list.size());
        if (const std::string_view tag = trimmed(list.substr(0, end)); !tag.empty()) {
            tags.emplace_back(tag);
        }
        list.remove_prefix(std::min(end + 1, list.size()));
    }
}

void take_field(DebianPackage& package, std::string_view name, std::string_view value) {
    if (name == "Package") {
        package.name = value;
    } else if (name == "Version") {
        package.version = value;
    } else if (name == "Section") {
        package.section = value;
    } else if (name == "Description" || name == "Description-en") {
        package.description = value;
    } else if (name == "Homepage") {
        package.homepage = value;
    } else if (name == "Size") {
        std::from_chars(value.data(), value.data() + value.size(), package.size_bytes);
    } else if (name == "Tag") {
        append_tags(value, package.tags);
    }
}

// What a search reads: the name in one piece and in words, the description, and what tags say.
std::string search_text(const DebianPackage& package) {
    std::string text = package.name + " " + package.description;
    for (const std::string& tag : package.tags) {
        for (const std::string_view facet : kSpokenFacets) {
            if (tag.starts_with(facet)) {
                text += " " + tag.substr(facet.size());
            }
        }
    }
    return text;
}

}  // namespace

std::vector<DebianPackage> parse_packages(std::string_view records) {
    std::vector<DebianPackage> packages;
    std::unordered_set<std::string> seen;
    DebianPackage package;
    std::string_view field;
    const auto finish = [&] {
        if (!package.name.empty() && !package.description.empty() &&
            seen.insert(package.name).second) {
            if (package.section.empty()) {
                package.section = "unsorted";
            }
            packages.push_back(std::move(package));
        }
        package = DebianPackage();
        field = {};
    };
    while (!records.empty()) {
        const std::string_view line = next_line(records);
        if (trimmed(line).empty()) {
            finish();
        } else if (line.front() == ' ' || line.front() == '\t') {
            if (field == "Tag") {
                append_tags(line, package.tags);
            }
        } else if (const std::size_t colon = line.find(':'); colon != std::string_view::npos) {
            field = line.substr(0, colon);
            take_field(package, field, trimmed(line.substr(colon + 1)));
        }
    }
    finish();
    return packages;
}

Result<std::vector<DebianPackage>> installable_packages() {
    const std::filesystem::path program = process::find_program("apt-cache");
    if (program.empty()) {
        return std::vector<DebianPackage>();
    }
    process::Command command;
    command.arguments = {program, "dumpavail"};
    command.environment = {"LC_ALL=C.UTF-8", "PATH=/usr/bin:/bin"};
    boost::asio::io_context loop(1);
    auto task = process::run(std::move(command), kRecordsBytesMax, Deadline::after(kAptTimeout));
    auto completed = async::run_blocking_loop(loop, std::move(task));
    if (!completed) {
        return fail(std::move(completed.error()));
    }
    if (!completed->status.success()) {
        return fail(BaseErrc::unavailable, "apt-cache dumpavail " + completed->status.describe());
    }
    return parse_packages(completed->output);
}

std::string namespace_of(const DebianPackage& package) {
    return std::string(kPackagePrefix) + package.section;
}

std::string import_line(const DebianPackage& package) {
    std::string line;
    json::ObjectWriter entry(line);
    entry.string("namespace", namespace_of(package)).string("key", package.name).name("value");
    json::ObjectWriter value(line);
    value.string("package", package.name)
        .string("description", package.description)
        .string("version", package.version)
        .string("section", package.section);
    if (!package.homepage.empty()) {
        value.string("homepage", package.homepage);
    }
    value.number("size", package.size_bytes).end();
    entry.string("text", search_text(package)).name("metadata");
    json::ObjectWriter metadata(line);
    metadata.string("section", package.section)
        .number("size", package.size_bytes)
        .strings("tags", package.tags)
        .end();
    entry.end();
    return line + "\n";
}

}  // namespace pgmind::app
