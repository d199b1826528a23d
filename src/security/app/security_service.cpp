#include "security/app/security_service.hpp"

namespace pgmind::security {

SecurityService::SecurityService(SecurityParts parts)
    : parts_(std::move(parts)),
      second_factors_(parts_.second_factors, parts_.loop),
      reader_(parts_.directory, parts_.limits.directory_age_max) {}

}  // namespace pgmind::security
