// A gateway that is killed in the middle of its work: what it acknowledged as durable is there.
#include <array>
#include <csignal>
#include <set>
#include <sstream>

#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "platform/crypto/signing_key.hpp"
#include "security/adapters/audit_export.hpp"
#include "security/adapters/audit_verifier.hpp"
#include "security/adapters/security_runtime.hpp"
#include "security/tests/adapters/coordinator.hpp"

namespace pgmind::security {
namespace {

using postgres::testing::TemporaryPostgres;
using testing::Coordinator;
using testing::soon;

constexpr int kRounds = 25;
constexpr std::size_t kAcknowledged = 20;

// The killed process: failed authentications and denials one after another, among many allowed
// reads; after the answer to each durable one its request id goes into the pipe.
void work_until_killed(const postgres::ConnectionOptions& coordinator, int acknowledged) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    async::EventBus bus;
    metrics::Registry registry;
    SecurityOptions options;
    options.coordinator = coordinator;
    options.hmac_key = std::string(32, 'k');
    options.audit_signing_seed = std::string(32, 's');
    options.failures = {.per_address_per_second = 1'000'000, .total_per_second = 1'000'000};
    auto runtime = SecurityRuntime::start(std::move(options), bus, registry, soon());
    if (!runtime) {
        _exit(2);
    }
    boost::asio::io_context loop;
    const auto security = (*runtime)->make_security();
    const auto run = [&](auto task) { return async::run_blocking_loop(loop, std::move(task)); };
    RequestContext request;
    const auto reader = std::make_shared<const Principal>();
    const Resource resource{ResourceType::memory, "a"};
    while (true) {
        request.request_id = new_request_id();
        request.deadline = soon();
        for (int i = 0; i < 20; ++i) {
            run(security->record(request, reader, Action::read, resource, "ok"));
        }
        const auto failed = run(security->authenticate(request, Credentials{"wrong"}));
        if (!failed.error().is(Failure::unauthenticated)) {
            _exit(4);
        }
        const std::string line = request.request_id.value() + "\n";
        if (write(acknowledged, line.data(), line.size()) < 0) {
            _exit(5);
        }
    }
}

std::set<std::string> read_lines(int pipe, std::size_t lines_min) {
    std::string text;
    std::array<char, 4'096> buffer;
    while (static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) < lines_min) {
        const ssize_t got = read(pipe, buffer.data(), buffer.size());
        if (got <= 0) {
            break;
        }
        text.append(buffer.data(), static_cast<std::size_t>(got));
    }
    std::set<std::string> lines;
    std::istringstream stream(text.substr(0, text.rfind('\n') + 1));
    for (std::string line; std::getline(stream, line);) {
        lines.insert(line);
    }
    return lines;
}

TEST(KilledGateway, LosesNoRecordThatAReplyWaitedFor) {
    const Coordinator coordinator(TemporaryPostgres::instance());
    for (int round = 0; round < kRounds; ++round) {
        std::array<int, 2> ends;
        ASSERT_EQ(pipe(ends.data()), 0);
        // tidy: allow process because the killed process is this test program itself.
        const pid_t child = fork();
        ASSERT_GE(child, 0);
        if (child == 0) {
            close(ends[0]);
            work_until_killed(coordinator.gateway(), ends[1]);
        }
        close(ends[1]);
        std::set<std::string> acknowledged =
            read_lines(ends[0], kAcknowledged + static_cast<std::size_t>(round % 6) * 7);
        kill(child, SIGKILL);
        int status = 0;
        waitpid(child, &status, 0);
        ASSERT_TRUE(WIFSIGNALED(status)) << "it ended by itself: " << WEXITSTATUS(status);
        acknowledged.merge(read_lines(ends[0], 1'000'000));
        close(ends[0]);
        ASSERT_GE(acknowledged.size(), kAcknowledged);

        std::istringstream written(
            coordinator.ask("SELECT string_agg(request_id, ' ') FROM pgmind_audit.records"
                            " WHERE action = 'authenticate'"));
        for (std::string id; written >> id;) {
            acknowledged.erase(id);
        }
        EXPECT_TRUE(acknowledged.empty()) << acknowledged.size() << " lost in round " << round;
    }
    // Whatever was queued was written in order: the end may be missing, nothing in between.
    EXPECT_EQ(coordinator.ask(
                  "SELECT bool_and(records = last) AND count(*) = " + std::to_string(kRounds) +
                  " FROM (SELECT count(*) records, max(writer_sequence) last"
                  " FROM pgmind_audit.records GROUP BY writer) w"),
              "t");
    // And whatever was written has its proof: no kill leaves records without a checkpoint.
    const auto key = crypto::SigningKey::from_seed(std::string(32, 's'));
    AuditVerifier verifier({std::string(key->public_key().begin(), key->public_key().end())});
    boost::asio::io_context loop;
    const auto exported = async::run_blocking_loop(
        loop, export_audit_log(
                  coordinator.gateway(),
                  [&verifier](std::string_view line) { return verifier.add(line); }, soon()));
    ASSERT_TRUE(exported) << exported.error().detail;
    const AuditVerdict verdict = verifier.finish();
    EXPECT_EQ(verdict.fault, AuditFault::none)
        << (verdict.findings.empty() ? "" : verdict.findings.front());
    EXPECT_EQ(verdict.logs, static_cast<std::uint64_t>(kRounds));
}

}  // namespace
}  // namespace pgmind::security
