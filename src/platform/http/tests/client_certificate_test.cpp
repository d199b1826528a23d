// Clients that show a certificate in the TLS handshake, and those that do not.
#include <memory>

#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include "platform/http/tests/certificates.hpp"
#include "platform/http/tests/testing.hpp"

namespace pgmind::http {
namespace {

constexpr std::string_view kRequest = "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";

Task<void> describe_peer(Exchange& exchange) {
    Response response;
    const auto peer = exchange.head().peer_certificate;
    response.body = peer == nullptr ? "nobody" : "somebody:" + peer->common_name;
    if (peer != nullptr) {
        for (const std::string& uri : peer->uris) {
            response.body += " uri:" + uri;
        }
        for (const std::string& name : peer->dns_names) {
            response.body += " dns:" + name;
        }
        const auto now = std::chrono::system_clock::now();
        response.body += peer->not_after > now && peer->not_after < now + std::chrono::hours(2)
                             ? " valid"
                             : " invalid";
    }
    co_await exchange.respond(std::move(response));
}

// A client of one connection after the other, which offers its last session again.
class TlsClient {
  public:
    TlsClient(std::uint16_t port, int version, const TestCertificates* own)
        : place_("127.0.0.1:" + std::to_string(port)), context_(SSL_CTX_new(TLS_client_method())) {
        SSL_CTX_set_min_proto_version(context_, version);
        SSL_CTX_set_max_proto_version(context_, version);
        if (own != nullptr) {
            SSL_CTX_use_certificate_file(context_, own->certificate_file().c_str(),
                                         SSL_FILETYPE_PEM);
            SSL_CTX_use_PrivateKey_file(context_, own->key_file().c_str(), SSL_FILETYPE_PEM);
        }
    }
    ~TlsClient() {
        SSL_SESSION_free(session_);
        SSL_CTX_free(context_);
    }
    TlsClient(const TlsClient&) = delete;
    TlsClient& operator=(const TlsClient&) = delete;

    /// The whole answer; empty when the server ended the handshake.
    std::string ask() {
        BIO* connection = BIO_new_ssl_connect(context_);
        BIO_set_conn_hostname(connection, place_.c_str());
        SSL* ssl = nullptr;
        BIO_get_ssl(connection, &ssl);
        if (session_ != nullptr) {
            SSL_set_session(ssl, session_);
        }
        std::string answer;
        BIO_write(connection, kRequest.data(), static_cast<int>(kRequest.size()));
        char space[4096];
        for (int count = 0; (count = BIO_read(connection, space, sizeof(space))) > 0;) {
            answer.append(space, static_cast<std::size_t>(count));
        }
        resumed_ = SSL_session_reused(ssl) == 1;
        SSL_SESSION_free(session_);
        session_ = SSL_get1_session(ssl);
        BIO_free_all(connection);
        return answer;
    }
    bool resumed() const { return resumed_; }

  private:
    std::string place_;
    SSL_CTX* context_;
    SSL_SESSION* session_ = nullptr;
    bool resumed_ = false;
};

class ClientCertificateTest : public testing::TestWithParam<int> {
  protected:
    ServerOptions options() const {
        ServerOptions options;
        options.tls_certificate_file = server_files_.certificate_file();
        options.tls_key_file = server_files_.key_file();
        options.tls_client_ca_file = client_files_.authority_file();
        return options;
    }

    TestCertificates server_files_{"DNS:localhost,IP:127.0.0.1"};
    TestCertificates client_files_{"URI:spiffe://example.org/indexer,DNS:indexer.example.org"};
};

TEST_P(ClientCertificateTest, TheHandlerSeesWhatWasProved) {
    const TestServer server(describe_peer, options());
    TlsClient client(server.port(), GetParam(), &client_files_);
    for (const bool again : {false, true}) {
        const std::string answer = client.ask();
        EXPECT_TRUE(
            answer.ends_with("somebody: uri:spiffe://example.org/indexer "
                             "dns:indexer.example.org valid"))
            << answer;
        EXPECT_EQ(client.resumed(), again);
    }
}

TEST_P(ClientCertificateTest, NobodyHasToShowOne) {
    const TestServer server(describe_peer, options());
    EXPECT_TRUE(TlsClient(server.port(), GetParam(), nullptr).ask().ends_with("nobody"));
}

TEST_P(ClientCertificateTest, OneOfAnotherAuthorityEndsTheHandshake) {
    const TestServer server(describe_peer, options());
    EXPECT_EQ(TlsClient(server.port(), GetParam(), &server_files_).ask(), "");
}

TEST_P(ClientCertificateTest, NoneIsAskedForWithoutAuthorities) {
    ServerOptions plain = options();
    plain.tls_client_ca_file.clear();
    const TestServer server(describe_peer, plain);
    EXPECT_TRUE(TlsClient(server.port(), GetParam(), &client_files_).ask().ends_with("nobody"));
}

TEST_P(ClientCertificateTest, AuthoritiesThatCannotBeReadAreNamed) {
    async::Workers workers(1);
    ServerOptions wrong = options();
    wrong.tls_client_ca_file = client_files_.key_file();
    Server server(workers, wrong, [](std::size_t) -> Handler { return describe_peer; });
    const auto started = server.start();
    ASSERT_FALSE(started);
    EXPECT_NE(started.error().detail.find(wrong.tls_client_ca_file), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(Versions, ClientCertificateTest,
                         testing::Values(TLS1_2_VERSION, TLS1_3_VERSION));

}  // namespace
}  // namespace pgmind::http
