#include "security/domain/decision.hpp"

#include <fstream>
#include <map>
#include <sstream>

#include <gtest/gtest.h>

#include "security/domain/role_permissions.hpp"

namespace pgmind::security {
namespace {

constexpr std::array kRoles = {Role::admin, Role::app_user, Role::mcp_user, Role::readonly,
                               Role::auditor};
constexpr std::array kActions = {Action::read, Action::write, Action::remove, Action::execute,
                                 Action::admin};
constexpr std::array kTypes = {
    ResourceType::memory, ResourceType::namespaces, ResourceType::cluster, ResourceType::principals,
    ResourceType::audit,  ResourceType::metrics,    ResourceType::traces};

std::vector<std::string> cells_of(const std::string& line) {
    std::vector<std::string> cells;
    std::istringstream stream(line.substr(1));
    for (std::string cell; std::getline(stream, cell, '|');) {
        const auto begin = cell.find_first_not_of(' ');
        const auto end = cell.find_last_not_of(' ');
        cells.push_back(begin == std::string::npos ? "" : cell.substr(begin, end - begin + 1));
    }
    return cells;
}

// role -> resource type -> actions, as the README of the context promises them.
using Promised = std::map<std::string, std::map<std::string, std::string>>;

Promised read_promised() {
    std::ifstream file(PGMIND_SECURITY_README);
    Promised promised;
    std::vector<std::string> header;
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with("| role | memory |")) {
            header = cells_of(line);
        } else if (!header.empty() && line.starts_with("| ") && !line.starts_with("| ---")) {
            const auto cells = cells_of(line);
            for (std::size_t i = 1; i < header.size(); ++i) {
                promised[cells[0]][header[i]] = " " + cells[i] + " ";
            }
        } else if (!header.empty() && line.empty()) {
            break;
        }
    }
    return promised;
}

bool has_word(const std::string& padded, std::string_view word) {
    return padded.find(" " + std::string(word) + " ") != std::string::npos;
}

// Every role, action and resource type; each inside, outside and denied by pattern.
TEST(Decision, FollowsThePromisedMatrixAndNothingElse) {
    const Promised promised = read_promised();
    ASSERT_EQ(promised.size(), kRoles.size());
    std::size_t checked = 0;
    for (const Role role : kRoles) {
        for (const ResourceType type : kTypes) {
            const std::string& actions =
                promised.at(std::string(name_of(role))).at(std::string(name_of(type)));
            for (const Action action : kActions) {
                SCOPED_TRACE(std::string(name_of(role)) + " " + std::string(name_of(action)) + " " +
                             std::string(name_of(type)));
                const bool expected = has_word(actions, name_of(action));
                const bool single = !is_namespaced(type);
                const Resource inside{type, single ? "" : "team-a"};
                const Resource outside{type, single ? "" : "other"};

                const std::vector<Grant> everywhere = {{role, "*", false}};
                const std::vector<Grant> team = {{role, "team-*", false}};
                EXPECT_EQ(decide(everywhere, action, inside).allowed, expected);
                EXPECT_EQ(decide(everywhere, action, outside).allowed, expected);
                const bool team_expected = expected && !(single && role == Role::admin);
                EXPECT_EQ(decide(team, action, inside).allowed, team_expected);
                EXPECT_EQ(decide(team, action, outside).allowed, team_expected && single);

                const std::vector<Grant> denied = {{role, "*", false}, {role, "*", true}};
                EXPECT_FALSE(decide(denied, action, inside).allowed);
                const std::vector<Grant> partly = {{role, "*", false}, {role, "team-*", true}};
                EXPECT_EQ(decide(partly, action, inside).allowed, expected && single);
                EXPECT_EQ(decide(partly, action, outside).allowed, expected);
                const std::vector<Grant> by_admin = {{role, "*", false}, {Role::admin, "*", true}};
                EXPECT_FALSE(decide(by_admin, action, inside).allowed);
                ++checked;
            }
        }
    }
    EXPECT_EQ(checked, 5u * 7u * 5u);
}

TEST(Decision, WithoutGrantsIsDenyAndSaysWhy) {
    for (const ResourceType type : kTypes) {
        for (const Action action : kActions) {
            const Decision decision = decide({}, action, {type, "a"});
            EXPECT_FALSE(decision.allowed);
            EXPECT_EQ(decision.reason, "no grant");
        }
    }
    const std::vector<Grant> grants = {{Role::readonly, "*", false}, {Role::readonly, "a", true}};
    EXPECT_EQ(decide(grants, Action::read, {ResourceType::memory, "a"}).reason,
              "denied by a grant");
}

struct PatternCase {
    std::string pattern;
    std::string name;
    bool matches;
};

TEST(Decision, MatchesWholeNames) {
    const std::vector<PatternCase> cases = {
        {"agent-*", "agent-1", true},  {"agent-*", "agent-", true},
        {"agent-*", "agent", false},   {"agent-*", "xagent-1", false},
        {"agent", "agent", true},      {"agent", "agent2", false},
        {"*-prod", "a-prod", true},    {"*-prod", "a-prod-2", false},
        {"a*b*c", "a1b2c", true},      {"a*b*c", "acb", false},
        {"*", "anything", true},       {"Agent", "agent", false},
        {"a?c", "abc", false},         {"[ab]", "a", false},
        {"agent-*", "agent-\n*", true}};
    for (const PatternCase& each : cases) {
        const std::vector<Grant> grants = {{Role::readonly, each.pattern, false}};
        EXPECT_EQ(decide(grants, Action::read, {ResourceType::memory, each.name}).allowed,
                  each.matches)
            << each.pattern << " " << each.name;
    }
}

TEST(Decision, GrantsAddUpAndDenyWinsInAnyOrder) {
    std::vector<Grant> grants = {{Role::readonly, "*", false},
                                 {Role::app_user, "agent-*", false},
                                 {Role::admin, "agent-secret", true}};
    std::sort(grants.begin(), grants.end(), [](const Grant& left, const Grant& right) {
        return left.namespace_pattern < right.namespace_pattern;
    });
    do {
        EXPECT_TRUE(decide(grants, Action::read, {ResourceType::memory, "other"}).allowed);
        EXPECT_FALSE(decide(grants, Action::write, {ResourceType::memory, "other"}).allowed);
        EXPECT_TRUE(decide(grants, Action::write, {ResourceType::memory, "agent-1"}).allowed);
        EXPECT_FALSE(decide(grants, Action::read, {ResourceType::memory, "agent-secret"}).allowed);
    } while (std::next_permutation(grants.begin(), grants.end(),
                                   [](const Grant& left, const Grant& right) {
                                       return left.namespace_pattern < right.namespace_pattern;
                                   }));
}

TEST(Decision, ADenyTakesOnlyWhatItsRoleWouldGive) {
    const std::vector<Grant> grants = {{Role::app_user, "*", false},
                                       {Role::readonly, "inbox-*", true}};
    EXPECT_FALSE(decide(grants, Action::read, {ResourceType::memory, "inbox-1"}).allowed);
    EXPECT_TRUE(decide(grants, Action::write, {ResourceType::memory, "inbox-1"}).allowed);
    // A denial about some namespaces says nothing about things that are not namespaces.
    const std::vector<Grant> agent = {{Role::mcp_user, "*", false},
                                      {Role::mcp_user, "secret-*", true}};
    EXPECT_TRUE(decide(agent, Action::read, {ResourceType::cluster, ""}).allowed);
}

TEST(Decision, WithoutANameAsksWhetherAnyNamespaceCanBeAllowed) {
    const Resource any{ResourceType::memory, ""};
    const auto allowed = [&](std::vector<Grant> grants) {
        return decide(grants, Action::read, any).allowed;
    };
    EXPECT_FALSE(allowed({}));
    EXPECT_TRUE(allowed({{Role::readonly, "a-*", false}}));
    EXPECT_TRUE(allowed({{Role::readonly, "*", false}, {Role::readonly, "a-*", true}}));
    EXPECT_FALSE(allowed({{Role::readonly, "a-*", false}, {Role::readonly, "*", true}}));
    EXPECT_FALSE(allowed({{Role::readonly, "a-b*", false}, {Role::readonly, "a-*", true}}));
    EXPECT_TRUE(allowed({{Role::readonly, "a-*", false}, {Role::readonly, "a-b*", true}}));
    EXPECT_FALSE(allowed({{Role::auditor, "*", false}}));
    EXPECT_TRUE(allowed(
        {{Role::readonly, "a", false}, {Role::app_user, "b", false}, {Role::readonly, "a", true}}));
}

TEST(MemoryPatterns, AreThoseThatDecide) {
    const std::vector<Grant> grants = {{Role::readonly, "docs-*", false},
                                       {Role::app_user, "agent-*", false},
                                       {Role::app_user, "agent-x", true},
                                       {Role::auditor, "*", false}};
    const PatternSets read = memory_patterns(grants, Action::read);
    EXPECT_EQ(read.allowed, (std::vector<std::string>{"docs-*", "agent-*"}));
    EXPECT_EQ(read.denied, (std::vector<std::string>{"agent-x"}));
    const PatternSets write = memory_patterns(grants, Action::write);
    EXPECT_EQ(write.allowed, (std::vector<std::string>{"agent-*"}));
    EXPECT_TRUE(memory_patterns(grants, Action::admin).allowed.empty());
    const std::vector<Grant> closed = {{Role::admin, "*", false}, {Role::admin, "*", true}};
    EXPECT_TRUE(memory_patterns(closed, Action::read).allowed.empty());
    EXPECT_TRUE(memory_patterns(closed, Action::read).denied.empty());
}

}  // namespace
}  // namespace pgmind::security
