#include "client/endpoint.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "client/api_error.hpp"
#include "client/session_file.hpp"

namespace pgmind::app {
namespace {

/// A home directory and an environment of its own, as a shell would give.
class EndpointTest : public testing::Test {
  protected:
    EndpointTest() {
        std::string pattern = std::filesystem::temp_directory_path() / "pgmind-home-XXXXXX";
        folder_ = mkdtemp(pattern.data());
        for (const char* name : {"PGMIND_URL", "PGMIND_API_KEY", "PGMIND_CA_FILE", "PGMIND_CONFIG",
                                 "PGMIND_DATA_DIRECTORY", "PGMIND_HTTP_PORT"}) {
            unsetenv(name);
        }
        set("HOME", folder_);
        set("XDG_CONFIG_HOME", folder_ / "config");
        set("XDG_STATE_HOME", folder_ / "state");
        set("PGMIND_DATA_DIRECTORY", folder_ / "data");
        std::filesystem::create_directory(folder_ / "data");
    }
    ~EndpointTest() override {
        unsetenv("PGMIND_DATA_DIRECTORY");
        unsetenv("PGMIND_URL");
        unsetenv("PGMIND_API_KEY");
        unsetenv("PGMIND_HTTP_PORT");
        std::filesystem::remove_all(folder_);
    }
    static void set(const char* name, const std::string& value) { setenv(name, value.c_str(), 1); }
    void write(const std::string& name, const std::string& text) {
        std::ofstream(folder_ / name) << text;
    }

    std::filesystem::path folder_;
    GlobalOptions options_;
};

TEST_F(EndpointTest, IsThisMachinesServerUnlessSaidOtherwise) {
    const auto endpoint = find_endpoint(options_);
    ASSERT_TRUE(endpoint) << endpoint.error().detail;
    EXPECT_EQ(endpoint->url, "http://127.0.0.1:7432");
    EXPECT_EQ(endpoint->api_key, "");
}

TEST_F(EndpointTest, FollowsTheConfigurationOfTheLocalServer) {
    set("PGMIND_HTTP_PORT", "8080");
    EXPECT_EQ(find_endpoint(options_)->url, "http://127.0.0.1:8080");
    options_.assignments = {"http.address=::1"};
    EXPECT_EQ(find_endpoint(options_)->url, "http://[::1]:8080");
}

TEST_F(EndpointTest, OptionsCountMoreThanTheEnvironment) {
    set("PGMIND_URL", "http://one:1");
    set("PGMIND_API_KEY", "from-environment");
    EXPECT_EQ(find_endpoint(options_)->url, "http://one:1");
    EXPECT_EQ(find_endpoint(options_)->api_key, "from-environment");
    write("key", "  from-file \nmore\n");
    options_.url = "http://two:2";
    options_.key_file = folder_ / "key";
    EXPECT_EQ(find_endpoint(options_)->url, "http://two:2");
    EXPECT_EQ(find_endpoint(options_)->api_key, "from-file");
}

TEST_F(EndpointTest, TheLocalAdministratorsKeyNeverLeavesThisMachine) {
    write("data/admin.key", "secret\n");
    EXPECT_EQ(find_endpoint(options_)->api_key, "secret");
    options_.url = "http://localhost:9";
    EXPECT_EQ(find_endpoint(options_)->api_key, "secret");
    for (const char* url :
         {"https://memory.example", "http://127.0.0.1.example", "http://localhost.example:7432",
          "http://127.0.0.1@memory.example", "http://10.0.0.1:7432"}) {
        options_.url = url;
        EXPECT_EQ(find_endpoint(options_)->api_key, "") << url;
    }
}

TEST_F(EndpointTest, AKeyFileThatCannotBeReadIsAnError) {
    options_.key_file = folder_ / "missing";
    const auto endpoint = find_endpoint(options_);
    ASSERT_FALSE(endpoint);
    EXPECT_TRUE(endpoint.error().is(Failure::invalid_argument));
    EXPECT_TRUE(endpoint.error().detail.starts_with("--key-file: cannot read"));
    write("empty", "\n");
    options_.key_file = folder_ / "empty";
    EXPECT_FALSE(find_endpoint(options_));
}

TEST_F(EndpointTest, ABadConfigurationIsNamedOnlyWhereItIsNeeded) {
    options_.assignments = {"http.port=none"};
    EXPECT_FALSE(find_endpoint(options_));
    set("PGMIND_URL", "http://127.0.0.1:1");
    set("PGMIND_API_KEY", "key");
    EXPECT_TRUE(find_endpoint(options_));
}

TEST_F(EndpointTest, ASessionIsForItsServerAndComesAfterKeysThatWereNamed) {
    const std::string token = "pgs_" + std::string(32, 'a') + "_secret";
    ASSERT_TRUE(write_session_file({token, "http://127.0.0.1:7432"}));
    write("data/admin.key", "administrator");
    EXPECT_EQ(find_endpoint(options_)->api_key, token);
    EXPECT_TRUE(find_endpoint(options_)->from_login);
    options_.url = "http://127.0.0.1:7433";
    EXPECT_EQ(find_endpoint(options_)->api_key, "administrator");
    EXPECT_FALSE(find_endpoint(options_)->from_login);
    options_.url.clear();
    set("PGMIND_API_KEY", "from-environment");
    EXPECT_EQ(find_endpoint(options_)->api_key, "from-environment");
    unsetenv("PGMIND_API_KEY");
    ASSERT_TRUE(remove_session_file());
    EXPECT_EQ(find_endpoint(options_)->api_key, "administrator");
    EXPECT_TRUE(remove_session_file());
}

TEST_F(EndpointTest, ASessionThatOthersCouldReadOrThatIsNoneIsNotUsed) {
    const std::string token = "pgs_" + std::string(32, 'a') + "_secret";
    ASSERT_TRUE(write_session_file({token, "http://127.0.0.1:7432"}));
    EXPECT_EQ(session_id_in(token), std::string(32, 'a'));
    std::filesystem::permissions(session_file_path(), std::filesystem::perms(0640));
    EXPECT_FALSE(read_session_file());
    std::filesystem::permissions(session_file_path(), std::filesystem::perms(0600));
    EXPECT_TRUE(read_session_file());
    for (const char* text : {"", "pgs_", "pgm_k1_secret\nhttp://127.0.0.1:7432\n", "x"}) {
        std::ofstream(session_file_path()) << text;
        EXPECT_FALSE(read_session_file()) << text;
    }
}

TEST(LoopbackUrl, IsToldByTheHostAlone) {
    for (const char* url : {"http://127.0.0.1:7432", "http://127.9.9.9", "https://localhost/x",
                            "http://[::1]:7432/"}) {
        EXPECT_TRUE(is_loopback_url(url)) << url;
    }
    for (const char* url : {"", "localhost", "http://", "http://example/127.0.0.1", "http://[::2]",
                            "http://[::1", "http://a\\@localhost", "http://0.0.0.0"}) {
        EXPECT_FALSE(is_loopback_url(url)) << url;
    }
}

TEST(ErrorOfProblem, KeepsWhatAPersonNeeds) {
    const Error error = error_of_problem(
        400, R"({"type":"urn:pgmind:problem:invalid_argument","title":"No","status":400,
                 "detail":"must be from 1 to 1000","field":"limit","reason":"22003"})");
    EXPECT_TRUE(error.is(Failure::invalid_argument));
    EXPECT_EQ(error.detail, "must be from 1 to 1000");
    EXPECT_EQ(error.field, "limit");
    EXPECT_EQ(error.reason, "22003");
}

TEST(ErrorOfProblem, TellsFailuresApartThatShareAStatus) {
    const Error error =
        error_of_problem(504, R"({"type":"urn:pgmind:problem:outcome_unknown","detail":"d",
                                  "request_id":"r-1"})");
    EXPECT_TRUE(error.is(Failure::outcome_unknown));
    EXPECT_EQ(error.detail, "d; request r-1");
}

TEST(ErrorOfProblem, SaysWhatAnImportHadStored) {
    const Error error = error_of_problem(
        400, R"({"detail":"line 5001: bad","progress":{"lines":5001,"stored":5000},"line":5001})");
    EXPECT_EQ(error.detail, "line 5001: bad; 5,000 entries before it were stored");
    const Error first = error_of_problem(
        400, R"({"detail":"line 1: bad","progress":{"lines":1,"stored":0},"line":1})");
    EXPECT_EQ(first.detail, "line 1: bad; nothing was stored");
}

TEST(ErrorOfProblem, MakesDoWithAStatus) {
    for (const auto& [status, failure] :
         {std::pair(401U, Failure::unauthenticated), std::pair(403U, Failure::permission_denied),
          std::pair(404U, Failure::not_found), std::pair(409U, Failure::already_exists),
          std::pair(412U, Failure::version_conflict), std::pair(413U, Failure::payload_too_large),
          std::pair(429U, Failure::resource_exhausted), std::pair(500U, Failure::internal),
          std::pair(502U, Failure::unavailable), std::pair(418U, Failure::invalid_argument)}) {
        EXPECT_TRUE(error_of_problem(status, "<html>").is(failure)) << status;
    }
    EXPECT_EQ(error_of_problem(503, "").detail, "the server answered 503");
}

}  // namespace
}  // namespace pgmind::app
