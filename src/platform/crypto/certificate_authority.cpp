#include "platform/crypto/certificate_authority.hpp"

#include <algorithm>
#include <array>
#include <ctime>

#include <arpa/inet.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "platform/crypto/crypto.hpp"

namespace pgmind::crypto {
namespace {

constexpr std::size_t kSerialBytes = 16;
constexpr std::size_t kNameBytesMax = 64;  // RFC 5280, ub-common-name
constexpr std::size_t kNamesMax = 32;
constexpr std::chrono::seconds kBackdated{300};

template <auto Release>
struct Releaser {
    template <class T>
    void operator()(T* object) const {
        Release(object);
    }
};
using Key = std::unique_ptr<EVP_PKEY, Releaser<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Releaser<X509_free>>;
using Memory = std::unique_ptr<BIO, Releaser<BIO_free_all>>;
using Number = std::unique_ptr<BIGNUM, Releaser<BN_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, Releaser<X509_EXTENSION_free>>;

tl::unexpected<Error> wrong(std::string detail, std::string field = "") {
    ERR_clear_error();
    return fail(
        Error(make_error_code(BaseErrc::invalid_argument), std::move(detail), std::move(field)));
}

tl::unexpected<Error> failed() {
    ERR_clear_error();
    return fail(BaseErrc::internal, "OpenSSL could not make a certificate");
}

std::string content_of(BIO* memory) {
    const char* data = nullptr;
    const long size = BIO_get_mem_data(memory, &data);
    return {data, static_cast<std::size_t>(size)};
}

std::string to_pem(X509* certificate) {
    const Memory memory(BIO_new(BIO_s_mem()));
    PEM_write_bio_X509(memory.get(), certificate);
    return content_of(memory.get());
}

std::string to_pem(EVP_PKEY* key) {
    const Memory memory(BIO_new(BIO_s_secmem()));
    PEM_write_bio_PrivateKey(memory.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
    return content_of(memory.get());
}

Certificate certificate_of(std::string_view pem) {
    const Memory memory(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    return Certificate(PEM_read_bio_X509(memory.get(), nullptr, nullptr, nullptr));
}

// Without a callback OpenSSL would ask a terminal for the password of an encrypted key.
int no_password(char*, int, int, void*) {
    return -1;
}

Key key_of(std::string_view pem) {
    const Memory memory(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    return Key(PEM_read_bio_PrivateKey(memory.get(), nullptr, no_password, nullptr));
}

// Positive, and never the same twice (RFC 5280, 4.1.2.2).
bool set_serial(X509* certificate) {
    std::array<std::uint8_t, kSerialBytes> bytes{};
    fill_random(bytes);
    bytes[0] = static_cast<std::uint8_t>((bytes[0] & 0x7fU) | 0x40U);
    const Number number(BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr));
    return number &&
           BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr;
}

bool set_lifetime(X509* certificate, std::chrono::seconds lifetime) {
    return X509_gmtime_adj(X509_getm_notBefore(certificate), -kBackdated.count()) != nullptr &&
           X509_gmtime_adj(X509_getm_notAfter(certificate), lifetime.count()) != nullptr;
}

bool set_common_name(X509_NAME* name, const std::string& text) {
    return X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                      reinterpret_cast<const unsigned char*>(text.data()),
                                      static_cast<int>(text.size()), -1, 0) == 1;
}

bool add_extension(X509* certificate, X509* issuer, int kind, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    const Extension extension(X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str()));
    return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

Certificate begin_certificate(const std::string& common_name, EVP_PKEY* key,
                              std::chrono::seconds lifetime) {
    Certificate certificate(X509_new());
    const bool made = certificate && X509_set_version(certificate.get(), X509_VERSION_3) == 1 &&
                      set_serial(certificate.get()) && set_lifetime(certificate.get(), lifetime) &&
                      set_common_name(X509_get_subject_name(certificate.get()), common_name) &&
                      X509_set_pubkey(certificate.get(), key) == 1;
    return made ? std::move(certificate) : nullptr;
}

// Letters, digits, hyphens, dots and one leading wildcard: nothing that could end one name and
// begin another in the text that OpenSSL takes.
bool is_dns_name(const std::string& name) {
    const auto allowed = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '-' || c == '.';
    };
    return !name.empty() && name.size() <= 253 && std::all_of(name.begin(), name.end(), allowed);
}

bool is_address(const std::string& text) {
    std::array<std::uint8_t, 16> bytes{};
    return inet_pton(AF_INET, text.c_str(), bytes.data()) == 1 ||
           inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1;
}

Result<std::string> alternative_names(const CertificateRequest& request) {
    if (request.dns_names.size() + request.addresses.size() > kNamesMax) {
        return wrong("a certificate may have 32 names and addresses", "dns_names");
    }
    std::string names;
    for (const std::string& name : request.dns_names) {
        if (!is_dns_name(name)) {
            return wrong("'" + name + "' is no DNS name", "dns_names");
        }
        names += (names.empty() ? "DNS:" : ",DNS:") + name;
    }
    for (const std::string& address : request.addresses) {
        if (!is_address(address)) {
            return wrong("'" + address + "' is no IP address", "addresses");
        }
        names += (names.empty() ? "IP:" : ",IP:") + address;
    }
    if (names.empty()) {
        return wrong("a certificate needs a name or an address", "dns_names");
    }
    return names;
}

Result<void> check_common(const std::string& common_name, std::chrono::seconds lifetime) {
    if (common_name.empty() || common_name.size() > kNameBytesMax) {
        return wrong("a common name has 1 to 64 bytes", "common_name");
    }
    if (lifetime <= std::chrono::seconds(0)) {
        return wrong("a certificate must last", "lifetime");
    }
    return {};
}

}  // namespace

struct CertificateAuthority::Parts {
    Key key;
    Certificate certificate;
};

CertificateAuthority::CertificateAuthority(std::unique_ptr<Parts> parts)
    : parts_(std::move(parts)) {}
CertificateAuthority::CertificateAuthority(CertificateAuthority&&) noexcept = default;
CertificateAuthority& CertificateAuthority::operator=(CertificateAuthority&&) noexcept = default;
CertificateAuthority::~CertificateAuthority() = default;

Result<CertificateAuthority> CertificateAuthority::make(const std::string& common_name,
                                                        std::chrono::seconds lifetime) {
    if (auto possible = check_common(common_name, lifetime); !possible) {
        return fail(std::move(possible.error()));
    }
    auto parts = std::make_unique<Parts>();
    parts->key = Key(EVP_EC_gen("P-256"));
    if (!parts->key) {
        return failed();
    }
    parts->certificate = begin_certificate(common_name, parts->key.get(), lifetime);
    X509* certificate = parts->certificate.get();
    const bool made =
        certificate != nullptr &&
        X509_set_issuer_name(certificate, X509_get_subject_name(certificate)) == 1 &&
        add_extension(certificate, certificate, NID_basic_constraints,
                      "critical,CA:TRUE,pathlen:0") &&
        add_extension(certificate, certificate, NID_key_usage, "critical,keyCertSign,cRLSign") &&
        add_extension(certificate, certificate, NID_subject_key_identifier, "hash") &&
        X509_sign(certificate, parts->key.get(), EVP_sha256()) > 0;
    if (!made) {
        return failed();
    }
    return CertificateAuthority(std::move(parts));
}

Result<CertificateAuthority> CertificateAuthority::read(std::string_view certificate,
                                                        std::string_view key) {
    auto parts = std::make_unique<Parts>();
    parts->key = key_of(key);
    parts->certificate = certificate_of(certificate);
    if (!parts->key || !parts->certificate) {
        return wrong("the authority's certificate or key is no PEM text");
    }
    if (X509_check_ca(parts->certificate.get()) != 1) {
        return wrong("the certificate is not that of an authority");
    }
    if (X509_check_private_key(parts->certificate.get(), parts->key.get()) != 1) {
        return wrong("the authority's certificate and key do not go together");
    }
    return CertificateAuthority(std::move(parts));
}

std::string CertificateAuthority::certificate() const {
    return to_pem(parts_->certificate.get());
}

std::string CertificateAuthority::key() const {
    return to_pem(parts_->key.get());
}

Result<IssuedCertificate> CertificateAuthority::issue(const CertificateRequest& request) const {
    if (auto possible = check_common(request.common_name, request.lifetime); !possible) {
        return fail(std::move(possible.error()));
    }
    const Result<std::string> names = alternative_names(request);
    if (!names) {
        return fail(names.error());
    }
    const Key key(EVP_EC_gen("P-256"));
    if (!key) {
        return failed();
    }
    const Certificate certificate =
        begin_certificate(request.common_name, key.get(), request.lifetime);
    X509* issuer = parts_->certificate.get();
    const std::string usage = request.client ? "serverAuth,clientAuth" : "serverAuth";
    const bool made =
        certificate &&
        X509_set_issuer_name(certificate.get(), X509_get_subject_name(issuer)) == 1 &&
        add_extension(certificate.get(), issuer, NID_basic_constraints, "critical,CA:FALSE") &&
        add_extension(certificate.get(), issuer, NID_key_usage, "critical,digitalSignature") &&
        add_extension(certificate.get(), issuer, NID_ext_key_usage, usage) &&
        add_extension(certificate.get(), issuer, NID_subject_alt_name, *names) &&
        add_extension(certificate.get(), issuer, NID_subject_key_identifier, "hash") &&
        add_extension(certificate.get(), issuer, NID_authority_key_identifier, "keyid:always") &&
        X509_sign(certificate.get(), parts_->key.get(), EVP_sha256()) > 0;
    if (!made) {
        return failed();
    }
    return IssuedCertificate{to_pem(certificate.get()), to_pem(key.get())};
}

bool CertificateAuthority::issued(std::string_view certificate) const {
    const Certificate given = certificate_of(certificate);
    const bool ours = given && X509_verify(given.get(), parts_->key.get()) == 1;
    ERR_clear_error();
    return ours;
}

bool go_together(std::string_view certificate, std::string_view key) {
    const Certificate given = certificate_of(certificate);
    const Key given_key = key_of(key);
    const bool fits =
        given && given_key && X509_check_private_key(given.get(), given_key.get()) == 1;
    ERR_clear_error();
    return fits;
}

Result<WallTime> end_of_certificate(std::string_view certificate) {
    const Certificate given = certificate_of(certificate);
    std::tm end{};
    if (!given || ASN1_TIME_to_tm(X509_get0_notAfter(given.get()), &end) != 1) {
        return wrong("this is no certificate");
    }
    return std::chrono::time_point_cast<WallTime::duration>(
        std::chrono::system_clock::from_time_t(timegm(&end)));
}

}  // namespace pgmind::crypto
