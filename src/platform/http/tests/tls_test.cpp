#include "platform/http/tls.hpp"

#include <atomic>
#include <filesystem>

#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include "platform/http/client.hpp"
#include "platform/http/errors.hpp"
#include "platform/http/tests/certificates.hpp"
#include "platform/http/tests/testing.hpp"

namespace pgmind::http {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

std::atomic<int> gone{0};
std::atomic<int> waiting{0};

Task<void> echo(Exchange& exchange) {
    Response response;
    auto body = co_await exchange.read_body(10'000'000);
    response.headers.add("X-Secure", exchange.head().secure ? "yes" : "no");
    response.body = body ? *body : body.error().detail;
    co_await exchange.respond(std::move(response));
}

Task<void> events(Exchange& exchange) {
    exchange.notify_disconnect([] { ++gone; });
    co_await exchange.start(200, Headers());
    const std::string event(100, 'e');
    ++waiting;
    while (gone == 0) {
        auto written = co_await exchange.write(event);
        if (!written) {
            break;
        }
        co_await async::wait_for(milliseconds(1));
    }
    co_await exchange.finish();
}

Task<void> route(Exchange& exchange) {
    if (exchange.head().path == "/events") {
        co_await events(exchange);
    } else {
        co_await echo(exchange);
    }
}

class TlsTest : public testing::Test {
  protected:
    static ServerOptions with(const TestCertificates& certificates) {
        ServerOptions options;
        options.tls_certificate_file = certificates.certificate_file();
        options.tls_key_file = certificates.key_file();
        return options;
    }

    Result<Response> send(const TestServer& server, const std::string& host,
                          const std::string& authority, const std::string& body = "") {
        ClientOptions options;
        options.base_url = "https://" + host + ":" + std::to_string(server.port());
        options.tls_ca_file = authority;
        auto client = Client::make(loop_, blocking_, options);
        if (!client) {
            return fail(client.error());
        }
        Result<Response> response = fail(BaseErrc::internal, "not sent");
        for (int i = 0; i < 3; ++i) {
            response = async::run_blocking_loop(
                loop_, client->send("POST", "/", Headers(), body, Deadline::after(seconds(10))));
        }
        return response;
    }

    TestCertificates certificates_{"DNS:localhost,IP:127.0.0.1"};
    boost::asio::io_context loop_{1};
    async::BlockingPool blocking_{1, 16};
};

TEST_F(TlsTest, CarriesRequestsOnKeptConnections) {
    TestServer server(route, with(certificates_));
    for (const char* host : {"localhost", "127.0.0.1"}) {
        const std::string body(3'000'000, 't');
        const auto response = send(server, host, certificates_.authority_file(), body);
        ASSERT_TRUE(response.has_value()) << response.error().detail;
        EXPECT_EQ(response->body, body);
        EXPECT_EQ(response->headers.find("X-Secure"), "yes");
    }
    EXPECT_EQ(server.server().statistics().connections_total, 2U);
}

TEST_F(TlsTest, TakesARenewedCertificateWithoutAnInterruption) {
    const TestCertificates served{"DNS:localhost,IP:127.0.0.1"};
    const TestCertificates renewed{"DNS:localhost,IP:127.0.0.1"};
    TestServer server(route, with(served));
    ClientOptions options;
    options.base_url = "https://localhost:" + std::to_string(server.port());
    options.tls_ca_file = served.authority_file();
    auto kept = Client::make(loop_, blocking_, options);
    ASSERT_TRUE(kept);
    const auto ask_again = [&] {
        return async::run_blocking_loop(
            loop_, kept->send("POST", "/", Headers(), "x", Deadline::after(seconds(10))));
    };
    ASSERT_TRUE(ask_again());
    // Half of a renewal: the certificate does not go with the key.
    const auto copy = [](const std::string& from, const std::string& to) {
        std::filesystem::copy_file(from, to, std::filesystem::copy_options::overwrite_existing);
    };
    copy(renewed.certificate_file(), served.certificate_file());
    EXPECT_FALSE(server.server().reload_certificate());
    EXPECT_TRUE(send(server, "localhost", served.authority_file()).has_value());
    copy(renewed.key_file(), served.key_file());
    ASSERT_TRUE(server.server().reload_certificate());
    EXPECT_TRUE(send(server, "localhost", renewed.authority_file()).has_value());
    EXPECT_FALSE(send(server, "localhost", served.authority_file()).has_value());
    EXPECT_TRUE(ask_again()) << "an open connection stays";
}

TEST_F(TlsTest, TheClientTrustsOnlyWhatItShould) {
    const TestCertificates others("DNS:localhost,IP:127.0.0.1");
    const TestCertificates elsewhere("DNS:example.org");
    const TestServer server(route, with(certificates_));
    const auto stranger = send(server, "localhost", others.authority_file());
    ASSERT_FALSE(stranger.has_value());
    EXPECT_EQ(stranger.error().code, make_error_code(Errc::tls_failed));
    EXPECT_NE(stranger.error().detail.find("certificate"), std::string::npos)
        << stranger.error().detail;
    EXPECT_FALSE(send(server, "localhost", "").has_value());
    const TestServer misnamed(route, with(elsewhere));
    const auto wrong_name = send(misnamed, "localhost", elsewhere.authority_file());
    ASSERT_FALSE(wrong_name.has_value());
    EXPECT_NE(wrong_name.error().detail.find("hostname mismatch"), std::string::npos)
        << wrong_name.error().detail;
    const auto wrong_address = send(misnamed, "127.0.0.1", elsewhere.authority_file());
    EXPECT_FALSE(wrong_address.has_value());
    EXPECT_FALSE(send(server, "localhost", certificates_.key_file()).has_value());
}

TEST_F(TlsTest, TheServerSaysWhichFileItCannotUse) {
    async::Workers workers(1);
    const HandlerFactory factory = [](std::size_t) -> Handler { return route; };
    const TestCertificates others("DNS:localhost");
    const auto error_with = [&](const std::string& certificate, const std::string& key) {
        ServerOptions options;
        options.tls_certificate_file = certificate;
        options.tls_key_file = key;
        Server server(workers, options, factory);
        const auto started = server.start();
        return started ? std::string("started") : started.error().detail;
    };
    EXPECT_EQ(error_with(certificates_.certificate_file(), ""),
              "TLS needs both a certificate and a key");
    EXPECT_TRUE(error_with("/nowhere/c.pem", certificates_.key_file())
                    .starts_with("cannot use the TLS certificate /nowhere/c.pem"));
    EXPECT_TRUE(error_with(certificates_.certificate_file(), certificates_.certificate_file())
                    .starts_with("cannot use the TLS key "));
    const std::string mismatch = error_with(certificates_.certificate_file(), others.key_file());
    EXPECT_NE(mismatch.find("key"), std::string::npos) << mismatch;
    EXPECT_NE(mismatch.find(others.key_file()), std::string::npos) << mismatch;
}

TEST_F(TlsTest, PlainHttpAndStalledHandshakesAreClosed) {
    ServerOptions options = with(certificates_);
    options.header_timeout = milliseconds(50);
    TestServer server(route, options);
    const std::string plain = answer_to(server.port(), "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_EQ(plain.find("200 OK"), std::string::npos);
    EXPECT_EQ(answer_to(server.port(), ""), "");
    EXPECT_TRUE(eventually([&] { return server.server().statistics().connections_open == 0; }));
}

struct Protocol {
    int version;
    const char* ciphers;
    const char* application;
    bool accepted;
};

bool handshake(std::uint16_t port, const Protocol& protocol) {
    SSL_CTX* context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_security_level(context, 0);
    SSL_CTX_set_min_proto_version(context, protocol.version);
    SSL_CTX_set_max_proto_version(context, protocol.version);
    if (protocol.ciphers != nullptr) {
        EXPECT_EQ(SSL_CTX_set_cipher_list(context, protocol.ciphers), 1);
    }
    if (protocol.application != nullptr) {
        const std::string name = protocol.application;
        const std::string list = static_cast<char>(name.size()) + name;
        SSL_CTX_set_alpn_protos(context, reinterpret_cast<const unsigned char*>(list.data()),
                                static_cast<unsigned>(list.size()));
    }
    BIO* connection = BIO_new_ssl_connect(context);
    BIO_set_conn_hostname(connection, ("127.0.0.1:" + std::to_string(port)).c_str());
    const bool done = BIO_do_handshake(connection) == 1;
    BIO_free_all(connection);
    SSL_CTX_free(context);
    return done;
}

TEST_F(TlsTest, OnlyModernProtocolsAndCiphersAreAccepted) {
    const TestServer server(route, with(certificates_));
    for (const Protocol& protocol : {
             Protocol{TLS1_3_VERSION, nullptr, nullptr, true},
             Protocol{TLS1_2_VERSION, nullptr, nullptr, true},
             Protocol{TLS1_3_VERSION, nullptr, "http/1.1", true},
             Protocol{TLS1_3_VERSION, nullptr, "h2", false},
             Protocol{TLS1_1_VERSION, nullptr, nullptr, false},
             Protocol{TLS1_2_VERSION, "ECDHE-ECDSA-CHACHA20-POLY1305", nullptr, true},
             Protocol{TLS1_2_VERSION, "ECDHE-ECDSA-AES128-SHA", nullptr, false},
             Protocol{TLS1_2_VERSION, "ECDHE-ECDSA-AES256-SHA384", nullptr, false},
             Protocol{TLS1_2_VERSION, "AES128-GCM-SHA256", nullptr, false},
         }) {
        EXPECT_EQ(handshake(server.port(), protocol), protocol.accepted)
            << protocol.version << " " << (protocol.ciphers == nullptr ? "" : protocol.ciphers)
            << (protocol.application == nullptr ? "" : protocol.application);
    }
}

Task<Result<void>> stop_after_some(std::size_t& seen, std::string_view part) {
    seen += part.size();
    if (seen > 1000) {
        co_return fail(BaseErrc::cancelled, "enough");
    }
    co_return Result<void>();
}

TEST_F(TlsTest, AHandlerHearsThatItsClientHasGone) {
    gone = waiting = 0;
    TestServer server(route, with(certificates_));
    ClientOptions options;
    options.base_url = server.url("https");
    options.tls_ca_file = certificates_.authority_file();
    auto client = Client::make(loop_, blocking_, options);
    ASSERT_TRUE(client.has_value());
    std::size_t seen = 0;
    const auto stopped = async::run_blocking_loop(
        loop_, client->stream(
                   "GET", "/events", Headers(), nullptr,
                   [&seen](std::string_view part) { return stop_after_some(seen, part); },
                   Deadline::after(seconds(10))));
    EXPECT_FALSE(stopped.has_value());
    EXPECT_TRUE(eventually([] { return gone == 1; }));
    EXPECT_TRUE(eventually([&] { return server.server().statistics().connections_open == 0; }));
}

}  // namespace
}  // namespace pgmind::http
