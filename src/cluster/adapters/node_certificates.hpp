#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "cluster/domain/node_layout.hpp"
#include "platform/crypto/certificate_authority.hpp"
#include "platform/process/identity.hpp"

namespace pgmind::cluster {

/// Where a server's certificate is, and for whom.
struct CertificatePlace {
    std::filesystem::path certificate;  ///< readable by all
    std::filesystem::path key;          ///< by its owner only
    const process::Identity* owner = nullptr;
    std::string common_name;
    std::vector<std::string> dns_names;
    std::vector<std::string> addresses;
};

/// The certificates of a data directory: an authority of its own (its key in secrets/, its
/// certificate in ca.pem, for clients) and the servers that it vouches for. Certificates last for
/// 90 days and are made anew when a month is left. Calls block on files.
class NodeCertificates {
  public:
    explicit NodeCertificates(NodeLayout layout) : layout_(std::move(layout)) {}

    /// Makes the authority if there is none. broken_state when half of it is missing.
    Result<void> ensure_authority() const;

    /// Makes the certificate unless there is one, by this authority and with its key, that lasts
    /// for another month; with `anyway` in any case. The key is written first: after a crash in
    /// between, the two do not go together, and the next call makes both anew. Gives when the
    /// certificate ends.
    Result<WallTime> ensure(const CertificatePlace& place, bool anyway) const;

    /// When ensure() should be called again.
    static WallTime renewal_of(WallTime end);

  private:
    Result<crypto::CertificateAuthority> authority() const;

    NodeLayout layout_;
};

}  // namespace pgmind::cluster
