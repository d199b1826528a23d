#include "integration/domain/arrival_rules.hpp"

#include <gtest/gtest.h>

namespace pgmind::integration::mcp {
namespace {

MessageFacts request(std::string_view method) {
    MessageFacts facts;
    facts.method = method;
    return facts;
}

MessageFacts claiming(std::string_view method, std::string_view version) {
    MessageFacts facts = request(method);
    facts.claimed_version = version;
    facts.has_client_capabilities = true;
    return facts;
}

ProtocolHeaders headers_of(std::string_view version, std::string_view method) {
    ProtocolHeaders headers;
    headers.protocol_version = version;
    headers.method = method;
    return headers;
}

TEST(ArrivalRules, the_body_decides_the_era_and_the_header_where_it_is_silent) {
    const ProtocolHeaders none;
    const ProtocolHeaders stateless = headers_of("2026-07-28", "tools/list");
    const ProtocolHeaders sessions = headers_of("2025-11-25", "tools/list");
    struct Row {
        const ProtocolHeaders& headers;
        MessageFacts message;
        Era era;
    };
    const Row rows[] = {
        {none, request("initialize"), Era::sessions},
        {none, request("tools/list"), Era::sessions},
        {sessions, request("tools/list"), Era::sessions},
        {stateless, request("tools/list"), Era::stateless},
        {none, claiming("tools/list", "2026-07-28"), Era::stateless},
        {sessions, claiming("tools/list", "2026-07-28"), Era::stateless},
        {none, claiming("tools/list", "v999"), Era::stateless},
        {stateless, claiming("initialize", "2026-07-28"), Era::stateless},
        {none, claiming("initialize", "2025-11-25"), Era::sessions},
    };
    for (const Row& row : rows) {
        EXPECT_EQ(era_of_message(row.headers, row.message), row.era) << row.message.method;
    }
    EXPECT_EQ(era_of_verb(none), Era::sessions);
    EXPECT_EQ(era_of_verb(stateless), Era::stateless);
}

TEST(ArrivalRules, a_stateless_request_must_describe_itself_and_its_headers_must_agree) {
    constexpr std::string_view version = "2026-07-28";
    MessageFacts call = claiming("tools/call", version);
    call.name = "memory_search";
    MessageFacts no_capabilities = claiming("tools/list", version);
    no_capabilities.has_client_capabilities = false;
    ProtocolHeaders named = headers_of(version, "tools/call");
    named.name = "memory_search";
    ProtocolHeaders wrapped = named;
    wrapped.name = "=?base64?bWVtb3J5X3NlYXJjaA==?=";
    ProtocolHeaders badly_wrapped = named;
    badly_wrapped.name = "=?base64?bWVtb3J5X3NlYXJjaA?=";
    ProtocolHeaders other_name = named;
    other_name.name = "memory_delete";
    ProtocolHeaders no_version;
    no_version.method = "tools/list";
    ProtocolHeaders no_method;
    no_method.protocol_version = version;

    struct Row {
        const char* what;
        ProtocolHeaders headers;
        MessageFacts message;
        int code;  // 0: passes
    };
    const Row rows[] = {
        {"all right", headers_of(version, "tools/list"), claiming("tools/list", version), 0},
        {"a name", named, call, 0},
        {"a wrapped name", wrapped, call, 0},
        {"no claim", headers_of(version, "tools/list"), request("tools/list"),
         code::invalid_params},
        {"no capabilities", headers_of(version, "tools/list"), no_capabilities,
         code::invalid_params},
        {"versions differ", headers_of(version, "tools/list"), claiming("tools/list", "v999"),
         code::header_mismatch},
        {"no version header", no_version, claiming("tools/list", version), code::header_mismatch},
        {"unknown version", headers_of("v999", "tools/list"), claiming("tools/list", "v999"),
         code::unsupported_version},
        {"a version with sessions", headers_of("2025-11-25", "tools/list"),
         claiming("tools/list", "2025-11-25"), code::unsupported_version},
        {"no method header", no_method, claiming("tools/list", version), code::header_mismatch},
        {"method differs", headers_of(version, "prompts/list"), claiming("tools/list", version),
         code::header_mismatch},
        {"method in capitals", headers_of(version, "TOOLS/LIST"), claiming("tools/list", version),
         code::header_mismatch},
        {"no name header", headers_of(version, "tools/call"), call, code::header_mismatch},
        {"name differs", other_name, call, code::header_mismatch},
        {"name badly wrapped", badly_wrapped, call, code::header_mismatch},
    };
    for (const Row& row : rows) {
        const auto error = check_stateless(row.headers, row.message);
        EXPECT_EQ(error ? error->code : 0, row.code) << row.what;
        EXPECT_EQ(error ? error->http_status : 400U, 400U) << row.what;
    }
}

TEST(ArrivalRules, an_unsupported_version_is_echoed) {
    const auto error =
        check_stateless(headers_of("v999", "tools/list"), claiming("tools/list", "v999"));
    ASSERT_TRUE(error);
    EXPECT_EQ(std::get<VersionData>(error->data).requested, "v999");
}

TEST(ArrivalRules, stateless_notifications_pass_and_responses_do_not) {
    MessageFacts notification = request("notifications/cancelled");
    notification.kind = MessageKind::notification;
    EXPECT_FALSE(check_stateless({}, notification));
    MessageFacts response;
    response.kind = MessageKind::response;
    EXPECT_EQ(check_stateless({}, response)->code, code::invalid_request);
}

TEST(ArrivalRules, long_names_are_cut_in_messages) {
    const std::string long_method(500, 'x');
    const auto error = check_stateless(headers_of("2026-07-28", long_method),
                                       claiming("tools/list", "2026-07-28"));
    ASSERT_TRUE(error);
    EXPECT_LT(error->message.size(), 300U);
}

TEST(ArrivalRules, what_a_session_request_asks_for) {
    struct Row {
        const char* what;
        Verb verb;
        MessageFacts message;
        SessionState session;
        std::optional<std::string_view> version;
        std::optional<SessionAction> action;
        unsigned status = 200;
        int code = 0;
    };
    MessageFacts response;
    response.kind = MessageKind::response;
    const Row rows[] = {
        {"initialize", Verb::post, request("initialize"), SessionState::unnamed, std::nullopt,
         SessionAction::open},
        {"initialize, lost session", Verb::post, request("initialize"), SessionState::unknown,
         std::nullopt, SessionAction::open},
        {"initialize twice", Verb::post, request("initialize"), SessionState::known, std::nullopt,
         std::nullopt, 400, code::invalid_request},
        {"initialize, odd header", Verb::post, request("initialize"), SessionState::unnamed, "v1",
         SessionAction::open},
        {"no session", Verb::post, request("tools/list"), SessionState::unnamed, "2025-11-25",
         std::nullopt, 400, code::bad_transport},
        {"ended session", Verb::post, request("tools/list"), SessionState::unknown, "2025-11-25",
         std::nullopt, 404, code::session_not_found},
        {"serve", Verb::post, request("tools/list"), SessionState::known, "2025-06-18",
         SessionAction::serve},
        {"serve without version", Verb::post, request("tools/list"), SessionState::known,
         std::nullopt, SessionAction::serve},
        {"response", Verb::post, response, SessionState::known, "2025-11-25", SessionAction::serve},
        {"bad version", Verb::post, request("tools/list"), SessionState::known, "2024-01-01",
         std::nullopt, 400, code::unsupported_version},
        {"listen", Verb::get, {}, SessionState::known, "2025-11-25", SessionAction::listen},
        {"listen nowhere",
         Verb::get,
         {},
         SessionState::unnamed,
         "2025-11-25",
         std::nullopt,
         400,
         code::bad_transport},
        {"close", Verb::remove, {}, SessionState::known, "2025-11-25", SessionAction::close},
        {"close twice",
         Verb::remove,
         {},
         SessionState::unknown,
         "2025-11-25",
         std::nullopt,
         404,
         code::session_not_found},
    };
    for (const Row& row : rows) {
        ProtocolHeaders headers;
        headers.protocol_version = row.version;
        const auto decision = decide_session(row.verb, headers, row.message, row.session);
        ASSERT_EQ(decision.has_value(), row.action.has_value()) << row.what;
        if (row.action) {
            EXPECT_EQ(*decision, *row.action) << row.what;
        } else {
            EXPECT_EQ(decision.error().http_status, row.status) << row.what;
            EXPECT_EQ(decision.error().code, row.code) << row.what;
        }
    }
}

TEST(ArrivalRules, negotiation_gives_the_version_asked_for_or_the_newest_with_sessions) {
    EXPECT_EQ(negotiate_session_version("2025-11-25"), "2025-11-25");
    EXPECT_EQ(negotiate_session_version("2025-06-18"), "2025-06-18");
    EXPECT_EQ(negotiate_session_version("2025-03-26"), "2025-03-26");
    EXPECT_EQ(negotiate_session_version("2026-07-28"), "2025-11-25");
    EXPECT_EQ(negotiate_session_version("1999-01-01"), "2025-11-25");
    EXPECT_FALSE(era_of("1999-01-01"));
    EXPECT_TRUE(allows_batches("2025-03-26"));
    EXPECT_FALSE(allows_batches("2025-06-18"));
    EXPECT_TRUE(primes_streams("2025-11-25"));
    EXPECT_FALSE(primes_streams("2025-06-18"));
}

}  // namespace
}  // namespace pgmind::integration::mcp
