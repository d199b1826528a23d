#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace pgmind::app {

/// What apt knows of a package.
struct DebianPackage {
    std::string name;
    std::string version;
    std::string section;  ///< "utils", "non-free/net"; "unsorted" when apt names none
    std::string description;
    std::string homepage;
    std::int64_t size_bytes = 0;
    std::vector<std::string> tags;  ///< debtags: "use::compressing"
};

/// Reads the records of `apt-cache dumpavail`. Of a package that stands there twice the first
/// counts; one without a name or a description is left out.
std::vector<DebianPackage> parse_packages(std::string_view records);

/// Every package in this machine's own lists; empty when apt has no lists here (or there is no
/// apt). Blocks for about a second.
Result<std::vector<DebianPackage>> installable_packages();

/// The namespace of a package: one for each section.
std::string namespace_of(const DebianPackage& package);

/// The package as a line of NDJSON to import.
std::string import_line(const DebianPackage& package);

}  // namespace pgmind::app
