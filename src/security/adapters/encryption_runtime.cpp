#include "security/adapters/encryption_runtime.hpp"

#include "async/notifier.hpp"
#include "async/workers.hpp"
#include "platform/crypto/crypto.hpp"
#include "platform/crypto/hmac_key.hpp"
#include "platform/postgres/listener.hpp"
#include "platform/telemetry/log.hpp"
#include "security/adapters/postgres_data_keys.hpp"
#include "security/api/errors.hpp"

namespace pgmind::security {
namespace {

constexpr std::string_view kChannel = "pgmind_data_keys";
constexpr std::chrono::seconds kPollEvery{1};
constexpr std::chrono::seconds kLookTimeout{5};
constexpr std::chrono::seconds kStopTimeout{10};
constexpr std::size_t kRewrapBatch = 100;

postgres::PoolLimits two_connections() {
    postgres::PoolLimits limits;
    limits.connections_max = 2;
    return limits;
}

void append_part(std::string& message, std::string_view part) {
    message += std::to_string(part.size()) + ":";
    message += part;
}

Error not_encrypted(const KeyOwner& owner) {
    return Error(Errc::key_not_found,
                 "namespace \"" + owner.namespace_name + "\" is not encrypted: it has no key");
}

bool has_unknown_kek(const DataKeyTable& table, const KekRing* ring) {
    for (const auto& [id, row] : table.rows()) {
        if (row.usable() && (ring == nullptr || ring->find(row.kek_id) == nullptr)) {
            return true;
        }
    }
    return false;
}

bool has_usable_key(const DataKeyTable& table) {
    for (const auto& [id, row] : table.rows()) {
        if (row.usable()) {
            return true;
        }
    }
    return false;
}

}  // namespace

// What is asked of the coordinator runs on the one loop of `thread_`; `keys_` is thread-safe.
class EncryptionRuntime::Implementation final : public Encryption {
  public:
    Implementation(EncryptionOptions options, crypto::HmacKey hmac)
        : thread_(1),
          kek_(std::move(options.kek)),
          hmac_(std::move(hmac)),
          pool_(thread_.loop(0), options.coordinator, two_connections(), nullptr),
          store_(pool_),
          listener_(
              thread_.loop(0), options.coordinator, {std::string(kChannel)},
              [this](std::string_view, std::string_view) { wake(); }, [this] { wake(); }),
          wake_(thread_.executor(0)),
          idle_(thread_.executor(0)),
          ended_(thread_.executor(0)) {}

    Result<void> run(Deadline deadline) {
        thread_.start();
        running_ = true;
        auto prepared = async::block_on(thread_.executor(0), prepare(deadline));
        if (prepared) {
            async::spawn(thread_.executor(0), keep());
        }
        return prepared;
    }

    void stop() {
        if (running_) {
            async::block_on(thread_.executor(0), stop_tasks());
            running_ = false;
        }
        thread_.stop();
        thread_.join();
    }

    std::size_t unwrapped_keys() const { return keys_.unwrapped(); }

    KeyState state(const KeyOwner& owner) const override { return keys_.table()->state(owner); }
    std::vector<std::string> namespaces(std::string_view database, KeyState wanted) const override {
        return keys_.table()->namespaces(database, wanted);
    }
    Result<std::string> seal(const KeyOwner& owner, std::string_view row,
                             std::string_view plaintext, std::string_view key_name) const override {
        return keys_.seal(owner, row, plaintext, key_name);
    }
    Result<std::string> open(const KeyOwner& owner, std::string_view row,
                             std::string_view sealed) const override {
        return keys_.open(owner, row, sealed);
    }
    std::string fingerprint(const KeyOwner& owner, std::string_view row,
                            std::string_view plaintext) const override {
        std::string message = "entry fingerprint ";
        for (const std::string_view part :
             {std::string_view(owner.database), std::string_view(owner.namespace_name), row,
              plaintext}) {
            append_part(message, part);
        }
        return crypto::to_hex(hmac_.sign(message));
    }

    Task<Result<void>> refresh(Deadline deadline) override {
        auto work = look_now(deadline);
        auto looked = co_await async::run_on(thread_.executor(0), std::move(work));
        co_return looked;
    }
    Task<Result<std::string>> ensure_key(KeyOwner owner, Deadline deadline) override {
        auto work = make_key(std::move(owner), 0, deadline);
        auto made = co_await async::run_on(thread_.executor(0), std::move(work));
        co_return made;
    }
    Task<Result<std::string>> begin_rotation(KeyOwner owner, Deadline deadline) override {
        auto work = make_key(std::move(owner), 1, deadline);
        auto made = co_await async::run_on(thread_.executor(0), std::move(work));
        co_return made;
    }
    Task<Result<void>> end_rotation(KeyOwner owner, std::string newest,
                                    Deadline deadline) override {
        auto work = remove_older(std::move(owner), std::move(newest), deadline);
        auto removed = co_await async::run_on(thread_.executor(0), std::move(work));
        co_return removed;
    }
    Task<Result<std::int64_t>> shred(KeyOwner owner, Deadline deadline) override {
        auto work = destroy(std::move(owner), deadline);
        auto destroyed = co_await async::run_on(thread_.executor(0), std::move(work));
        co_return destroyed;
    }
    Task<Result<void>> forget(KeyOwner owner, Deadline deadline) override {
        auto work = remove(std::move(owner), deadline);
        auto removed = co_await async::run_on(thread_.executor(0), std::move(work));
        co_return removed;
    }
    Task<Result<RewrapProgress>> rotate_kek(bool make_new, Deadline deadline) override {
        auto work = rewrap_all(make_new, deadline);
        auto rewrapped = co_await async::run_on(thread_.executor(0), std::move(work));
        co_return rewrapped;
    }
    Task<Result<EncryptionStatus>> status(Deadline deadline) override {
        const auto looked = co_await refresh(deadline);
        if (!looked) {
            co_return fail(looked.error());
        }
        co_return describe();
    }

  private:
    // The file may only be made while there is nothing that an older one would have opened.
    Task<Result<void>> prepare(Deadline deadline) {
        listener_.start();
        auto looked = co_await look_now(deadline);
        while (!looked && !deadline.passed()) {
            const Deadline pause = deadline.capped(std::chrono::milliseconds(100));
            co_await async::wait_until(pause.when());
            looked = co_await look_now(deadline);
        }
        if (!looked) {
            co_return looked;
        }
        const bool may_create = !has_usable_key(*keys_.table());
        auto ring = co_await read_kek_ring(kek_, may_create, deadline);
        if (!ring) {
            co_return fail(std::move(ring.error()));
        }
        keys_.use(std::move(*ring));
        if (has_unknown_kek(*keys_.table(), keys_.ring().get())) {
            log::error("data keys are wrapped by key-encryption keys that are not in the ring",
                       {{"ring", kek_.name()}});
        }
        co_return Result<void>();
    }

    Task<Result<void>> look_now(Deadline deadline) {
        while (looking_) {
            const bool woken = co_await idle_.wait_until(deadline);
            if (!woken && looking_) {
                co_return fail(BaseErrc::deadline_exceeded, "the data keys are still being read");
            }
        }
        looking_ = true;
        const Deadline limit = deadline.capped(kLookTimeout);
        Result<void> looked = co_await look(limit);
        looking_ = false;
        idle_.notify_all();
        co_return looked;
    }

    Task<Result<void>> look(Deadline deadline) {
        const SteadyTime asked_at = std::chrono::steady_clock::now();
        auto revision = co_await store_.revision(deadline);
        if (!revision) {
            co_return fail(std::move(revision.error()));
        }
        if (keys_.table()->revision() == *revision) {
            keys_.confirm(asked_at);
            co_return Result<void>();
        }
        auto rows = co_await store_.load(deadline);
        if (!rows) {
            co_return fail(std::move(rows.error()));
        }
        auto table = std::make_shared<const DataKeyTable>(std::move(*revision), std::move(*rows));
        const auto known = keys_.ring();
        keys_.publish(table, asked_at);
        // Another gateway has rotated: the new key-encryption key was given to this one too.
        if (known != nullptr && has_unknown_kek(*table, known.get())) {
            auto ring = co_await read_kek_ring(kek_, false, deadline);
            if (!ring) {
                co_return fail(std::move(ring.error()));
            }
            keys_.use(std::move(*ring));
        }
        co_return Result<void>();
    }

    Task<void> keep() {
        keeping_ = true;
        while (!stopping_) {
            woken_ = false;
            const Deadline by = Deadline::after(kLookTimeout);
            const auto looked = co_await look_now(by);
            if (looked.has_value() != healthy_) {
                healthy_ = looked.has_value();
                if (healthy_) {
                    log::info("data keys are up to date again");
                } else {
                    log::warning("data keys cannot be brought up to date",
                                 {{"problem", looked.error().detail}});
                }
            }
            const Deadline next = Deadline::after(kPollEvery);
            while (!stopping_ && !next.passed() && !(woken_ && looked)) {
                co_await wake_.wait_until(next);
            }
        }
        keeping_ = false;
        ended_.notify_all();
    }

    void wake() {
        woken_ = true;
        wake_.notify_all();
    }

    Task<void> stop_tasks() {
        stopping_ = true;
        wake();
        const Deadline last = Deadline::after(kStopTimeout);
        while (keeping_ && !last.passed()) {
            co_await ended_.wait_until(last);
        }
        co_await listener_.stop();
        co_await pool_.close(last);
    }

    // `keys_max`: how many the owner may have for another one to be made.
    Task<Result<std::string>> make_key(KeyOwner owner, std::int64_t keys_max, Deadline deadline) {
        auto looked = co_await look_now(deadline);
        if (!looked) {
            co_return fail(std::move(looked.error()));
        }
        if (keys_max > 0 && keys_.table()->state(owner) == KeyState::none) {
            co_return fail(not_encrypted(owner));
        }
        const auto ring = keys_.ring();
        const auto id = co_await store_.next_id(deadline);
        if (!id) {
            co_return fail(id.error());
        }
        DataKeyRow row{*id, owner, ring->newest(), ""};
        row.wrapped = wrap_data_key(*ring->find(ring->newest()), ring->newest(), *id, owner,
                                    crypto::AeadKey::random());
        auto inserted = co_await store_.insert(std::move(row), keys_max, deadline);
        if (!inserted) {
            co_return fail(std::move(inserted.error()));
        }
        looked = co_await look_now(deadline);
        if (!looked) {
            co_return fail(std::move(looked.error()));
        }
        const auto table = keys_.table();
        const auto rows = table->of(owner);
        if (table->state(owner) != KeyState::usable) {
            // Sealing says the same, in full.
            auto sealed = keys_.seal(owner, "", "", "");
            co_return fail(std::move(sealed.error()));
        }
        co_return name_of_key(rows.back()->key_id);
    }

    Task<Result<void>> remove_older(KeyOwner owner, std::string newest, Deadline deadline) {
        const auto table = keys_.table();
        const auto rows = table->of(owner);
        if (rows.empty() || name_of_key(rows.back()->key_id) != newest) {
            co_return fail(Errc::concurrent_change,
                           "the keys of the namespace changed meanwhile: ask again");
        }
        const auto removed = co_await store_.remove_all_but(owner, rows.back()->key_id, deadline);
        if (!removed) {
            co_return fail(removed.error());
        }
        auto looked = co_await look_now(deadline);
        co_return looked;
    }

    Task<Result<std::int64_t>> destroy(KeyOwner owner, Deadline deadline) {
        const auto destroyed = co_await store_.destroy(owner, deadline);
        if (!destroyed) {
            co_return fail(destroyed.error());
        }
        const auto looked = co_await look_now(deadline);
        if (!looked) {
            co_return fail(looked.error());
        }
        if (keys_.table()->state(owner) == KeyState::none) {
            co_return fail(not_encrypted(owner));
        }
        co_return *destroyed;
    }

    Task<Result<void>> remove(KeyOwner owner, Deadline deadline) {
        const auto removed = co_await store_.remove_all_but(owner, 0, deadline);
        if (!removed) {
            co_return fail(removed.error());
        }
        auto looked = co_await look_now(deadline);
        co_return looked;
    }

    Task<Result<RewrapProgress>> rewrap_all(bool make_new, Deadline deadline) {
        auto begun = co_await begin_rewrap(make_new, deadline);
        if (!begun) {
            co_return fail(std::move(begun.error()));
        }
        const auto ring = keys_.ring();
        RewrapProgress progress;
        progress.kek = ring->newest();
        std::vector<DataKeyRow> batch = older_rows(*ring);
        while (!batch.empty()) {
            if (auto wrapped = wrap_anew(*ring, batch); !wrapped) {
                co_return fail(std::move(wrapped.error()));
            }
            const auto done = co_await store_.rewrap(ring->newest(), batch, deadline);
            if (!done) {
                co_return fail(done.error());
            }
            progress.rewrapped += *done;
            const auto looked = co_await look_now(deadline);
            if (!looked) {
                co_return fail(looked.error());
            }
            batch = older_rows(*ring);
        }
        progress.unused = ring->ids();
        progress.unused.pop_back();
        co_return progress;
    }

    Task<Result<void>> begin_rewrap(bool make_new, Deadline deadline) {
        auto looked = co_await look_now(deadline);
        if (!looked) {
            co_return looked;
        }
        auto ring = co_await read_kek_ring(kek_, false, deadline);
        if (!ring) {
            co_return fail(std::move(ring.error()));
        }
        keys_.use(*ring);
        if (!make_new || !older_rows(**ring).empty()) {
            co_return Result<void>();  // A rotation that was begun goes on with its key.
        }
        if (auto added = add_kek(kek_); !added) {
            co_return added;
        }
        ring = co_await read_kek_ring(kek_, false, deadline);
        if (!ring) {
            co_return fail(std::move(ring.error()));
        }
        keys_.use(std::move(*ring));
        co_return Result<void>();
    }

    std::vector<DataKeyRow> older_rows(const KekRing& ring) const {
        std::vector<DataKeyRow> rows;
        const auto table = keys_.table();
        for (const auto& [id, row] : table->rows()) {
            if (row.usable() && row.kek_id != ring.newest() && rows.size() < kRewrapBatch) {
                rows.push_back(row);
            }
        }
        return rows;
    }

    static Result<void> wrap_anew(const KekRing& ring, std::vector<DataKeyRow>& rows) {
        for (DataKeyRow& row : rows) {
            const auto key = unwrap_data_key(ring, row);
            if (!key) {
                return fail(key.error());
            }
            row.kek_id = ring.newest();
            row.wrapped =
                wrap_data_key(*ring.find(row.kek_id), row.kek_id, row.key_id, row.owner, *key);
        }
        return {};
    }

    EncryptionStatus describe() const {
        EncryptionStatus status;
        const auto ring = keys_.ring();
        const auto table = keys_.table();
        status.keks = ring->ids();
        status.kek_source = kek_.name();
        for (const auto& [id, row] : table->rows()) {
            status.data_keys += row.usable() ? 1 : 0;
            status.data_keys_under_older += row.usable() && row.kek_id != ring->newest() ? 1 : 0;
        }
        for (const std::string_view database : {"project", "shared"}) {
            status.namespaces +=
                static_cast<std::int64_t>(table->namespaces(database, KeyState::usable).size());
            status.destroyed_namespaces +=
                static_cast<std::int64_t>(table->namespaces(database, KeyState::destroyed).size());
        }
        return status;
    }

    async::Workers thread_;
    KekSource kek_;
    crypto::HmacKey hmac_;
    mutable DataKeys keys_;
    postgres::Pool pool_;
    PostgresDataKeys store_;
    postgres::Listener listener_;
    async::Notifier wake_;
    async::Notifier idle_;
    async::Notifier ended_;
    bool running_ = false;
    bool looking_ = false;
    bool woken_ = false;
    bool stopping_ = false;
    bool keeping_ = false;
    bool healthy_ = true;
};

Result<std::unique_ptr<EncryptionRuntime>> EncryptionRuntime::start(EncryptionOptions options,
                                                                    Deadline deadline) {
    auto hmac = crypto::HmacKey::from_bytes(std::string_view(options.hmac_key));
    crypto::wipe(options.hmac_key);
    if (!hmac) {
        return fail(std::move(hmac.error()));
    }
    std::unique_ptr<EncryptionRuntime> runtime(new EncryptionRuntime(
        std::make_unique<Implementation>(std::move(options), std::move(*hmac))));
    if (auto started = runtime->implementation_->run(deadline); !started) {
        return fail(std::move(started.error()));
    }
    return runtime;
}

EncryptionRuntime::EncryptionRuntime(std::unique_ptr<Implementation> implementation)
    : implementation_(std::move(implementation)) {}

EncryptionRuntime::~EncryptionRuntime() {
    implementation_->stop();
}

Encryption& EncryptionRuntime::encryption() {
    return *implementation_;
}

std::size_t EncryptionRuntime::unwrapped_keys() const {
    return implementation_->unwrapped_keys();
}

}  // namespace pgmind::security
