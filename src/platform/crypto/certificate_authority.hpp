#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace pgmind::crypto {

struct CertificateRequest {
    std::string common_name;  ///< at most 64 bytes
    std::vector<std::string> dns_names;
    std::vector<std::string> addresses;  ///< IPv4 or IPv6
    std::chrono::seconds lifetime{};
    bool client = false;  ///< may prove a client too, not only a server
};

/// PEM texts: the certificate and its own key.
struct IssuedCertificate {
    std::string certificate;
    std::string key;
};

/// A small X.509 authority (RFC 5280) for servers that trust each other by configuration: ECDSA on
/// P-256 with SHA-256, serial numbers of 127 random bits, no intermediate authorities. It keeps no
/// list of what it issued and revokes nothing: certificates are short-lived instead. Immutable and
/// thread-safe.
class CertificateAuthority {
  public:
    /// A new one with a key of its own.
    static Result<CertificateAuthority> make(const std::string& common_name,
                                             std::chrono::seconds lifetime);
    /// From PEM texts. invalid_argument when they do not go together or it is no authority.
    static Result<CertificateAuthority> read(std::string_view certificate, std::string_view key);

    CertificateAuthority(CertificateAuthority&&) noexcept;
    CertificateAuthority& operator=(CertificateAuthority&&) noexcept;
    ~CertificateAuthority();

    std::string certificate() const;
    /// Whoever has it can make certificates.
    std::string key() const;

    /// Valid from five minutes ago, for clocks that are behind. invalid_argument names what in the
    /// request cannot be.
    Result<IssuedCertificate> issue(const CertificateRequest& request) const;

    /// Whether it issued this certificate (PEM).
    bool issued(std::string_view certificate) const;

  private:
    struct Parts;
    explicit CertificateAuthority(std::unique_ptr<Parts> parts);
    std::unique_ptr<Parts> parts_;
};

/// Whether the key (PEM) is that of the certificate.
bool go_together(std::string_view certificate, std::string_view key);

/// When the first certificate of a PEM text ends.
Result<WallTime> end_of_certificate(std::string_view certificate);

}  // namespace pgmind::crypto
