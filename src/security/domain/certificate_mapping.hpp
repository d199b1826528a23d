#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace pgmind::security {

/// Which service a certificate is for.
struct CertificateMapping {
    std::string certificate_name;  ///< "uri:...", "dns:..." or "cn:...": one of the certificate's
    std::string principal_name;

    /// "uri:spiffe://example.org/indexer=indexer".
    static Result<CertificateMapping> parse(std::string_view text);
};

/// The first mapping for one of the names; nullptr when there is none. Names are compared whole.
const CertificateMapping* find_mapping(const std::vector<CertificateMapping>& mappings,
                                       const std::vector<std::string>& names);

}  // namespace pgmind::security
