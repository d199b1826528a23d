#include "security/domain/certificate_mapping.hpp"

#include <algorithm>

#include "security/domain/names.hpp"

namespace pgmind::security {

Result<CertificateMapping> CertificateMapping::parse(std::string_view text) {
    const std::size_t equals = text.rfind('=');
    const std::size_t colon = text.find(':');
    const std::string_view kind = text.substr(0, colon);
    const bool known = kind == "uri" || kind == "dns" || kind == "cn";
    if (equals == std::string_view::npos || !known || colon + 1 >= equals) {
        return fail(invalid_argument("client_certificates",
                                     "'" + std::string(text) +
                                         "' is not uri:URI=PRINCIPAL, dns:NAME=PRINCIPAL or "
                                         "cn:NAME=PRINCIPAL"));
    }
    CertificateMapping mapping{std::string(text.substr(0, equals)),
                               std::string(text.substr(equals + 1))};
    if (auto valid = validate_principal_name(mapping.principal_name); !valid) {
        return fail(std::move(valid.error()));
    }
    return mapping;
}

const CertificateMapping* find_mapping(const std::vector<CertificateMapping>& mappings,
                                       const std::vector<std::string>& names) {
    const auto found =
        std::find_if(mappings.begin(), mappings.end(), [&](const CertificateMapping& mapping) {
            return std::find(names.begin(), names.end(), mapping.certificate_name) != names.end();
        });
    return found == mappings.end() ? nullptr : &*found;
}

}  // namespace pgmind::security
