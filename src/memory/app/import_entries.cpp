#include <map>
#include <memory>
#include <unordered_map>

#include "async/notifier.hpp"
#include "async/when_all.hpp"
#include "memory/api/events.hpp"
#include "memory/app/memory_service.hpp"
#include "memory/domain/errors.hpp"
#include "memory/domain/validation.hpp"

namespace pgmind::memory {
namespace {

using Batch = std::vector<StoreRequest>;

// Entries of one place, each key once: of two lines with one key the last counts.
struct Share {
    Place place;
    Batch entries;
};

// Writes go on while the next batch is read: at most one batch is being written at a time.
struct Writing {
    explicit Writing(Executor executor) : done(executor) {}

    async::Notifier done;
    bool running = false;
    Result<std::int64_t> stored = 0;
    std::int64_t lines = 0;
    std::int64_t bytes = 0;
};

Result<void> check_entry(const StoreRequest& entry, const ImportOptions& options,
                         std::int64_t number) {
    const std::string where = entry.source_line > 0
                                  ? "line " + std::to_string(entry.source_line) + ": "
                                  : "entry " + std::to_string(number) + ": ";
    if (auto valid = validate(entry); !valid) {
        valid.error().detail = where + valid.error().detail;
        return valid;
    }
    if (!allows(options.access, entry.namespace_name)) {
        return fail(Errc::import_refused,
                    where + "namespace \"" + entry.namespace_name + "\" may not be written to",
                    "namespace");
    }
    return {};
}

// The batch cut by place. A key that comes again replaces the entry before it.
std::vector<Share> shares_of(Batch batch, const ShardRouter& router) {
    std::map<Place, Share> shares;
    std::map<Place, std::unordered_map<std::string, std::size_t>> seen;
    for (StoreRequest& entry : batch) {
        const Place place{router.shard_of(entry.namespace_name), entry.scope};
        Share& share = shares[place];
        share.place = place;
        // Names hold no control characters, so a line break cannot be part of either.
        const std::string name = entry.namespace_name + '\n' + entry.key;
        const auto [known, fresh] = seen[place].try_emplace(name, share.entries.size());
        if (fresh) {
            share.entries.push_back(std::move(entry));
        } else {
            share.entries[known->second] = std::move(entry);
        }
    }
    std::vector<Share> list;
    list.reserve(shares.size());
    for (auto& [place, share] : shares) {
        list.push_back(std::move(share));
    }
    return list;
}

std::int64_t bytes_of(const Batch& batch) {
    std::size_t bytes = 0;
    for (const StoreRequest& entry : batch) {
        bytes += entry.key.size() + entry.value_json.size() + entry.metadata_json.size() +
                 (entry.text ? entry.text->size() : 0) +
                 (entry.embedding ? entry.embedding->size() * sizeof(float) : 0);
    }
    return static_cast<std::int64_t>(bytes);
}

Task<Result<ImportedBatch>> write_share(BulkStorage& bulk, const RequestContext& request,
                                        const Share& share) {
    Result<ImportedBatch> written = co_await bulk.write(request, share.place, share.entries);
    co_return written;
}

// All shares at once, each on its own shard; the first failure is the answer.
Task<Result<std::int64_t>> write_batch(BulkStorage& bulk, async::EventBus& events,
                                       const RequestContext& request, std::vector<Share> shares) {
    std::vector<Task<Result<ImportedBatch>>> tasks;
    tasks.reserve(shares.size());
    for (const Share& share : shares) {
        tasks.push_back(write_share(bulk, request, share));
    }
    const std::vector<Result<ImportedBatch>> written = co_await async::when_all(std::move(tasks));
    std::int64_t stored = 0;
    std::optional<Error> failure;
    for (const Result<ImportedBatch>& one : written) {
        if (!one) {
            failure = one.error();
            continue;
        }
        stored += one->stored;
        for (const std::string& name : one->namespaces_created) {
            events.publish(request, NamespaceCreated{name});
        }
    }
    if (failure) {
        co_return fail(std::move(*failure));
    }
    co_return stored;
}

Task<void> write_in_background(std::shared_ptr<Writing> writing, BulkStorage& bulk,
                               async::EventBus& events, const RequestContext& request,
                               std::vector<Share> shares) {
    writing->stored = co_await write_batch(bulk, events, request, std::move(shares));
    writing->running = false;
    writing->done.notify_all();
}

// Waits for the batch that is being written and adds it to the progress.
Task<Result<void>> settle(const std::shared_ptr<Writing>& writing, ImportProgress& progress) {
    while (writing->running) {
        co_await writing->done.wait();
    }
    if (!writing->stored) {
        co_return fail(writing->stored.error());
    }
    progress.lines += writing->lines;
    progress.bytes += writing->bytes;
    progress.stored += *writing->stored;
    writing->lines = 0;
    writing->bytes = 0;
    writing->stored = 0;
    co_return Result<void>();
}

}  // namespace

Task<Result<ImportProgress>> MemoryService::import_entries(const RequestContext& request,
                                                           ImportOptions options,
                                                           EntrySource source,
                                                           ProgressSink progress) {
    const Executor executor = co_await async::this_executor();
    auto writing = std::make_shared<Writing>(executor);
    ImportProgress done;
    std::int64_t entries_read = 0;
    std::optional<Error> failure;
    while (!failure) {
        Result<std::optional<Batch>> batch = co_await source();
        // Whatever the source said, the batch before it is settled first.
        Result<void> settled = co_await settle(writing, done);
        if (!settled) {
            failure = std::move(settled.error());
            break;
        }
        progress(done);
        if (!batch) {
            failure = std::move(batch.error());
            break;
        }
        if (!*batch) {
            co_return done;
        }
        for (const StoreRequest& entry : **batch) {
            if (auto valid = check_entry(entry, options, ++entries_read); !valid) {
                failure = std::move(valid.error());
                break;
            }
        }
        if (failure) {
            break;
        }
        writing->running = true;
        writing->lines = static_cast<std::int64_t>((*batch)->size());
        writing->bytes = bytes_of(**batch);
        async::spawn(executor, write_in_background(writing, ports_.bulk, ports_.events, request,
                                                   shares_of(std::move(**batch), ports_.router)));
    }
    co_return fail(std::move(*failure));
}

}  // namespace pgmind::memory
