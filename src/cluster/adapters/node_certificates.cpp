#include "cluster/adapters/node_certificates.hpp"

#include "base/ids.hpp"
#include "cluster/adapters/process_errors.hpp"
#include "cluster/api/errors.hpp"
#include "platform/process/files.hpp"

namespace pgmind::cluster {
namespace {

using std::chrono::hours;

constexpr std::size_t kFileBytesMax = std::size_t{64} * 1024;
constexpr hours kAuthorityLifetime{10 * 365 * 24};
constexpr hours kLifetime{90 * 24};
constexpr hours kRenewal{30 * 24};

Result<void> write(const std::filesystem::path& file, const std::string& text, mode_t mode,
                   const process::Identity* owner) {
    const Result<void> written = process::write_atomically(file, text, mode, owner);
    return written ? Result<void>() : fail(from_process(written.error()));
}

}  // namespace

Result<void> NodeCertificates::ensure_authority() const {
    const bool has_key = std::filesystem::exists(layout_.authority_key_file());
    if (has_key && std::filesystem::exists(layout_.authority_file())) {
        const auto readable = authority();
        return readable ? Result<void>() : fail(readable.error());
    }
    // The key comes last: without it nothing was issued yet.
    if (has_key) {
        return fail(Errc::broken_state,
                    layout_.authority_file().string() + " is missing: restore it from a backup");
    }
    const auto made =
        crypto::CertificateAuthority::make("pgmind " + new_uuid().substr(0, 8), kAuthorityLifetime);
    if (!made) {
        return fail(made.error());
    }
    if (auto written = write(layout_.authority_file(), made->certificate(), 0644, nullptr);
        !written) {
        return written;
    }
    return write(layout_.authority_key_file(), made->key(), 0600, nullptr);
}

Result<crypto::CertificateAuthority> NodeCertificates::authority() const {
    const auto certificate = process::read_file(layout_.authority_file(), kFileBytesMax);
    const auto key = process::read_file(layout_.authority_key_file(), kFileBytesMax);
    if (!certificate || !key) {
        return fail(from_process(certificate ? key.error() : certificate.error()));
    }
    auto read = crypto::CertificateAuthority::read(*certificate, *key);
    if (!read) {
        return fail(Errc::broken_state, layout_.authority_file().string() + " or " +
                                            layout_.authority_key_file().string() + ": " +
                                            read.error().detail + ": restore them from a backup");
    }
    return read;
}

WallTime NodeCertificates::renewal_of(WallTime end) {
    return end - kRenewal;
}

Result<WallTime> NodeCertificates::ensure(const CertificatePlace& place, bool anyway) const {
    const auto issuer = authority();
    if (!issuer) {
        return fail(issuer.error());
    }
    const auto old = process::read_file(place.certificate, kFileBytesMax);
    const auto old_key = process::read_file(place.key, kFileBytesMax);
    if (!anyway && old && old_key && issuer->issued(*old) && crypto::go_together(*old, *old_key)) {
        const auto end = crypto::end_of_certificate(*old);
        if (end && system_clock().now() < renewal_of(*end)) {
            return *end;
        }
    }
    const auto issued =
        issuer->issue({place.common_name, place.dns_names, place.addresses, kLifetime, false});
    if (!issued) {
        return fail(issued.error());
    }
    if (auto written = write(place.key, issued->key, 0600, place.owner); !written) {
        return fail(std::move(written.error()));
    }
    if (auto written = write(place.certificate, issued->certificate, 0644, place.owner); !written) {
        return fail(std::move(written.error()));
    }
    return crypto::end_of_certificate(issued->certificate);
}

}  // namespace pgmind::cluster
