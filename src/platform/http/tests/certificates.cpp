#include "platform/http/tests/certificates.hpp"

#include <cstdio>
#include <filesystem>
#include <memory>

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

namespace pgmind::http {
namespace {

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;

Key make_key() {
    return {EVP_EC_gen("P-256"), EVP_PKEY_free};
}

void add_extension(X509* certificate, int kind, const std::string& value) {
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, kind, value.c_str());
    ASSERT_NE(extension, nullptr) << value;
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
}

Certificate make_certificate(const std::string& name, EVP_PKEY* key, X509* issuer) {
    static long serial = 1;
    Certificate certificate(X509_new(), X509_free);
    X509_set_version(certificate.get(), X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), serial++);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
    X509_set_pubkey(certificate.get(), key);
    X509_NAME* subject = X509_get_subject_name(certificate.get());
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
    X509_set_issuer_name(certificate.get(),
                         issuer == nullptr ? subject : X509_get_subject_name(issuer));
    return certificate;
}

using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

File create(const std::string& path) {
    return {std::fopen(path.c_str(), "w"), std::fclose};
}

}  // namespace

TestCertificates::TestCertificates(const std::string& names) {
    std::string pattern = std::filesystem::temp_directory_path() / "http_test_XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
    const Key authority_key = make_key();
    const Certificate authority = make_certificate("test authority", authority_key.get(), nullptr);
    add_extension(authority.get(), NID_basic_constraints, "critical,CA:TRUE");
    X509_sign(authority.get(), authority_key.get(), EVP_sha256());
    const Key key = make_key();
    const Certificate certificate = make_certificate("test server", key.get(), authority.get());
    add_extension(certificate.get(), NID_subject_alt_name, names);
    X509_sign(certificate.get(), authority_key.get(), EVP_sha256());
    PEM_write_X509(create(authority_file()).get(), authority.get());
    PEM_write_X509(create(certificate_file()).get(), certificate.get());
    PEM_write_PrivateKey(create(key_file()).get(), key.get(), nullptr, nullptr, 0, nullptr,
                         nullptr);
}

TestCertificates::~TestCertificates() {
    std::error_code ignored;  // a leftover in the temporary folder fails no test
    std::filesystem::remove_all(folder_, ignored);
}

}  // namespace pgmind::http
