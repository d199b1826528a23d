#pragma once

#include <optional>
#include <string>
#include <vector>

#include "intelligence/api/intelligence.hpp"
#include "memory/api/memory.hpp"

namespace pgmind::integration::testing {

inline memory::Entry make_entry(std::string namespace_name, std::string key,
                                std::string value_json) {
    memory::Entry entry;
    entry.namespace_name = std::move(namespace_name);
    entry.key = std::move(key);
    entry.entry_id = "0198c8b1-0000-7000-8000-000000000001";
    entry.value_json = std::move(value_json);
    entry.metadata_json = "{}";
    entry.version = 7;
    return entry;
}

/// Memory that a test steers: it remembers what it was asked and answers what it was told.
class FakeMemory final : public memory::Memory {
  public:
    std::optional<Error> error;  ///< every call fails with it
    memory::StoreResult store_result;
    memory::Entry entry = make_entry("notes", "k", R"({"n":1})");
    memory::EntryPage page;
    memory::SearchResult found;
    memory::NamespacePage namespaces;
    memory::Namespace created_namespace;
    memory::NamespaceStatistics statistics;
    std::vector<std::vector<memory::Entry>> exported;  ///< batches
    std::optional<Error> export_error;                 ///< after the batches
    std::int64_t removed_entries = 0;

    memory::StoreRequest stored;
    memory::EntryAddress retrieved;
    bool with_embedding = false;
    memory::DeleteRequest removed;
    memory::ListRequest listed;
    memory::SearchRequest searched;
    memory::NamespaceRequest requested_namespace;
    memory::NamespaceListRequest namespace_query;
    memory::ImportOptions import_options;
    std::vector<std::vector<memory::StoreRequest>> imported;  ///< batches
    std::vector<std::int64_t> refused_lines;                  ///< of a batch that failed
    memory::Scope scope = memory::Scope::project;
    std::string name;
    memory::NamespaceAccess access;
    RequestContext context;
    int calls = 0;

    Task<Result<memory::StoreResult>> store(const RequestContext& request,
                                            memory::StoreRequest wanted) override {
        note(request);
        stored = wanted;
        if (error) {
            co_return fail(*error);
        }
        co_return store_result;
    }
    Task<Result<memory::Entry>> retrieve(const RequestContext& request,
                                         memory::EntryAddress address, bool embedding) override {
        note(request);
        retrieved = address;
        with_embedding = embedding;
        if (error) {
            co_return fail(*error);
        }
        co_return entry;
    }
    Task<Result<void>> remove(const RequestContext& request,
                              memory::DeleteRequest target) override {
        note(request);
        removed = target;
        if (error) {
            co_return fail(*error);
        }
        co_return Result<void>();
    }
    Task<Result<memory::EntryPage>> list(const RequestContext& request,
                                         memory::ListRequest query) override {
        note(request);
        listed = query;
        if (error) {
            co_return fail(*error);
        }
        co_return page;
    }
    Task<Result<memory::SearchResult>> search(const RequestContext& request,
                                              memory::SearchRequest query) override {
        note(request);
        searched = query;
        if (error) {
            co_return fail(*error);
        }
        co_return found;
    }
    Task<Result<memory::ImportProgress>> import_entries(const RequestContext& request,
                                                        memory::ImportOptions options,
                                                        memory::EntrySource source,
                                                        memory::ProgressSink progress) override {
        note(request);
        import_options = options;
        memory::ImportProgress done;
        while (true) {
            auto batch = co_await source();
            if (!batch) {
                co_return fail(batch.error());
            }
            if (!*batch) {
                co_return done;
            }
            if (error) {
                for (const memory::StoreRequest& refused : **batch) {
                    refused_lines.push_back(refused.source_line);
                }
                co_return fail(*error);
            }
            done.lines += static_cast<std::int64_t>((*batch)->size());
            done.stored = done.lines;
            done.bytes += 10;
            imported.push_back(std::move(**batch));
            progress(done);
        }
    }
    Task<Result<std::int64_t>> export_entries(const RequestContext& request,
                                              memory::Scope wanted_scope,
                                              std::string namespace_name,
                                              memory::NamespaceAccess allowed,
                                              memory::EntrySink sink) override {
        note(request);
        scope = wanted_scope;
        name = namespace_name;
        access = allowed;
        if (error) {
            co_return fail(*error);
        }
        std::int64_t count = 0;
        for (const auto& batch : exported) {
            auto taken = co_await sink(batch);
            if (!taken) {
                co_return fail(taken.error());
            }
            count += static_cast<std::int64_t>(batch.size());
        }
        if (export_error) {
            co_return fail(*export_error);
        }
        co_return count;
    }
    Task<Result<memory::Namespace>> create_namespace(const RequestContext& request,
                                                     memory::NamespaceRequest wanted) override {
        note(request);
        requested_namespace = wanted;
        if (error) {
            co_return fail(*error);
        }
        co_return created_namespace;
    }
    Task<Result<memory::NamespaceStatistics>> namespace_statistics(
        const RequestContext& request, memory::Scope wanted, std::string wanted_name) override {
        note(request);
        scope = wanted;
        name = wanted_name;
        if (error) {
            co_return fail(*error);
        }
        co_return statistics;
    }
    Task<Result<memory::NamespacePage>> list_namespaces(
        const RequestContext& request, memory::NamespaceListRequest query) override {
        note(request);
        namespace_query = query;
        if (error) {
            co_return fail(*error);
        }
        co_return namespaces;
    }
    Task<Result<std::int64_t>> remove_namespace(const RequestContext& request, memory::Scope wanted,
                                                std::string wanted_name) override {
        note(request);
        scope = wanted;
        name = wanted_name;
        if (error) {
            co_return fail(*error);
        }
        co_return removed_entries;
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
    void note(const RequestContext& request) {
        context = request;
        ++calls;
    }
};

class FakeIntelligence final : public intelligence::Intelligence {
  public:
    Task<Result<intelligence::VectorSearchResult>> search_vectors(
        const RequestContext&, intelligence::VectorSearchRequest) override {
        co_return intelligence::VectorSearchResult();
    }
    std::vector<intelligence::VectorIndexStatus> vector_indexes() const override { return indexes; }
    bool can_embed() const override { return false; }
    Task<Result<std::vector<std::vector<float>>>> embed(const RequestContext&,
                                                        std::vector<std::string>) override {
        co_return std::vector<std::vector<float>>();
    }

    std::vector<intelligence::VectorIndexStatus> indexes;
};

}  // namespace pgmind::integration::testing
