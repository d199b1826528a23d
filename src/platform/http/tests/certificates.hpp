#pragma once

#include <string>

namespace pgmind::http {

/// A certificate authority and a certificate by it, in files of a temporary folder that lasts as
/// long as the object.
class TestCertificates {
  public:
    /// `names` as OpenSSL writes them: "DNS:localhost,IP:127.0.0.1".
    explicit TestCertificates(const std::string& names);
    ~TestCertificates();
    TestCertificates(const TestCertificates&) = delete;
    TestCertificates& operator=(const TestCertificates&) = delete;

    std::string authority_file() const { return folder_ + "/authority.pem"; }
    std::string certificate_file() const { return folder_ + "/certificate.pem"; }
    std::string key_file() const { return folder_ + "/key.pem"; }

  private:
    std::string folder_;
};

}  // namespace pgmind::http
