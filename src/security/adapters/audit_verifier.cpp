#include "security/adapters/audit_verifier.hpp"

#include <algorithm>
#include <charconv>

#include "platform/crypto/signing_key.hpp"
#include "platform/json/value.hpp"
#include "security/adapters/audit_seal.hpp"

namespace pgmind::security {

// One object of an export, its members by name.
class ExportLine {
  public:
    static Result<ExportLine> parse(std::string_view line) {
        auto object = json::parse_object(line, json::ReadLimits{});
        if (!object) {
            return fail(std::move(object.error()));
        }
        return ExportLine(std::move(*object));
    }

    std::string text(std::string_view name) const {
        const json::Value* value = object_.find(name);
        return value == nullptr ? std::string() : json::decode_string(*value);
    }
    std::optional<std::int64_t> number(std::string_view name) const {
        const json::Value* value = object_.find(name);
        if (value == nullptr) {
            return std::nullopt;
        }
        std::int64_t number = 0;
        const std::string_view digits = value->text();
        const char* end = digits.data() + digits.size();
        const auto [rest, error] = std::from_chars(digits.data(), end, number);
        return error == std::errc() && rest == end ? std::optional(number) : std::nullopt;
    }
    std::vector<std::string> texts(std::string_view name) const {
        std::vector<std::string> texts;
        if (const json::Value* value = object_.find(name); value != nullptr) {
            for (const json::Value& element : json::elements(*value)) {
                texts.push_back(json::decode_string(element));
            }
        }
        return texts;
    }

  private:
    explicit ExportLine(json::Object object) : object_(std::move(object)) {}
    json::Object object_;
};

namespace {

constexpr std::size_t kFindingsMax = 100;

constexpr std::pair<const char*, std::string AuditRecord::*> kTexts[] = {
    {"request_id", &AuditRecord::request_id},
    {"principal_id", &AuditRecord::principal_id},
    {"principal_name", &AuditRecord::principal_name},
    {"action", &AuditRecord::action},
    {"resource_type", &AuditRecord::resource_type},
    {"resource", &AuditRecord::resource},
    {"decision", &AuditRecord::decision},
    {"outcome", &AuditRecord::outcome},
    {"reason", &AuditRecord::reason},
    {"protocol", &AuditRecord::protocol},
    {"remote_address", &AuditRecord::remote_address},
    {"change_id", &AuditRecord::change_id}};

std::optional<crypto::Digest> digest_of(std::string_view hex) {
    const auto bytes = crypto::from_hex(hex);
    crypto::Digest digest{};
    if (!bytes || bytes->size() != digest.size()) {
        return std::nullopt;
    }
    std::copy(bytes->begin(), bytes->end(), digest.begin());
    return digest;
}

Result<AuditCheckpoint> checkpoint_of(const ExportLine& line) {
    const auto size = line.number("size");
    const auto signed_at = line.number("signed_at_us");
    if (!size || *size < 1 || !signed_at) {
        return fail(invalid_argument("checkpoint", "a checkpoint has a size and a time"));
    }
    AuditCheckpoint checkpoint;
    checkpoint.log_id = line.text("log_id");
    checkpoint.size = static_cast<std::uint64_t>(*size);
    checkpoint.root = line.text("root");
    checkpoint.signed_at_us = *signed_at;
    checkpoint.key_id = line.text("key_id");
    checkpoint.signature = line.text("signature");
    return checkpoint;
}

std::string place(const std::string& log, std::uint64_t size) {
    return "log " + log + ", size " + std::to_string(size);
}

}  // namespace

std::string_view name_of(AuditFault fault) {
    switch (fault) {
        case AuditFault::none:
            return "ok";
        case AuditFault::tampered:
            return "tampered";
        case AuditFault::gap:
            return "gap";
        case AuditFault::bad_signature:
            return "bad signature";
        case AuditFault::witness_conflict:
            break;
    }
    return "witness conflict";
}

AuditVerifier::AuditVerifier(std::vector<std::string> public_keys) {
    for (std::string& key : public_keys) {
        std::string id = audit_key_id(key);
        keys_.emplace(std::move(id), std::move(key));
    }
}

void AuditVerifier::found(AuditFault fault, const std::string& sentence) {
    faults_.push_back(fault);
    if (verdict_.findings.size() < kFindingsMax) {
        verdict_.findings.push_back(std::string(name_of(fault)) + ": " + sentence);
    }
}

bool AuditVerifier::is_signed(const AuditCheckpoint& checkpoint, const std::string& where) {
    const auto key = keys_.find(checkpoint.key_id);
    if (key == keys_.end()) {
        found(AuditFault::bad_signature,
              where + ": signed by the key " + checkpoint.key_id + ", which is not trusted");
        return false;
    }
    const auto signature = crypto::from_hex(checkpoint.signature);
    if (!signature || !crypto::verify_signature(key->second, signed_text(checkpoint), *signature)) {
        found(AuditFault::bad_signature, where + ": the signature is not that of its key");
        return false;
    }
    return true;
}

Result<void> AuditVerifier::add_witnessed(std::string_view text) {
    const auto line = ExportLine::parse(text);
    if (!line) {
        return fail(line.error());
    }
    const auto checkpoint = checkpoint_of(*line);
    if (!checkpoint) {
        return fail(checkpoint.error());
    }
    if (is_signed(*checkpoint, "witness: " + place(checkpoint->log_id, checkpoint->size))) {
        witness_[checkpoint->log_id].push_back({checkpoint->size, checkpoint->root});
    }
    return {};
}

void AuditVerifier::begin_log(const std::string& id) {
    if (id == log_.id) {
        return;
    }
    end_log();
    log_ = Log{};
    log_.id = id;
    seen_.push_back(id);
    ++verdict_.logs;
    if (const auto kept = witness_.find(id); kept != witness_.end()) {
        std::sort(kept->second.begin(), kept->second.end(),
                  [](const Witnessed& a, const Witnessed& b) { return a.size < b.size; });
    }
}

void AuditVerifier::end_log() {
    if (log_.id.empty()) {
        return;
    }
    if (!log_.broken && log_.tree.size() > std::max(log_.sealed, log_.first)) {
        found(AuditFault::gap, place(log_.id, log_.tree.size()) + ": the last " +
                                   std::to_string(log_.tree.size() - log_.sealed) +
                                   " records have no checkpoint");
    }
    if (const auto kept = witness_.find(log_.id); kept != witness_.end() && !log_.broken) {
        if (log_.witnessed < kept->second.size()) {
            found(AuditFault::witness_conflict,
                  place(log_.id, log_.tree.size()) + ": the witness saw it with " +
                      std::to_string(kept->second.back().size) + " records");
        }
    }
    log_.id.clear();
}

// Called at every size that the tree has: those of the witness are met in order.
void AuditVerifier::compare_witness() {
    const auto kept = witness_.find(log_.id);
    if (kept == witness_.end()) {
        return;
    }
    while (log_.witnessed < kept->second.size() &&
           kept->second[log_.witnessed].size <= log_.tree.size()) {
        const Witnessed& witnessed = kept->second[log_.witnessed++];
        if (witnessed.size < log_.tree.size()) {
            continue;  // Before the first leaf that is still kept.
        }
        if (witnessed.root == crypto::to_hex(log_.tree.root())) {
            ++verdict_.witnessed;
        } else {
            found(AuditFault::witness_conflict,
                  place(log_.id, witnessed.size) + ": the witness saw other records");
        }
    }
}

Result<void> AuditVerifier::add_retained(const ExportLine& line) {
    const auto size = line.number("size");
    std::vector<crypto::Digest> hashes;
    for (const std::string& hash : line.texts("frontier")) {
        const auto digest = digest_of(hash);
        if (!digest) {
            return fail(invalid_argument("frontier", "a hash has 64 hexadecimal digits"));
        }
        hashes.push_back(*digest);
    }
    if (!size || *size < 1) {
        return fail(invalid_argument("size", "a log that was cut has a size"));
    }
    auto tree =
        crypto::MerkleFrontier::restore(static_cast<std::uint64_t>(*size), std::move(hashes));
    if (!tree || log_.tree.size() > 0) {
        found(AuditFault::tampered, "log " + log_.id +
                                        ": what was kept of its deleted records "
                                        "does not fit");
        log_.broken = true;
        return {};
    }
    log_.tree = std::move(*tree);
    log_.first = log_.tree.size();
    verdict_.deleted += log_.first;
    compare_witness();
    return {};
}

Result<void> AuditVerifier::add_leaf(const ExportLine& line) {
    const auto index = line.number("index");
    const auto occurred_at = line.number("occurred_at_us");
    if (!index || *index < 0 || !occurred_at) {
        return fail(invalid_argument("leaf", "a leaf has an index and a time"));
    }
    ++verdict_.leaves;
    if (log_.broken) {
        return {};
    }
    const auto position = static_cast<std::uint64_t>(*index);
    if (position != log_.tree.size()) {
        const bool missing = position > log_.tree.size();
        found(missing ? AuditFault::gap : AuditFault::tampered,
              "log " + log_.id + ": after record " + std::to_string(log_.tree.size()) +
                  " comes record " + std::to_string(position + 1));
        log_.broken = true;
        return {};
    }
    AuditRecord record;
    record.occurred_at = WallTime(std::chrono::microseconds(*occurred_at));
    for (const auto& [name, member] : kTexts) {
        record.*member = line.text(name);
    }
    log_.tree.add(crypto::merkle_leaf(canonical_bytes(log_.id, position, record)));
    compare_witness();
    return {};
}

Result<void> AuditVerifier::add_checkpoint(const ExportLine& line) {
    const auto checkpoint = checkpoint_of(line);
    if (!checkpoint) {
        return fail(checkpoint.error());
    }
    ++verdict_.checkpoints;
    const std::string where = place(log_.id, checkpoint->size);
    if (!is_signed(*checkpoint, where)) {
        log_.sealed = std::max(log_.sealed, checkpoint->size);
        return {};
    }
    if (log_.broken || checkpoint->size < log_.first) {
        return {};
    }
    log_.sealed = checkpoint->size;
    if (checkpoint->size > log_.tree.size()) {
        found(AuditFault::gap, where + ": " + std::to_string(checkpoint->size - log_.tree.size()) +
                                   " records that were signed are missing at the end");
        log_.broken = true;
    } else if (checkpoint->size < log_.tree.size() ||
               checkpoint->root != crypto::to_hex(log_.tree.root())) {
        found(AuditFault::tampered, where + ": the records are not those that were signed");
        log_.broken = true;
    }
    return {};
}

Result<void> AuditVerifier::add(std::string_view text) {
    const auto line = ExportLine::parse(text);
    if (!line) {
        return fail(line.error());
    }
    const std::string type = line->text("type");
    if (type == "pending") {
        ++verdict_.pending;
        return {};
    }
    const std::string log = line->text("log_id");
    if (log != log_.id && std::find(seen_.begin(), seen_.end(), log) != seen_.end()) {
        return fail(invalid_argument("log_id", "the lines of a log must stand together"));
    }
    begin_log(log);
    if (type == "leaf") {
        return add_leaf(*line);
    }
    if (type == "checkpoint") {
        return add_checkpoint(*line);
    }
    if (type == "retained") {
        return add_retained(*line);
    }
    return fail(invalid_argument("type",
                                 "a line of an export is a leaf, checkpoint, retained or "
                                 "pending"));
}

AuditVerdict AuditVerifier::finish() {
    end_log();
    for (const auto& [id, kept] : witness_) {
        if (std::find(seen_.begin(), seen_.end(), id) == seen_.end()) {
            found(AuditFault::witness_conflict, "log " + id + ": the witness saw it with " +
                                                    std::to_string(kept.back().size) +
                                                    " records, and nothing of it is left");
        }
    }
    for (const AuditFault fault : {AuditFault::witness_conflict, AuditFault::bad_signature,
                                   AuditFault::gap, AuditFault::tampered}) {
        if (std::find(faults_.begin(), faults_.end(), fault) != faults_.end()) {
            verdict_.fault = fault;
        }
    }
    return std::move(verdict_);
}

}  // namespace pgmind::security
