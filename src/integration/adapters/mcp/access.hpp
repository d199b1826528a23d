#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "integration/adapters/mcp/call.hpp"

namespace pgmind::integration::mcp {

/// May the caller? The error of a denial carries the scope that would be needed.
Task<tl::expected<Admission, ProtocolError>> admit(Call& call, Permission permission,
                                                   std::vector<std::string> namespaces);

/// Writes the audit record of what admit() allowed; its error replaces the answer.
Task<std::optional<ProtocolError>> record(Call& call, const Admission& admission,
                                          std::string_view outcome);

/// "memory:read": how the permission is called in WWW-Authenticate.
std::string scope_of(Permission permission);

}  // namespace pgmind::integration::mcp
