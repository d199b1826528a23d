#include "platform/postgres/session.hpp"

#include <filesystem>
#include <fstream>
#include <limits>

#include <gtest/gtest.h>

#include "base/ids.hpp"
#include "platform/postgres/errors.hpp"
#include "platform/postgres/testing/temporary_postgres.hpp"

namespace pgmind::postgres {
namespace {

using testing::run;
using testing::TemporaryPostgres;

Deadline soon() {
    return Deadline::after(std::chrono::seconds(60));
}

class SessionTest : public ::testing::Test {
  protected:
    Session connect() {
        const ConnectionOptions options = TemporaryPostgres::instance().options("postgres");
        Result<Session> session = run(loop_, Session::connect(options, soon()));
        if (!session) {
            throw std::runtime_error(session.error().detail);
        }
        return std::move(*session);
    }

    Result<Rows> query(Session& session, std::string sql, Parameters parameters = {}) {
        return run(loop_, session.query(std::move(sql), std::move(parameters), soon()));
    }

    boost::asio::io_context loop_{1};
};

TEST_F(SessionTest, ValuesOfEveryTypeComeBack) {
    Session session = connect();
    Parameters parameters;
    parameters.add(std::int64_t{-9'000'000'000}).add(0.1).add(true).add("O'Reilly \\ \"ü\"");
    parameters.add_null().add(std::optional<std::string>()).add(std::optional<std::int64_t>(7));
    const auto rows = query(session,
                            "SELECT $1::bigint, $2::float8, $3::boolean, $4::text, $5::text, "
                            "$6::text, $7::bigint, 1700000000123456::bigint",
                            std::move(parameters));
    ASSERT_TRUE(rows) << rows.error().detail;
    EXPECT_EQ(rows->size(), 1u);
    EXPECT_EQ(rows->columns(), 8u);
    EXPECT_EQ(rows->int64(0, 0), -9'000'000'000);
    EXPECT_EQ(rows->real(0, 1), 0.1);
    EXPECT_TRUE(rows->boolean(0, 2));
    EXPECT_EQ(rows->text(0, 3), "O'Reilly \\ \"ü\"");
    EXPECT_TRUE(rows->is_null(0, 4));
    EXPECT_EQ(rows->optional_int64(0, 5), std::nullopt);
    EXPECT_EQ(rows->optional_int64(0, 6), 7);
    EXPECT_EQ(rows->time_us(0, 7).time_since_epoch().count(), 1700000000123456);
}

TEST_F(SessionTest, SpecialNumbersAndEmptyTextKeepTheirMeaning) {
    Session session = connect();
    constexpr double infinity = std::numeric_limits<double>::infinity();
    Parameters parameters;
    parameters.add(infinity).add(-infinity).add(std::numeric_limits<double>::quiet_NaN()).add("");
    parameters.add(std::numeric_limits<std::int64_t>::min()).add(5e-324);
    const auto rows = query(
        session, "SELECT $1::float8, $2::float8, $3::float8, $4::text, $5::bigint, $6::float8",
        std::move(parameters));
    ASSERT_TRUE(rows) << rows.error().detail;
    EXPECT_EQ(rows->real(0, 0), infinity);
    EXPECT_EQ(rows->real(0, 1), -infinity);
    EXPECT_TRUE(std::isnan(rows->real(0, 2)));
    EXPECT_FALSE(rows->is_null(0, 3));
    EXPECT_EQ(rows->text(0, 3), "");
    EXPECT_EQ(rows->int64(0, 4), std::numeric_limits<std::int64_t>::min());
    EXPECT_EQ(rows->real(0, 5), 5e-324);
}

TEST_F(SessionTest, ArraysKeepEveryCharacter) {
    Session session = connect();
    const std::vector<std::string> texts = {"",        "a,b",  "\"quoted\"", "back\\slash",
                                            "{curly}", "NULL", " blank ",    "line\nbreak",
                                            "日本語"};
    const std::vector<std::int64_t> numbers = {1, -2, 3};
    Parameters parameters;
    parameters.add_array(texts).add_array(numbers).add_array(std::span<const std::string>());
    const auto rows =
        query(session,
              "SELECT t FROM unnest($1::text[]) WITH ORDINALITY AS u(t, n) WHERE "
              "cardinality($3::text[]) = 0 AND (SELECT sum(x) FROM unnest($2::bigint[]) x) = 2 "
              "ORDER BY n",
              std::move(parameters));
    ASSERT_TRUE(rows) << rows.error().detail;
    ASSERT_EQ(rows->size(), texts.size());
    for (std::size_t i = 0; i < texts.size(); ++i) {
        EXPECT_FALSE(rows->is_null(i, 0));
        EXPECT_EQ(rows->text(i, 0), texts[i]);
    }
}

TEST_F(SessionTest, BinaryParametersMayHoldAnyByte) {
    Session session = connect();
    Parameters parameters;
    parameters.add_binary(std::string_view("\x00\xff\x01\x00", 4));
    const auto rows = query(session, "SELECT encode($1::bytea, 'hex')", std::move(parameters));
    ASSERT_TRUE(rows) << rows.error().detail;
    EXPECT_EQ(rows->text(0, 0), "00ff0100");
}

TEST_F(SessionTest, TextWithANulIsRefusedRatherThanCut) {
    Session session = connect();
    Parameters parameters;
    parameters.add(std::string_view("before\0after", 12));
    const auto rows = query(session, "SELECT $1::text", std::move(parameters));
    ASSERT_FALSE(rows);
    EXPECT_TRUE(rows.error().is(Failure::invalid_argument));
    EXPECT_TRUE(query(session, "SELECT 1"));
}

TEST_F(SessionTest, AskingForWhatIsNotThereIsABug) {
    Session session = connect();
    const auto rows = query(session, "SELECT 'x', NULL");
    ASSERT_TRUE(rows);
    EXPECT_THROW((void)rows->text(1, 0), std::out_of_range);
    EXPECT_THROW((void)rows->text(0, 2), std::out_of_range);
    EXPECT_THROW((void)rows->int64(0, 0), std::logic_error);
    EXPECT_THROW((void)rows->int64(0, 1), std::logic_error);
    EXPECT_THROW((void)rows->boolean(0, 0), std::logic_error);
    EXPECT_THROW((void)Rows().text(0, 0), std::out_of_range);
}

TEST_F(SessionTest, ErrorsCarryTheSqlstateAndItsKind) {
    Session session = connect();
    ASSERT_TRUE(query(session, "CREATE TEMP TABLE t (id int PRIMARY KEY, CHECK (id > 0))"));
    ASSERT_TRUE(query(session, "INSERT INTO t VALUES (1)"));
    const struct {
        const char* sql;
        const char* sqlstate;
        Failure failure;
    } cases[] = {
        {"INSERT INTO t VALUES (1)", "23505", Failure::already_exists},
        {"INSERT INTO t VALUES (-1)", "23514", Failure::invalid_argument},
        {"INSERT INTO t VALUES (NULL)", "23502", Failure::invalid_argument},
        {"SELECT 1/0", "22012", Failure::invalid_argument},
        {"SELECT 'x'::int", "22P02", Failure::invalid_argument},
        {"SELECT nothing", "42703", Failure::internal},
        {"SELEC 1", "42601", Failure::internal},
        {"DO $$BEGIN RAISE SQLSTATE '40001'; END$$", "40001", Failure::version_conflict},
        {"DO $$BEGIN RAISE SQLSTATE '25006'; END$$", "25006", Failure::unavailable},
        {"DO $$BEGIN RAISE SQLSTATE '53300'; END$$", "53300", Failure::unavailable},
    };
    for (const auto& c : cases) {
        const auto rows = query(session, c.sql);
        ASSERT_FALSE(rows) << c.sql;
        EXPECT_EQ(rows.error().reason, c.sqlstate) << c.sql;
        EXPECT_EQ(rows.error().failure(), c.failure) << c.sql << ": " << rows.error().detail;
        EXPECT_FALSE(rows.error().detail.empty());
    }
}

TEST_F(SessionTest, TransactionsSpanStatementsAndCountRows) {
    Session session = connect();
    ASSERT_TRUE(query(session, "CREATE TEMP TABLE t AS SELECT generate_series(1, 10) AS n"));
    ASSERT_TRUE(query(session, "BEGIN"));
    EXPECT_TRUE(session.in_transaction());
    const auto deleted = query(session, "DELETE FROM t WHERE n <= 4");
    ASSERT_TRUE(deleted);
    EXPECT_EQ(deleted->affected(), 4);
    ASSERT_TRUE(query(session, "ROLLBACK"));
    EXPECT_FALSE(session.in_transaction());
    EXPECT_EQ(query(session, "SELECT count(*) FROM t")->int64(0, 0), 10);
}

TEST_F(SessionTest, AScriptRunsAllItsStatementsOrNone) {
    Session session = connect();
    ASSERT_TRUE(run(loop_, session.script("CREATE TEMP TABLE t (n int); INSERT INTO t VALUES (1);"
                                          "SELECT 1; INSERT INTO t VALUES (2)",
                                          soon())));
    const auto failed =
        run(loop_, session.script("INSERT INTO t VALUES (3); SELECT 1/0; SELECT 2", soon()));
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().reason, "22012");
    EXPECT_EQ(query(session, "SELECT count(*) FROM t")->int64(0, 0), 2);
    EXPECT_TRUE(run(loop_, session.script("", soon())));
}

TEST_F(SessionTest, APassedDeadlineEndsTheSessionAndSaysWhatItKnows) {
    constexpr Statement slow_read{"slow_read", "SELECT pg_sleep(30)", Effect::read};
    constexpr Statement slow_write{"slow_write", "SELECT pg_sleep(10)", Effect::write};
    Session reader = connect();
    const auto begin = std::chrono::steady_clock::now();
    const Deadline short_one = Deadline::after(std::chrono::milliseconds(500));
    const auto read = run(loop_, reader.execute(slow_read, {}, short_one));
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code, Errc::deadline_exceeded);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(25));
    EXPECT_FALSE(query(reader, "SELECT 1"));

    Session writer = connect();
    const Deadline another = Deadline::after(std::chrono::milliseconds(500));
    const auto write = run(loop_, writer.execute(slow_write, {}, another));
    ASSERT_FALSE(write);
    EXPECT_EQ(write.error().code, Errc::outcome_unknown);
}

TEST_F(SessionTest, LogsInOverTcpWithAPassword) {
    ConnectionOptions options = TemporaryPostgres::instance().tcp_options("postgres");
    for (const char* host : {"127.0.0.1", "localhost"}) {
        options.host = host;
        auto session = run(loop_, Session::connect(options, soon()));
        ASSERT_TRUE(session) << host << ": " << session.error().detail;
        EXPECT_TRUE(query(*session, "SELECT 1"));
    }
    options.password = "wrong";
    const auto refused = run(loop_, Session::connect(options, soon()));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::connect_failed);
    EXPECT_NE(refused.error().detail.find("password"), std::string::npos);
}

// While a password is changed, a server has the old one or the new one.
TEST_F(SessionTest, LogsInWithThePasswordOfAFileOrTheOneThatFollowsIt) {
    ConnectionOptions options = TemporaryPostgres::instance().tcp_options("postgres");
    const std::filesystem::path folder = ::testing::TempDir() + new_uuid();
    std::filesystem::create_directory(folder);
    options.password_file = folder / "password";
    const std::string right = std::exchange(options.password, "");
    const auto write = [&](const char* suffix, const std::string& text) {
        std::ofstream(options.password_file.string() + suffix) << text << "\n";
    };
    const auto logs_in = [&] { return run(loop_, Session::connect(options, soon())).has_value(); };
    const auto nothing = run(loop_, Session::connect(options, soon()));
    ASSERT_FALSE(nothing);
    EXPECT_NE(nothing.error().detail.find("there is no password in"), std::string::npos);
    write("", "wrong");
    EXPECT_FALSE(logs_in());
    write(kNextPasswordSuffix, right);
    EXPECT_TRUE(logs_in());
    std::filesystem::rename(options.password_file.string() + kNextPasswordSuffix,
                            options.password_file);
    EXPECT_TRUE(logs_in());
    write(kNextPasswordSuffix, "not in use yet");
    EXPECT_TRUE(logs_in());
    write("", "wrong");
    const auto refused = run(loop_, Session::connect(options, soon()));
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().detail.find("password"), std::string::npos);
    std::filesystem::remove_all(folder);
}

TEST_F(SessionTest, SpeaksTlsAndChecksTheCertificate) {
    TemporaryPostgres& server = TemporaryPostgres::instance();
    const std::string folder = server.ask("postgres", "SHOW data_directory");
    server.ask("postgres",
               "COPY (SELECT 1) TO PROGRAM 'openssl req -x509 -newkey rsa:2048 -nodes -days 2 "
               "-subj /CN=localhost -addext subjectAltName=DNS:localhost -keyout server.key "
               "-out server.crt && chmod 600 server.key'");
    server.ask("postgres", "ALTER SYSTEM SET ssl = on");
    server.ask("postgres", "SELECT pg_reload_conf()");
    ConnectionOptions options = server.tcp_options("postgres");
    options.host = "localhost";
    options.sslmode = "verify-full";
    options.sslrootcert = folder + "/server.crt";
    const Deadline limit = soon();  // The server reloads in its own time.
    auto session = run(loop_, Session::connect(options, soon()));
    while (!session && !limit.passed()) {
        session = run(loop_, Session::connect(options, soon()));
    }
    ASSERT_TRUE(session) << session.error().detail;
    const auto large = query(*session,
                             "SELECT ssl, repeat('x', 3000000) FROM pg_stat_ssl WHERE "
                             "pid = pg_backend_pid()");
    ASSERT_TRUE(large) << large.error().detail;
    EXPECT_TRUE(large->boolean(0, 0));
    EXPECT_EQ(large->text(0, 1).size(), 3'000'000u);
    options.host = "127.0.0.1";  // Not in the certificate.
    EXPECT_FALSE(run(loop_, Session::connect(options, soon())));
    server.ask("postgres", "ALTER SYSTEM RESET ssl");
    server.ask("postgres", "SELECT pg_reload_conf()");
}

TEST_F(SessionTest, ConnectingToNobodyFailsInTime) {
    ConnectionOptions options = TemporaryPostgres::instance().options("postgres");
    options.host = "/nonexistent";
    EXPECT_EQ(run(loop_, Session::connect(options, soon())).error().code, Errc::connect_failed);
    options.host = "no-such-host.invalid";
    EXPECT_EQ(run(loop_, Session::connect(options, soon())).error().code, Errc::connect_failed);
    options.host = "127.0.0.1";
    options.port = 1;
    const auto refused = run(loop_, Session::connect(options, soon()));
    ASSERT_FALSE(refused);
    EXPECT_TRUE(refused.error().is(Failure::unavailable));
}

}  // namespace
}  // namespace pgmind::postgres
