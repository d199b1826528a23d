#include "platform/http/tls.hpp"

#include <algorithm>
#include <cerrno>
#include <ctime>

#include <arpa/inet.h>
#include <boost/asio/error.hpp>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include "platform/http/errors.hpp"

namespace pgmind::http {
namespace {

// OpenSSL's own socket BIO uses write(2), which raises SIGPIPE when the peer is gone.
int socket_write(BIO* bio, const char* bytes, int count) {
    int descriptor = -1;
    BIO_get_fd(bio, &descriptor);
    BIO_clear_retry_flags(bio);
    const ssize_t sent = ::send(descriptor, bytes, static_cast<std::size_t>(count), MSG_NOSIGNAL);
    if (sent < 0 && (errno == EAGAIN || errno == EINTR)) {
        BIO_set_retry_write(bio);
    }
    return static_cast<int>(sent);
}

// The rest of the methods are those of OpenSSL's socket BIO.
const BIO_METHOD* quiet_socket_method() {
    static BIO_METHOD* const method = [] {
        const BIO_METHOD* plain = BIO_s_socket();
        BIO_METHOD* quiet = BIO_meth_new(BIO_TYPE_SOCKET, "socket without SIGPIPE");
        if (quiet != nullptr) {
            BIO_meth_set_write(quiet, socket_write);
            BIO_meth_set_read(quiet, BIO_meth_get_read(plain));
            BIO_meth_set_puts(quiet, BIO_meth_get_puts(plain));
            BIO_meth_set_ctrl(quiet, BIO_meth_get_ctrl(plain));
            BIO_meth_set_create(quiet, BIO_meth_get_create(plain));
            BIO_meth_set_destroy(quiet, BIO_meth_get_destroy(plain));
        }
        return quiet;
    }();
    return method;
}

// Nothing but HTTP/1.1 is spoken here: a client that offers only h2 is told so in the handshake.
int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* chosen_length,
                    const unsigned char* offered, unsigned int offered_length, void*) {
    static constexpr unsigned char kHttp11[] = "\x08http/1.1";
    unsigned char* found = nullptr;
    const int result = SSL_select_next_proto(&found, chosen_length, kHttp11, sizeof(kHttp11) - 1,
                                             offered, offered_length);
    *chosen = found;
    return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

// What OpenSSL says about the last failure of this thread; empties its queue.
std::string take_tls_error() {
    std::string text;
    while (const unsigned long code = ERR_get_error()) {
        const char* reason = ERR_reason_error_string(code);
        if (text.empty() && reason != nullptr) {
            text = reason;
        }
    }
    return text.empty() ? "the connection was closed" : text;
}

tl::unexpected<Error> unusable(const std::string& what) {
    return fail(Errc::invalid_options, what + ": " + take_tls_error());
}

constexpr const char* kCiphers =
    "ECDHE+AESGCM:ECDHE+CHACHA20:!aNULL:!SHA1";  // TLS 1.2; those of TLS 1.3 are all fine

constexpr int kChainDepthMax = 4;         // Authorities between a client and a trusted one.
constexpr int kCertificateNamesMax = 64;  // The rest are not looked at.
constexpr std::size_t kCertificateNameBytesMax = 256;

bool apply_common_rules(SSL_CTX* context) {
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    return SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 &&
           SSL_CTX_set_cipher_list(context, kCiphers) == 1;
}

bool is_address(const std::string& host) {
    unsigned char space[sizeof(in6_addr)];
    return ::inet_pton(AF_INET, host.c_str(), space) == 1 ||
           ::inet_pton(AF_INET6, host.c_str(), space) == 1;
}

// What OpenSSL says, made precise when it is about the certificate.
std::string describe_failure(const SSL* ssl) {
    const std::string reason = take_tls_error();
    const long verdict = SSL_get_verify_result(ssl);
    return verdict == X509_V_OK ? reason : reason + ": " + X509_verify_cert_error_string(verdict);
}

// A client may show a certificate; whether it must is for those to say who ask who it is.
bool ask_for_certificates(SSL_CTX* context, const std::string& ca_file) {
    static constexpr unsigned char kSessionContext[] = "pgmind";
    STACK_OF(X509_NAME)* names = SSL_load_client_CA_file(ca_file.c_str());
    if (names == nullptr || SSL_CTX_load_verify_file(context, ca_file.c_str()) != 1) {
        sk_X509_NAME_pop_free(names, X509_NAME_free);
        return false;
    }
    SSL_CTX_set_client_CA_list(context, names);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
    SSL_CTX_set_verify_depth(context, kChainDepthMax);
    // Without one, OpenSSL refuses to resume sessions that have a certificate.
    return SSL_CTX_set_session_id_context(context, kSessionContext, sizeof(kSessionContext) - 1) ==
           1;
}

// Empty when there is anything in it that could make two names look alike.
std::string plain_text(const ASN1_STRING* name) {
    const char* bytes = reinterpret_cast<const char*>(ASN1_STRING_get0_data(name));
    const std::string text(bytes, static_cast<std::size_t>(ASN1_STRING_length(name)));
    const bool plain =
        text.size() <= kCertificateNameBytesMax &&
        std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
    return plain ? text : "";
}

void read_alternative_names(const X509* certificate, PeerCertificate& peer) {
    auto* names = static_cast<GENERAL_NAMES*>(
        X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
    const int count =
        std::min(names == nullptr ? 0 : sk_GENERAL_NAME_num(names), kCertificateNamesMax);
    for (int i = 0; i < count; ++i) {
        const GENERAL_NAME* name = sk_GENERAL_NAME_value(names, i);
        if (name->type == GEN_URI) {
            peer.uris.push_back(plain_text(name->d.uniformResourceIdentifier));
        } else if (name->type == GEN_DNS) {
            peer.dns_names.push_back(plain_text(name->d.dNSName));
        }
    }
    GENERAL_NAMES_free(names);
    std::erase(peer.uris, "");
    std::erase(peer.dns_names, "");
}

void read_common_name(const X509* certificate, PeerCertificate& peer) {
    const X509_NAME* subject = X509_get_subject_name(certificate);
    const int first = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    if (first >= 0 && X509_NAME_get_index_by_NID(subject, NID_commonName, first) < 0) {
        peer.common_name =
            plain_text(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, first)));
    }
}

}  // namespace

std::shared_ptr<const PeerCertificate> TlsSession::peer_certificate() const {
    const X509* certificate = SSL_get0_peer_certificate(ssl_.get());
    if (certificate == nullptr || SSL_get_verify_result(ssl_.get()) != X509_V_OK) {
        return nullptr;
    }
    auto peer = std::make_shared<PeerCertificate>();
    std::tm end{};
    if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &end) != 1) {
        return nullptr;
    }
    peer->not_after = std::chrono::system_clock::from_time_t(timegm(&end));
    read_alternative_names(certificate, *peer);
    read_common_name(certificate, *peer);
    ERR_clear_error();
    return peer;
}

TlsSession::Step TlsSession::after(int result, std::size_t bytes) {
    if (result == 1) {
        return {Wants::nothing, bytes, {}};
    }
    switch (SSL_get_error(ssl_.get(), result)) {
        case SSL_ERROR_WANT_READ:
            return {Wants::to_read, 0, {}};
        case SSL_ERROR_WANT_WRITE:
            return {Wants::to_write, 0, {}};
        case SSL_ERROR_ZERO_RETURN:
            return {};
        default:
            // No close_notify may be sent after a fatal error.
            broken_ = true;
            failure_ = describe_failure(ssl_.get());
            return {Wants::nothing, 0, boost::asio::error::connection_reset};
    }
}

TlsSession::Step TlsSession::handshake() {
    ERR_clear_error();
    return after(SSL_do_handshake(ssl_.get()), 0);
}

TlsSession::Step TlsSession::read(std::span<char> space) {
    ERR_clear_error();
    std::size_t bytes = 0;
    return after(SSL_read_ex(ssl_.get(), space.data(), space.size(), &bytes), bytes);
}

TlsSession::Step TlsSession::write(std::string_view text) {
    ERR_clear_error();
    std::size_t bytes = 0;
    return after(SSL_write_ex(ssl_.get(), text.data(), text.size(), &bytes), bytes);
}

void TlsSession::say_goodbye() {
    if (!broken_ && SSL_is_init_finished(ssl_.get()) == 1) {
        ERR_clear_error();
        SSL_shutdown(ssl_.get());
        ERR_clear_error();
    }
}

void TlsSession::Free::operator()(ssl_st* ssl) const {
    SSL_free(ssl);
}

void TlsContext::Free::operator()(ssl_ctx_st* context) const {
    SSL_CTX_free(context);
}

Result<TlsContext> TlsContext::for_server(const std::string& certificate_file,
                                          const std::string& key_file,
                                          const std::string& client_ca_file) {
    ERR_clear_error();
    TlsContext made(SSL_CTX_new(TLS_server_method()));
    SSL_CTX* context = made.context_.get();
    if (context == nullptr || !apply_common_rules(context)) {
        return unusable("cannot set up TLS");
    }
    SSL_CTX_set_options(context, SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_alpn_select_cb(context, choose_protocol, nullptr);
    if (SSL_CTX_use_certificate_chain_file(context, certificate_file.c_str()) != 1) {
        return unusable("cannot use the TLS certificate " + certificate_file);
    }
    if (SSL_CTX_use_PrivateKey_file(context, key_file.c_str(), SSL_FILETYPE_PEM) != 1) {
        return unusable("cannot use the TLS key " + key_file);
    }
    if (SSL_CTX_check_private_key(context) != 1) {
        return unusable("the TLS key " + key_file + " does not belong to the certificate " +
                        certificate_file);
    }
    if (!client_ca_file.empty() && !ask_for_certificates(context, client_ca_file)) {
        return unusable("cannot read the authorities of client certificates from " +
                        client_ca_file);
    }
    return made;
}

Result<TlsContext> TlsContext::for_client(const std::string& ca_file) {
    ERR_clear_error();
    TlsContext made(SSL_CTX_new(TLS_client_method()));
    SSL_CTX* context = made.context_.get();
    if (context == nullptr || !apply_common_rules(context)) {
        return unusable("cannot set up TLS");
    }
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
    if (ca_file.empty()) {
        if (SSL_CTX_set_default_verify_paths(context) != 1) {
            return unusable("cannot load the system's certificate authorities");
        }
    } else if (SSL_CTX_load_verify_file(context, ca_file.c_str()) != 1) {
        return unusable("cannot read certificate authorities from " + ca_file);
    }
    return made;
}

Result<TlsSession> TlsContext::make_session(int socket) const {
    ERR_clear_error();
    TlsSession session(SSL_new(context_.get()));
    BIO* bio = quiet_socket_method() == nullptr ? nullptr : BIO_new(quiet_socket_method());
    if (!session || bio == nullptr) {
        BIO_free(bio);
        return fail(Errc::tls_failed, "cannot make a TLS session: " + take_tls_error());
    }
    BIO_set_fd(bio, socket, BIO_NOCLOSE);
    SSL_set_bio(session.ssl_.get(), bio, bio);
    return session;
}

Result<TlsSession> TlsContext::accept(int socket) const {
    auto session = make_session(socket);
    if (session) {
        SSL_set_accept_state(session->ssl_.get());
    }
    return session;
}

Result<TlsSession> TlsContext::connect(int socket, const std::string& host) const {
    auto session = make_session(socket);
    if (!session) {
        return session;
    }
    SSL* ssl = session->ssl_.get();
    SSL_set_connect_state(ssl);
    X509_VERIFY_PARAM* expected = SSL_get0_param(ssl);
    X509_VERIFY_PARAM_set_hostflags(expected, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    const bool set = is_address(host) ? X509_VERIFY_PARAM_set1_ip_asc(expected, host.c_str()) == 1
                                      : SSL_set1_host(ssl, host.c_str()) == 1 &&
                                            SSL_set_tlsext_host_name(ssl, host.c_str()) == 1;
    if (!set) {
        return fail(Errc::tls_failed, "cannot ask the server to prove to be " + host);
    }
    return session;
}

}  // namespace pgmind::http
