#include "cluster/adapters/postgres_programs.hpp"

#include <algorithm>
#include <charconv>
#include <string>
#include <system_error>
#include <vector>

#include <unistd.h>

#include "cluster/api/errors.hpp"
#include "platform/process/child.hpp"

namespace pgmind::cluster {
namespace {

constexpr std::size_t kOutputBytesMax = 4096;

bool has_programs(const std::filesystem::path& directory) {
    return ::access((directory / "postgres").c_str(), X_OK) == 0 &&
           ::access((directory / "initdb").c_str(), X_OK) == 0;
}

Task<std::string> output_of(std::vector<std::string> arguments, Deadline deadline) {
    process::Command command;
    command.arguments = std::move(arguments);
    command.environment = {"PATH=/usr/local/bin:/usr/bin:/bin", "LC_ALL=C"};
    const auto done = co_await process::run(std::move(command), kOutputBytesMax, deadline);
    // A program that cannot even tell its version or place is passed over like one that is missing.
    co_return done && done->status.success() ? done->output : std::string();
}

// The versions installed side by side below a directory, newest first: 17/bin, 16/bin, ...
void add_versioned(std::vector<std::filesystem::path>& places, const std::filesystem::path& parent,
                   const std::string& prefix) {
    std::vector<std::pair<int, std::filesystem::path>> found;
    std::error_code missing;
    for (const auto& entry : std::filesystem::directory_iterator(parent, missing)) {
        const std::string name = entry.path().filename();
        if (!name.starts_with(prefix)) {
            continue;
        }
        int version = 0;
        std::from_chars(name.data() + prefix.size(), name.data() + name.size(), version);
        found.emplace_back(version, entry.path() / "bin");
    }
    std::sort(found.rbegin(), found.rend());
    for (auto& [version, path] : found) {
        places.push_back(std::move(path));
    }
}

Task<std::vector<std::filesystem::path>> candidate_places(Deadline deadline) {
    std::vector<std::filesystem::path> places;
    const std::filesystem::path pg_config = process::find_program("pg_config");
    if (!pg_config.empty()) {
        std::vector<std::string> arguments{pg_config, "--bindir"};
        std::string said = co_await output_of(std::move(arguments), deadline);
        places.emplace_back(said.substr(0, said.find('\n')));
    }
    places.push_back(process::find_program("postgres").parent_path());
    add_versioned(places, "/usr/lib/postgresql", "");
    add_versioned(places, "/usr", "pgsql-");
    places.emplace_back("/usr/local/pgsql/bin");
    co_return places;
}

Error not_found(const std::filesystem::path& directory, std::optional<int> major,
                const std::vector<int>& others) {
    std::string detail =
        major ? "the data directory was made by PostgreSQL " + std::to_string(*major) +
                    ", which is not installed"
              : "PostgreSQL " + std::to_string(kPostgresMajorMin) + " or newer is not installed";
    if (!directory.empty()) {
        detail += " in " + directory.string();
    }
    if (!others.empty()) {
        detail += " (found version " + std::to_string(others.front()) + ")";
    }
    return Error(Errc::not_installed, detail + ": install the package postgresql-" +
                                          std::to_string(major.value_or(kPostgresMajorMin)));
}

}  // namespace

std::optional<int> major_from_version(std::string_view text) {
    constexpr std::string_view kMark = "(PostgreSQL) ";
    const std::size_t found = text.find(kMark);
    if (found == std::string_view::npos) {
        return std::nullopt;
    }
    const std::string_view number = text.substr(found + kMark.size());
    int major = 0;
    const auto [end, failure] =
        std::from_chars(number.data(), number.data() + number.size(), major);
    return failure == std::errc() && major > 0 ? std::optional(major) : std::nullopt;
}

Task<Result<PostgresPrograms>> find_postgres(std::filesystem::path directory,
                                             std::optional<int> major, Deadline deadline) {
    std::vector<std::filesystem::path> places;
    if (directory.empty()) {
        places = co_await candidate_places(deadline);
    } else {
        places.push_back(directory);
    }
    std::vector<int> others;
    for (const std::filesystem::path& place : places) {
        if (place.empty() || !has_programs(place)) {
            continue;
        }
        std::vector<std::string> arguments{place / "postgres", "--version"};
        const std::string said = co_await output_of(std::move(arguments), deadline);
        const std::optional<int> found = major_from_version(said);
        if (!found) {
            continue;
        }
        if (major ? *found == *major : *found >= kPostgresMajorMin) {
            co_return PostgresPrograms{place, *found};
        }
        others.push_back(*found);
    }
    co_return fail(not_found(directory, major, others));
}

}  // namespace pgmind::cluster
