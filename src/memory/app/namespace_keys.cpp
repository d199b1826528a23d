// Keys of encrypted namespaces: rotation and destruction.
#include "memory/app/memory_service.hpp"
#include "memory/app/sealed_storage.hpp"
#include "memory/domain/errors.hpp"
#include "memory/domain/sealed_entry.hpp"
#include "memory/domain/validation.hpp"

namespace pgmind::memory {
namespace {

// Values may be of 1 MB each: a batch is held in memory twice.
constexpr std::size_t kBatch = 32;

Result<void> check_target(Scope scope, const std::string& name, bool offered) {
    if (auto valid = validate_namespace_name(name, "namespace"); !valid) {
        return valid;
    }
    if (scope == Scope::both) {
        return fail(invalid_argument("scope", "must be \"project\" or \"shared\""));
    }
    if (!offered) {
        return fail(Errc::encryption_not_offered, "this gateway has no key-encryption key");
    }
    return {};
}

/// The same under the newest key.
Task<Result<ResealedEntry>> reseal(security::Encryption& encryption, security::KeyOwner owner,
                                   SealedRow row, std::string key_name) {
    const auto text = sealed_in(row.value_json);
    if (!text) {
        co_return fail(Errc::unexpected_answer, "an entry of an encrypted namespace is not sealed");
    }
    const auto packed = encryption.open(owner, row.key, *text);
    if (!packed) {
        co_return fail(packed.error());
    }
    const auto again = encryption.seal(owner, row.key, *packed, key_name);
    if (!again) {
        co_return fail(again.error());
    }
    co_return ResealedEntry{std::move(row.key), row.version, sealed_value(*again, "")};
}

struct Resealed {
    std::int64_t found = 0;     ///< entries under an older key
    std::int64_t replaced = 0;  ///< of them, those that had not changed meanwhile
};

/// Works through the namespace from its beginning; entries that were done before are not found.
Task<Result<Resealed>> reseal_all(MemoryPorts ports, const RequestContext& request,
                                  const Place& place, const std::string& name,
                                  const std::string& key_name) {
    const security::KeyOwner owner = key_owner(place.scope, name);
    Resealed resealed;
    std::string after;
    while (true) {
        auto rows = co_await ports.sealing->sealed_otherwise(request, place,
                                                             {name, key_name, after, kBatch});
        if (!rows) {
            co_return fail(std::move(rows.error()));
        }
        if (rows->empty()) {
            co_return resealed;
        }
        after = rows->back().key;
        resealed.found += static_cast<std::int64_t>(rows->size());
        std::vector<ResealedEntry> batch;
        for (SealedRow& row : *rows) {
            auto one = co_await reseal(*ports.encryption, owner, std::move(row), key_name);
            if (!one) {
                co_return fail(std::move(one.error()));
            }
            batch.push_back(std::move(*one));
        }
        const auto replaced =
            co_await ports.sealing->reseal(request, place, {name, key_name, "", 0}, batch);
        if (!replaced) {
            co_return fail(replaced.error());
        }
        resealed.replaced += *replaced;
    }
}

}  // namespace

// First the shard takes the new key for every writer, then what is there is sealed anew, and only
// when nothing is left under the old key is it removed: interrupted anywhere, all stays readable,
// and the next call goes on.
Task<Result<std::int64_t>> MemoryService::rotate_namespace_key(const RequestContext& request,
                                                               Scope scope, std::string name) {
    const auto valid = check_target(scope, name, ports_.encryption != nullptr);
    if (!valid) {
        co_return fail(valid.error());
    }
    const Place place = place_of(name, scope);
    const security::KeyOwner owner = key_owner(scope, name);
    auto key_name = co_await ports_.encryption->begin_rotation(owner, request.deadline);
    if (!key_name) {
        co_return fail(std::move(key_name.error()));
    }
    const auto set = co_await ports_.sealing->set_key(request, place, name, *key_name);
    if (!set) {
        co_return fail(set.error());
    }
    if (!*set) {
        co_return fail(Errc::namespace_not_found, "there is no namespace \"" + name + "\"");
    }
    std::int64_t resealed = 0;
    Resealed round;
    do {
        // What changed between reading and writing is under the new key by then; the last round
        // proves that nothing is left.
        const auto done = co_await reseal_all(ports_, request, place, name, *key_name);
        if (!done) {
            co_return fail(done.error());
        }
        round = *done;
        resealed += round.replaced;
    } while (round.found > 0);
    const auto ended = co_await ports_.encryption->end_rotation(owner, *key_name, request.deadline);
    if (!ended) {
        co_return fail(ended.error());
    }
    co_return resealed;
}

Task<Result<std::int64_t>> MemoryService::shred_namespace(const RequestContext& request,
                                                          Scope scope, std::string name) {
    const auto valid = check_target(scope, name, ports_.encryption != nullptr);
    if (!valid) {
        co_return fail(valid.error());
    }
    auto destroyed = co_await ports_.encryption->shred(key_owner(scope, name), request.deadline);
    co_return destroyed;
}

}  // namespace pgmind::memory
