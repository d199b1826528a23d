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

constexpr WallTime kNow{std::chrono::hours(490'000)};

Decision decide(std::span<const Grant> grants, Action action, const Resource& resource) {
    return security::decide(grants, action, resource, kNow);
}

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
    const PatternSets read = memory_patterns(grants, Action::read, kNow);
    EXPECT_EQ(read.allowed, (std::vector<std::string>{"docs-*", "agent-*"}));
    EXPECT_EQ(read.denied, (std::vector<std::string>{"agent-x"}));
    const PatternSets write = memory_patterns(grants, Action::write, kNow);
    EXPECT_EQ(write.allowed, (std::vector<std::string>{"agent-*"}));
    EXPECT_TRUE(memory_patterns(grants, Action::admin, kNow).allowed.empty());
    const std::vector<Grant> closed = {{Role::admin, "*", false}, {Role::admin, "*", true}};
    EXPECT_TRUE(memory_patterns(closed, Action::read, kNow).allowed.empty());
    EXPECT_TRUE(memory_patterns(closed, Action::read, kNow).denied.empty());
}

TEST(Decision, AGrantIsNarrowedToItsActionsAndTypes) {
    Grant grant{Role::admin, "*"};
    grant.actions = {Action::execute};
    grant.types = {ResourceType::memory, ResourceType::cluster};
    const std::vector<Grant> grants = {grant};
    for (const ResourceType type : kTypes) {
        for (const Action action : kActions) {
            const bool expected = action == Action::execute &&
                                  (type == ResourceType::memory || type == ResourceType::cluster);
            EXPECT_EQ(decide(grants, action, {type, is_namespaced(type) ? "a" : ""}).allowed,
                      expected)
                << name_of(action) << " " << name_of(type);
        }
    }
}

TEST(Decision, NarrowingGivesNoMoreThanTheRole) {
    Grant grant{Role::readonly, "*"};
    grant.actions = {Action::write, Action::admin};
    const std::vector<Grant> grants = {grant};
    for (const Action action : kActions) {
        EXPECT_FALSE(decide(grants, action, {ResourceType::memory, "a"}).allowed);
    }
}

TEST(Decision, ANarrowedDenyTakesAwayOnlyWhatItNames) {
    Grant no_deleting{Role::admin, "ledger-*", true};
    no_deleting.actions = {Action::remove};
    const std::vector<Grant> grants = {{Role::app_user, "*"}, no_deleting};
    const Resource ledger{ResourceType::memory, "ledger-1"};
    EXPECT_TRUE(decide(grants, Action::write, ledger).allowed);
    const Decision decision = decide(grants, Action::remove, ledger);
    EXPECT_FALSE(decision.allowed);
    EXPECT_EQ(decision.by, &grants[1]);
    EXPECT_TRUE(decide(grants, Action::remove, {ResourceType::memory, "other"}).allowed);
}

TEST(Decision, AnExpiredGrantNeitherGivesNorTakes) {
    Grant grant{Role::app_user, "*"};
    grant.expires_at = kNow + std::chrono::microseconds(1);
    Grant deny{Role::readonly, "*", true};
    deny.expires_at = kNow;
    const Resource memory{ResourceType::memory, "a"};
    EXPECT_TRUE(decide(std::vector<Grant>{grant, deny}, Action::read, memory).allowed);
    grant.expires_at = kNow;
    EXPECT_FALSE(decide(std::vector<Grant>{grant}, Action::read, memory).allowed);
    EXPECT_FALSE(
        decide(std::vector<Grant>{grant}, Action::read, {ResourceType::memory, ""}).allowed);
    EXPECT_TRUE(memory_patterns(std::vector<Grant>{grant}, Action::read, kNow).allowed.empty());
}

// A route for a new kind of thing, or with a new action, is closed to everybody until the table of
// roles says otherwise: also to administrators.
TEST(Decision, WhatTheTableOfRolesDoesNotNameIsDeniedToAll) {
    for (const Role role : kRoles) {
        const std::vector<Grant> grants = {{role, "*"}};
        for (const Action action : kActions) {
            EXPECT_FALSE(decide(grants, action, {static_cast<ResourceType>(7), ""}).allowed);
            EXPECT_FALSE(decide(grants, action, {static_cast<ResourceType>(200), "a"}).allowed);
        }
        for (const ResourceType type : kTypes) {
            EXPECT_FALSE(decide(grants, static_cast<Action>(5), {type, "a"}).allowed);
        }
    }
}

TEST(Decision, SaysOfEachGrantWhyItDoesNotCount) {
    const Resource secret{ResourceType::memory, "secret-1"};
    Grant narrowed{Role::app_user, "*"};
    narrowed.actions = {Action::write};
    Grant other_type{Role::app_user, "*"};
    other_type.types = {ResourceType::namespaces};
    Grant expired{Role::app_user, "*"};
    expired.expires_at = kNow;
    const auto verdict = [&](const Grant& grant) {
        return verdict_of(grant, Action::read, secret, kNow);
    };
    EXPECT_EQ(verdict({Role::readonly, "secret-*"}), "allows");
    EXPECT_EQ(verdict({Role::readonly, "secret-*", true}), "denies");
    EXPECT_EQ(verdict({Role::readonly, "team-*"}), "its pattern does not match");
    EXPECT_EQ(verdict({Role::auditor, "*"}), "its role does not have this action on this resource");
    EXPECT_EQ(verdict(narrowed), "is narrowed to other actions");
    EXPECT_EQ(verdict(other_type), "is narrowed to other types of resource");
    EXPECT_EQ(verdict(expired), "has expired");
    EXPECT_EQ(verdict_of({Role::admin, "team-*"}, Action::read, {ResourceType::cluster, ""}, kNow),
              "reaches this resource only with the pattern *");
}

}  // namespace
}  // namespace pgmind::security
