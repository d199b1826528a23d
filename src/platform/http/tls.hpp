#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include <boost/system/error_code.hpp>

#include "base/result.hpp"
#include "platform/http/message.hpp"

struct ssl_st;
struct ssl_ctx_st;

namespace pgmind::http {

/// One side of one TLS connection over a non-blocking socket: OpenSSL reads and writes the
/// descriptor itself, so an idle connection holds no record buffers (asio's own TLS stream keeps
/// about 70 KB for each). It never waits: each step says what to wait for before it is repeated.
class TlsSession {
  public:
    static constexpr std::size_t kRecordBytesMax = std::size_t{16} * 1024;

    enum class Wants { nothing, to_read, to_write };
    struct Step {
        Wants wants = Wants::nothing;
        std::size_t bytes = 0;
        boost::system::error_code error;
    };

    TlsSession() = default;
    explicit operator bool() const { return ssl_ != nullptr; }

    Step handshake();
    /// 0 bytes without an error: the peer ended the stream properly (close_notify).
    Step read(std::span<char> space);
    /// After Wants, the same bytes must be offered again.
    Step write(std::string_view bytes);
    /// Sends close_notify if that is possible at once.
    void say_goodbye();
    /// What went wrong in the step that failed, for a person.
    const std::string& failure() const { return failure_; }
    /// After the handshake, on a server: nullptr when the client showed no certificate.
    std::shared_ptr<const PeerCertificate> peer_certificate() const;

  private:
    friend class TlsContext;
    struct Free {
        void operator()(ssl_st* ssl) const;
    };
    explicit TlsSession(ssl_st* ssl) : ssl_(ssl) {}
    Step after(int result, std::size_t bytes);

    std::unique_ptr<ssl_st, Free> ssl_;
    bool broken_ = false;
    std::string failure_;
};

/// Certificates and rules for many sessions: TLS 1.2 and 1.3, forward secrecy and authenticated
/// encryption only, no renegotiation, no compression. Immutable once made; thread-safe.
class TlsContext {
  public:
    /// Fails with a sentence that names the file which cannot be used. With `client_ca_file`, which
    /// may be empty, clients are asked for a certificate by those authorities: they may do without,
    /// but one that is not good ends the handshake.
    static Result<TlsContext> for_server(const std::string& certificate_file,
                                         const std::string& key_file,
                                         const std::string& client_ca_file);
    /// Trusts `ca_file`, or the system's authorities when it is empty.
    static Result<TlsContext> for_client(const std::string& ca_file);

    /// A session on a connected non-blocking socket, which must outlive it.
    Result<TlsSession> accept(int socket) const;
    /// The peer must prove to be `host`, a name or an address.
    Result<TlsSession> connect(int socket, const std::string& host) const;

  private:
    struct Free {
        void operator()(ssl_ctx_st* context) const;
    };
    explicit TlsContext(ssl_ctx_st* context) : context_(context, Free()) {}
    Result<TlsSession> make_session(int socket) const;

    std::shared_ptr<ssl_ctx_st> context_;
};

}  // namespace pgmind::http
