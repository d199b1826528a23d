#include "memory/app/sealed_storage.hpp"

#include <map>

#include "memory/domain/errors.hpp"
#include "memory/domain/sealed_entry.hpp"

namespace pgmind::memory {
namespace {

using security::Encryption;
using security::KeyOwner;
using security::KeyState;

// A namespace changes its key rarely, and each attempt learns the newest.
constexpr int kAttemptsMax = 3;

// Namespaces with the key that the shard wants for them, where that is known; empty: the newest.
using WantedKeys = std::map<std::string, std::string>;

SealedContent content_of(const StoreRequest& entry) {
    return {compact_json(entry.value_json), entry.text, compact_json(entry.metadata_json)};
}

Result<StoreRequest> sealed(const Encryption& encryption, const StoreRequest& entry,
                            const std::string& key_name) {
    const KeyOwner owner = key_owner(entry.scope, entry.namespace_name);
    const std::string packed = pack(content_of(entry));
    auto text = encryption.seal(owner, entry.key, packed, key_name);
    if (!text) {
        return fail(std::move(text.error()));
    }
    StoreRequest request = entry;
    const std::string fingerprint =
        entry.idempotency_key ? encryption.fingerprint(owner, entry.key, packed) : "";
    request.value_json = sealed_value(*text, fingerprint);
    request.text = "";  // Not absent: text search would then read the value.
    request.metadata_json = "{}";
    return request;
}

/// As storage takes them: plain where the namespace is, sealed where it is encrypted.
Result<std::vector<StoreRequest>> prepared(const Encryption& encryption,
                                           const std::vector<StoreRequest>& entries,
                                           const WantedKeys& wanted) {
    std::vector<StoreRequest> ready;
    ready.reserve(entries.size());
    for (const StoreRequest& entry : entries) {
        const auto key = wanted.find(entry.namespace_name);
        const KeyOwner owner = key_owner(entry.scope, entry.namespace_name);
        if (key == wanted.end() && encryption.state(owner) == KeyState::none) {
            ready.push_back(entry);
            continue;
        }
        auto one = sealed(encryption, entry, key == wanted.end() ? "" : key->second);
        if (!one) {
            return fail(std::move(one.error()));
        }
        ready.push_back(std::move(*one));
    }
    return ready;
}

bool is_about_sealing(const Error& error) {
    return error.code == Errc::sealing_differs || error.code == Errc::not_encrypted;
}

/// After the shard has refused how something was sealed: brings the keys up to date and notes what
/// the shard wants. Fails when trying again would be wrong.
Task<Result<void>> learn(Encryption& encryption, Scope scope, const Error& refusal,
                         WantedKeys& wanted, Deadline deadline) {
    auto refreshed = co_await encryption.refresh(deadline);
    if (!refreshed) {
        co_return refreshed;
    }
    if (refusal.code == Errc::sealing_differs) {
        wanted[refusal.field] = refusal.reason;
        co_return Result<void>();
    }
    wanted.erase(refusal.field);
    if (encryption.state(key_owner(scope, refusal.field)) != KeyState::none) {
        // Never plaintext where a key says that it was to be encrypted.
        co_return fail(BaseErrc::unavailable,
                       "namespace \"" + refusal.field +
                           "\" has a key, but its shard does not encrypt it (yet): create it again "
                           "with encrypted, or delete it");
    }
    co_return Result<void>();
}

bool is_destroyed(const Error& error) {
    return error.reason == security::kKeyDestroyed;
}

/// Opens what comes by and gives it on.
class OpeningSink {
  public:
    OpeningSink(Encryption& encryption, const EntrySink& next, Deadline deadline)
        : encryption_(encryption), next_(next), deadline_(deadline) {}

    Task<Result<void>> take(const std::vector<Entry>& entries) {
        std::vector<Entry> opened = entries;
        for (Entry& entry : opened) {
            auto done = co_await open_entry(encryption_, entry, deadline_);
            if (!done) {
                co_return done;
            }
        }
        Result<void> taken = co_await next_(opened);
        co_return taken;
    }

  private:
    Encryption& encryption_;
    const EntrySink& next_;
    Deadline deadline_;
};

}  // namespace

security::KeyOwner key_owner(Scope scope, const std::string& namespace_name) {
    return {scope == Scope::shared ? "shared" : "project", namespace_name};
}

Task<Result<void>> open_entry(Encryption& encryption, Entry& entry, Deadline deadline) {
    const auto text = sealed_in(entry.value_json);
    if (!text) {
        co_return Result<void>();
    }
    const KeyOwner owner = key_owner(entry.scope, entry.namespace_name);
    auto packed = encryption.open(owner, entry.key, *text);
    if (!packed && packed.error().is(Failure::unavailable)) {
        auto refreshed = co_await encryption.refresh(deadline);
        if (!refreshed) {
            co_return refreshed;
        }
        packed = encryption.open(owner, entry.key, *text);
    }
    if (!packed) {
        co_return fail(std::move(packed.error()));
    }
    auto content = unpack(*packed);
    if (!content) {
        co_return fail(std::move(content.error()));
    }
    entry.value_json = std::move(content->value_json);
    entry.metadata_json = std::move(content->metadata_json);
    entry.text = std::move(content->text).value_or("");
    co_return Result<void>();
}

Task<Result<StoredEntry>> SealedEntries::store(const RequestContext& request, const Place& place,
                                               const StoreRequest& entry,
                                               const std::string& entry_id) {
    const KeyState state = encryption_.state(key_owner(place.scope, entry.namespace_name));
    WantedKeys wanted;
    Result<StoredEntry> stored;
    for (int attempt = 0; attempt < kAttemptsMax; ++attempt) {
        if (attempt == 0 && state == KeyState::none) {
            // Nearly always the end of it, and without a copy of the entry.
            stored = co_await inner_.store(request, place, entry, entry_id);
        } else {
            const auto ready = prepared(encryption_, {entry}, wanted);
            if (!ready) {
                co_return fail(ready.error());
            }
            stored = co_await inner_.store(request, place, ready->front(), entry_id);
        }
        if (stored || !is_about_sealing(stored.error())) {
            break;
        }
        stored.error().field = entry.namespace_name;
        const auto learned =
            co_await learn(encryption_, place.scope, stored.error(), wanted, request.deadline);
        if (!learned) {
            co_return fail(learned.error());
        }
    }
    if (stored) {
        stored->result.entry.metadata_json = entry.metadata_json;
    }
    co_return stored;
}

Task<Result<std::optional<Entry>>> SealedEntries::find(const RequestContext& request,
                                                       const Place& place,
                                                       const EntryAddress& address,
                                                       bool with_embedding) {
    auto found = co_await inner_.find(request, place, address, with_embedding);
    if (!found || !*found) {
        co_return found;
    }
    const auto opened = co_await open_entry(encryption_, **found, request.deadline);
    if (!opened) {
        co_return fail(opened.error());
    }
    co_return found;
}

Task<Result<void>> SealedEntries::remove(const RequestContext& request, const Place& place,
                                         const DeleteRequest& target) {
    auto removed = co_await inner_.remove(request, place, target);
    co_return removed;
}

Task<Result<std::vector<Entry>>> SealedEntries::list(const RequestContext& request,
                                                     const Place& place,
                                                     const EntryPageQuery& query) {
    auto entries = co_await inner_.list(request, place, query);
    if (!entries) {
        co_return entries;
    }
    for (Entry& entry : *entries) {
        const auto opened = co_await open_entry(encryption_, entry, request.deadline);
        if (!opened) {
            co_return fail(opened.error());
        }
    }
    co_return entries;
}

Task<Result<std::vector<Entry>>> SealedEntries::fetch(const RequestContext& request,
                                                      const Place& place,
                                                      const std::vector<EntryName>& names,
                                                      bool with_embedding) {
    auto entries = co_await inner_.fetch(request, place, names, with_embedding);
    if (!entries) {
        co_return entries;
    }
    std::vector<Entry> readable;
    readable.reserve(entries->size());
    for (Entry& entry : *entries) {
        auto opened = co_await open_entry(encryption_, entry, request.deadline);
        if (opened) {
            readable.push_back(std::move(entry));
        } else if (!is_destroyed(opened.error())) {
            co_return fail(std::move(opened.error()));
        }
    }
    co_return readable;
}

Task<Result<std::vector<TextHit>>> SealedEntries::search_text(const RequestContext& request,
                                                              const Place& place,
                                                              const TextQuery& query) {
    auto hits = co_await inner_.search_text(request, place, query);
    co_return hits;
}

Task<Result<ImportedBatch>> SealedBulk::write(const RequestContext& request, const Place& place,
                                              const std::vector<StoreRequest>& entries) {
    bool plain = true;
    for (const StoreRequest& entry : entries) {
        plain = plain &&
                encryption_.state(key_owner(place.scope, entry.namespace_name)) == KeyState::none;
    }
    WantedKeys wanted;
    std::optional<Error> refusal;
    for (int attempt = 0; attempt < kAttemptsMax; ++attempt) {
        Result<std::vector<StoreRequest>> ready;
        if (!plain) {
            ready = prepared(encryption_, entries, wanted);
        }
        if (!ready) {
            co_return fail(std::move(ready.error()));
        }
        auto written = co_await inner_.write(request, place, plain ? entries : *ready);
        if (written || !is_about_sealing(written.error())) {
            co_return written;
        }
        refusal = std::move(written.error());
        plain = false;
        const auto learned =
            co_await learn(encryption_, place.scope, *refusal, wanted, request.deadline);
        if (!learned) {
            co_return fail(learned.error());
        }
    }
    co_return fail(std::move(*refusal));
}

Task<Result<std::int64_t>> SealedBulk::read(const RequestContext& request, const Place& place,
                                            const NamespaceSelection& selection,
                                            const EntrySink& sink) {
    NamespaceSelection readable = selection;
    if (readable.names.empty()) {
        const KeyOwner any = key_owner(place.scope, "");
        for (std::string& name : encryption_.namespaces(any.database, KeyState::destroyed)) {
            readable.access.denied.push_back(std::move(name));
        }
    }
    OpeningSink opening(encryption_, sink, request.deadline);
    const EntrySink open_and_give = [&opening](const std::vector<Entry>& entries) {
        return opening.take(entries);
    };
    auto read = co_await inner_.read(request, place, readable, open_and_give);
    co_return read;
}

Task<Result<std::int64_t>> SealedBulk::remove_expired(const RequestContext& request,
                                                      const Place& place, std::size_t limit) {
    auto removed = co_await inner_.remove_expired(request, place, limit);
    co_return removed;
}

}  // namespace pgmind::memory
