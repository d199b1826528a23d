#include "security/app/security_service.hpp"

namespace pgmind::security {

SecurityService::SecurityService(SecurityParts parts)
    : parts_(std::move(parts)), reader_(parts_.directory, parts_.limits.directory_age_max) {}

}  // namespace pgmind::security
