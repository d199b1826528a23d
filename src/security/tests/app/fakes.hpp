#pragma once

#include <atomic>
#include <string>
#include <vector>

#include "async/notifier.hpp"
#include "security/api/errors.hpp"
#include "security/app/ports.hpp"

namespace pgmind::security::testing {

/// A directory in memory that can be made to fail, to answer late, or to be changed by others.
class FakeDirectoryStore final : public DirectoryStore {
  public:
    DirectoryContents contents;
    std::vector<AuditRecord> records;
    bool failing = false;
    int changed_by_others_before_store = 0;  ///< so many times
    int loads = 0;
    int looks = 0;

    void change_by_others() {
        ++contents.revision.number;
        contents.revision.token = new_uuid();
    }

    Task<Result<DirectoryRevision>> revision(Deadline) override {
        ++looks;
        if (failing) {
            co_return fail(BaseErrc::unavailable, "the directory is away");
        }
        co_return contents.revision;
    }
    Task<Result<DirectoryContents>> load(Deadline) override {
        ++loads;
        if (failing) {
            co_return fail(BaseErrc::unavailable, "the directory is away");
        }
        co_return contents;
    }
    Task<Result<bool>> store(const std::vector<Change>& changes,
                             const std::vector<AuditRecord>& new_records,
                             const DirectoryRevision& expected, Deadline) override {
        if (failing) {
            co_return fail(BaseErrc::unavailable, "the directory is away");
        }
        if (changed_by_others_before_store > 0) {
            --changed_by_others_before_store;
            change_by_others();
        }
        if (!(expected == contents.revision)) {
            co_return false;
        }
        for (const Change& change : changes) {
            contents = apply_change(std::move(contents), change);
        }
        change_by_others();
        records.insert(records.end(), new_records.begin(), new_records.end());
        co_return true;
    }
};

/// An audit log in memory. While `corked` appends wait; while `failing` they fail (after having
/// written, when `fails_after_writing`: an answer that was lost).
class FakeAuditStore final : public AuditStore {
  public:
    explicit FakeAuditStore(Executor loop) : uncorked_(loop) {}

    std::vector<AuditRecord> records;
    std::vector<std::size_t> batch_sizes;
    AuditQuery last_query;
    bool failing = false;
    bool fails_after_writing = false;
    std::int64_t written_number = 0;

    void cork() { corked_ = true; }
    void uncork() {
        corked_ = false;
        uncorked_.notify_all();
    }

    Task<Result<void>> append(const AuditBatch& batch, Deadline deadline) override {
        while (corked_ && !deadline.passed()) {
            co_await uncorked_.wait_until(deadline);
        }
        if (failing && !fails_after_writing) {
            co_return fail(BaseErrc::unavailable, "the audit log is away");
        }
        batch_sizes.push_back(batch.records.size());
        std::int64_t number = batch.first_number;
        for (const AuditRecord& record : batch.records) {
            if (number > written_number) {
                records.push_back(record);
                written_number = number;
            }
            ++number;
        }
        if (failing) {
            co_return fail(BaseErrc::unavailable, "the answer was lost");
        }
        co_return Result<void>();
    }
    Task<Result<std::vector<AuditRecord>>> query(const AuditQuery& query, Deadline) override {
        last_query = query;
        co_return records;
    }

  private:
    bool corked_ = false;
    async::Notifier uncorked_;
};

/// Digests that are easy to tell apart and never secret.
class FakeCryptography final : public KeyCryptography {
  public:
    KeyMaterial generate() const override {
        const int number = ++generated_;
        std::string id(kKeyIdLength, '0');
        id.back() = static_cast<char>('0' + number % 10);
        return {id, std::string(kKeySecretLength, static_cast<char>('a' + number % 26))};
    }
    KeyDigest digest(std::string_view message) const override {
        ++digests;
        message_bytes = message.size();
        KeyDigest digest{};
        std::size_t at = 0;
        for (const char c : message) {
            auto& byte = digest[at++ % digest.size()];
            byte = static_cast<std::uint8_t>(byte * 31 + static_cast<std::uint8_t>(c));
        }
        return digest;
    }
    bool equal(const KeyDigest& left, const KeyDigest& right) const override {
        ++comparisons;
        return left == right;
    }
    std::string sql_verifier(std::string_view password) const override {
        return "SCRAM-SHA-256$" + std::string(password);
    }
    void wipe(std::string& secret) const override { secret.clear(); }

    mutable std::atomic<int> digests = 0;
    mutable std::atomic<int> comparisons = 0;
    mutable std::atomic<std::size_t> message_bytes = 0;

  private:
    mutable std::atomic<int> generated_ = 0;
};

}  // namespace pgmind::security::testing
