#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "../fake_security.hpp"
#include "async/event_bus.hpp"
#include "base/text.hpp"
#include "cluster/api/events.hpp"
#include "intelligence/api/events.hpp"
#include "memory/api/events.hpp"
#include "memory/api/memory.hpp"
#include "security/api/events.hpp"

namespace pgmind::integration::testing {

/// What all workers of a test server remember. Thread-safe.
struct InMemoryStore {
    std::mutex mutex;
    std::map<std::pair<std::string, std::string>, memory::Entry> entries;  // namespace, key
    std::set<std::string> namespaces;
};

/// Memory that works, within one process and without PostgreSQL: for tests of what lies above it.
/// Search finds entries whose value holds a word of the query.
class InMemoryMemory final : public memory::Memory {
  public:
    InMemoryMemory(InMemoryStore& store, async::EventBus& bus) : store_(store), bus_(bus) {}

    std::chrono::milliseconds delay{0};  ///< before every search

    Task<Result<memory::StoreResult>> store(const RequestContext& request,
                                            memory::StoreRequest wanted) override {
        memory::StoreResult result;
        {
            const std::lock_guard lock(store_.mutex);
            auto [found, created] = store_.entries.try_emplace({wanted.namespace_name, wanted.key});
            memory::Entry& entry = found->second;
            if (!created && wanted.mode == memory::StoreMode::create_only) {
                co_return fail(FakeSecurity::make_code(Failure::already_exists),
                               "there is an entry of that key", "key");
            }
            entry.scope = wanted.scope;
            entry.namespace_name = wanted.namespace_name;
            entry.key = wanted.key;
            entry.value_json = wanted.value_json;
            entry.metadata_json = wanted.metadata_json;
            entry.embedding = wanted.embedding;
            entry.entry_id = created ? new_uuid() : entry.entry_id;
            entry.version = created ? 1 : entry.version + 1;
            result.entry = entry;
            result.created = created;
            if (store_.namespaces.insert(wanted.namespace_name).second) {
                bus_.publish(request, memory::NamespaceCreated{wanted.namespace_name});
            }
        }
        bus_.publish(request, memory::MemoryEntryStored{wanted.namespace_name, wanted.key,
                                                        result.entry.version, result.created});
        co_return result;
    }

    Task<Result<memory::Entry>> retrieve(const RequestContext& request,
                                         memory::EntryAddress address, bool) override {
        const std::lock_guard lock(store_.mutex);
        const auto found = store_.entries.find({address.namespace_name, address.key});
        if (found == store_.entries.end()) {
            co_return fail(FakeSecurity::make_code(Failure::not_found), "there is no such entry");
        }
        bus_.publish(request, memory::MemoryEntryRetrieved{address.namespace_name, address.key});
        co_return found->second;
    }

    Task<Result<void>> remove(const RequestContext&, memory::DeleteRequest target) override {
        const std::lock_guard lock(store_.mutex);
        if (store_.entries.erase({target.address.namespace_name, target.address.key}) == 0) {
            co_return fail(FakeSecurity::make_code(Failure::not_found), "there is no such entry");
        }
        co_return Result<void>();
    }

    Task<Result<memory::EntryPage>> list(const RequestContext&,
                                         memory::ListRequest query) override {
        const std::lock_guard lock(store_.mutex);
        memory::EntryPage page;
        for (const auto& [address, entry] : store_.entries) {
            const bool wanted = address.first == query.namespace_name &&
                                address.second.starts_with(query.key_prefix) &&
                                address.second > query.cursor;
            if (wanted && page.entries.size() == query.limit) {
                page.next_cursor = page.entries.back().key;
                break;
            }
            if (wanted) {
                page.entries.push_back(entry);
            }
        }
        co_return page;
    }

    Task<Result<memory::SearchResult>> search(const RequestContext& request,
                                              memory::SearchRequest query) override {
        bus_.publish(request, intelligence::VectorSearchInitiated{"text", query.limit});
        if (delay.count() > 0) {
            co_await async::wait_for(delay);
        }
        memory::SearchResult result;
        {
            const std::lock_guard lock(store_.mutex);
            for (const auto& [address, entry] : store_.entries) {
                if (result.hits.size() < query.limit && matches(entry, query)) {
                    memory::SearchHit hit;
                    hit.entry = entry;
                    hit.score = 1.0;
                    result.hits.push_back(std::move(hit));
                }
            }
        }
        result.shards_searched = 1;
        result.notes.emplace_back("no embedder: ranked by text only");
        bus_.publish(request, cluster::ShardQueryExecuted{"shard-1", 10, result.hits.size()});
        bus_.publish(request, memory::MemoryEntriesRetrieved{result.hits.size()});
        co_return result;
    }

    Task<Result<memory::ImportProgress>> import_entries(const RequestContext&,
                                                        memory::ImportOptions, memory::EntrySource,
                                                        memory::ProgressSink) override {
        co_return fail(BaseErrc::unavailable, "not in memory");
    }
    Task<Result<std::int64_t>> export_entries(const RequestContext&, memory::Scope, std::string,
                                              memory::NamespaceAccess, memory::EntrySink) override {
        co_return fail(BaseErrc::unavailable, "not in memory");
    }

    Task<Result<memory::Namespace>> create_namespace(const RequestContext& request,
                                                     memory::NamespaceRequest wanted) override {
        const std::lock_guard lock(store_.mutex);
        if (store_.namespaces.insert(wanted.name).second) {
            bus_.publish(request, memory::NamespaceCreated{wanted.name});
        }
        co_return details(wanted.name);
    }
    Task<Result<memory::NamespaceStatistics>> namespace_statistics(const RequestContext&,
                                                                   memory::Scope,
                                                                   std::string name) override {
        const std::lock_guard lock(store_.mutex);
        if (!store_.namespaces.contains(name)) {
            co_return fail(FakeSecurity::make_code(Failure::not_found), "no such namespace");
        }
        memory::NamespaceStatistics statistics;
        statistics.details = details(name);
        for (const auto& [address, entry] : store_.entries) {
            statistics.entries += address.first == name ? 1 : 0;
        }
        co_return statistics;
    }
    Task<Result<memory::NamespacePage>> list_namespaces(
        const RequestContext&, memory::NamespaceListRequest query) override {
        const std::lock_guard lock(store_.mutex);
        memory::NamespacePage page;
        for (const std::string& name : store_.namespaces) {
            const bool wanted = allows(query.access, name) && name.starts_with(query.name_prefix) &&
                                name > query.cursor;
            if (wanted && page.namespaces.size() == query.limit) {
                page.next_cursor = page.namespaces.back().name;
                break;
            }
            if (wanted) {
                page.namespaces.push_back(details(name));
            }
        }
        co_return page;
    }
    Task<Result<std::int64_t>> remove_namespace(const RequestContext&, memory::Scope,
                                                std::string) override {
        co_return fail(BaseErrc::unavailable, "not in memory");
    }
    Task<Result<std::int64_t>> sweep_expired(const RequestContext&) override { co_return 0; }
    Task<Result<std::int64_t>> rotate_namespace_key(const RequestContext&, memory::Scope,
                                                    std::string) override {
        co_return 0;
    }
    Task<Result<std::int64_t>> shred_namespace(const RequestContext&, memory::Scope,
                                               std::string) override {
        co_return 0;
    }

  private:
    static memory::Namespace details(const std::string& name) {
        memory::Namespace space;
        space.name = name;
        space.text_language = "english";
        space.metadata_json = "{}";
        space.shard = "shard-1";
        return space;
    }

    static bool matches(const memory::Entry& entry, const memory::SearchRequest& query) {
        const auto& names = query.namespaces;
        if (!allows(query.access, entry.namespace_name) ||
            (!names.empty() &&
             std::find(names.begin(), names.end(), entry.namespace_name) == names.end())) {
            return false;
        }
        std::string_view rest = query.query;
        while (!rest.empty()) {
            const std::string_view word = rest.substr(0, rest.find(' '));
            if (!word.empty() && entry.value_json.find(word) != std::string::npos) {
                return true;
            }
            rest.remove_prefix(std::min(rest.size(), word.size() + 1));
        }
        return query.embedding.has_value();
    }

    InMemoryStore& store_;
    async::EventBus& bus_;
};

/// FakeSecurity that publishes what the real one publishes.
class PublishingSecurity final : public security::Security {
  public:
    explicit PublishingSecurity(async::EventBus& bus) : bus_(bus) {}

    FakeSecurity fake;

    security::Admittance admit_address(const RequestContext& request) override {
        return fake.admit_address(request);
    }
    security::Admittance admit_principal(const security::Principal& principal) override {
        return fake.admit_principal(principal);
    }
    Task<Result<security::SqlCredentials>> enable_sql(const RequestContext& request,
                                                      std::string name) override {
        return fake.enable_sql(request, std::move(name));
    }
    Task<Result<void>> disable_sql(const RequestContext& request, std::string name) override {
        return fake.disable_sql(request, std::move(name));
    }
    Result<security::Explanation> explain(const security::ExplainRequest& question) const override {
        return fake.explain(question);
    }
    Task<Result<security::PrincipalSnapshot>> authenticate(
        const RequestContext& request, security::Credentials credentials) override {
        auto principal = co_await fake.authenticate(request, std::move(credentials));
        if (principal) {
            bus_.publish(request, security::PrincipalAuthenticated{(*principal)->name});
        }
        co_return principal;
    }
    Task<Result<void>> authorize(const RequestContext& request,
                                 security::PrincipalSnapshot principal, security::Action action,
                                 security::Resource resource) override {
        const bool allowed = fake.may(*principal, action, resource);
        bus_.publish(request, security::PermissionChecked{std::string(name_of(action)),
                                                          resource.name, allowed});
        auto done =
            co_await fake.authorize(request, std::move(principal), action, std::move(resource));
        co_return done;
    }
    Task<Result<void>> record(const RequestContext& request, security::PrincipalSnapshot principal,
                              security::Action action, security::Resource resource,
                              std::string outcome) override {
        auto done = co_await fake.record(request, std::move(principal), action, std::move(resource),
                                         std::move(outcome));
        bus_.publish(request, security::AuditLogCreated{"allow"});
        co_return done;
    }
    Task<Result<void>> record_turned_away(const RequestContext& request,
                                          security::TurnedAway refusal) override {
        return fake.record_turned_away(request, std::move(refusal));
    }
    bool may(const security::Principal& principal, security::Action action,
             const security::Resource& resource) const override {
        return fake.may(principal, action, resource);
    }
    NamespacePatterns namespace_patterns(const security::Principal& principal,
                                         security::Action action) const override {
        return fake.namespace_patterns(principal, action);
    }
    Task<Result<security::PrincipalDetails>> create_principal(
        const RequestContext& request, security::NewPrincipal principal) override {
        return fake.create_principal(request, std::move(principal));
    }
    Task<Result<std::vector<security::PrincipalDetails>>> list_principals(
        const RequestContext& request) override {
        return fake.list_principals(request);
    }
    Task<Result<security::PrincipalDetails>> set_grants(
        const RequestContext& request, std::string principal_name,
        std::vector<security::Grant> grants) override {
        return fake.set_grants(request, std::move(principal_name), std::move(grants));
    }
    Task<Result<void>> disable_principal(const RequestContext& request,
                                         std::string principal_name) override {
        return fake.disable_principal(request, std::move(principal_name));
    }
    Task<Result<security::IssuedApiKey>> create_api_key(const RequestContext& request,
                                                        security::NewApiKey key) override {
        return fake.create_api_key(request, std::move(key));
    }
    Task<Result<std::vector<security::ApiKeyDetails>>> list_api_keys(
        const RequestContext& request, std::string principal_name) override {
        return fake.list_api_keys(request, std::move(principal_name));
    }
    Task<Result<void>> revoke_api_key(const RequestContext& request, std::string key_id) override {
        return fake.revoke_api_key(request, std::move(key_id));
    }
    Task<Result<security::IssuedSession>> log_in(const RequestContext& request,
                                                 security::LoginRequest login) override {
        return fake.log_in(request, std::move(login));
    }
    Task<Result<void>> set_password(const RequestContext& request, std::string principal_name,
                                    std::string password) override {
        return fake.set_password(request, std::move(principal_name), std::move(password));
    }
    Task<Result<void>> change_password(const RequestContext& request,
                                       security::PrincipalSnapshot principal,
                                       security::PasswordChange change) override {
        return fake.change_password(request, std::move(principal), std::move(change));
    }
    Task<Result<std::vector<security::SessionDetails>>> list_sessions(
        const RequestContext& request, std::string principal_name) override {
        return fake.list_sessions(request, std::move(principal_name));
    }
    Task<Result<void>> revoke_session(const RequestContext& request, std::string principal_name,
                                      std::string session_id) override {
        return fake.revoke_session(request, std::move(principal_name), std::move(session_id));
    }
    security::SecondFactors& second_factors() override { return fake.second_factors(); }
    Task<Result<std::vector<security::AuditRecord>>> query_audit(
        const RequestContext& request, security::AuditQuery query) override {
        return fake.query_audit(request, std::move(query));
    }

  private:
    async::EventBus& bus_;
};

}  // namespace pgmind::integration::testing
