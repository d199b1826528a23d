#include "commands/audit_proof.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <optional>

#include <boost/asio/io_context.hpp>

#include "cluster/adapters/local_connection.hpp"
#include "cluster/domain/node_layout.hpp"
#include "input.hpp"
#include "output/output_file.hpp"
#include "output/text.hpp"
#include "platform/crypto/signing_key.hpp"
#include "platform/process/files.hpp"
#include "security/adapters/audit_export.hpp"
#include "security/adapters/audit_retention.hpp"
#include "security/adapters/audit_verifier.hpp"
#include "security/adapters/migrations.hpp"

namespace pgmind::app {
namespace {

constexpr auto kTimeout = std::chrono::hours(6);
constexpr std::size_t kKeyFileBytesMax = 4'096;

struct ProofOptions {
    std::string data;
    std::string file;
    std::string month;
    std::vector<std::string> public_keys;
    std::vector<std::string> witnesses;
};

// Whatever is wrong with the check itself: 2 to 5 speak of the log.
Exit report_failure(const Error& error) {
    report(error);
    return Exit::failure;
}

Error problem(std::string detail) {
    return Error(BaseErrc::invalid_argument, std::move(detail));
}

std::filesystem::path directory_of(const GlobalOptions& global, const ProofOptions& options) {
    if (!options.data.empty()) {
        return options.data;
    }
    const config::Outcome outcome = load_configuration(global, {});
    const std::string& configured = outcome.configuration.text("data.directory");
    return configured.empty() ? default_data_directory() : configured;
}

Result<std::string> own_public_key(const std::filesystem::path& directory) {
    std::error_code unreadable;
    const auto absolute = std::filesystem::weakly_canonical(directory, unreadable);
    auto seed = cluster::Secrets(cluster::NodeLayout(absolute)).audit_signing_seed();
    if (!seed) {
        return fail(std::move(seed.error()));
    }
    const auto key = crypto::SigningKey::from_seed(*seed);
    crypto::wipe(*seed);
    if (!key) {
        return fail(key.error());
    }
    return std::string(key->public_key().begin(), key->public_key().end());
}

// Given as 64 hexadecimal digits, or as a file that holds them.
Result<std::string> public_key_from(const std::string& word) {
    std::string hex = word;
    if (hex.size() != 64 || !crypto::from_hex(hex)) {
        const auto content = process::read_file(word, kKeyFileBytesMax);
        if (!content) {
            return fail(content.error());
        }
        hex = content->substr(0, content->find_last_not_of(" \r\n\t") + 1);
    }
    const auto key = crypto::from_hex(hex);
    if (!key || key->size() != 32) {
        return fail(problem(word + " holds no public key: 64 hexadecimal digits"));
    }
    return *key;
}

Result<std::vector<std::string>> trusted_keys(const GlobalOptions& global,
                                              const ProofOptions& options) {
    std::vector<std::string> keys;
    for (const std::string& word : options.public_keys) {
        auto key = public_key_from(word);
        if (!key) {
            return fail(std::move(key.error()));
        }
        keys.push_back(std::move(*key));
    }
    if (keys.empty()) {
        auto own = own_public_key(directory_of(global, options));
        if (!own) {
            return fail(std::move(own.error()));
        }
        keys.push_back(std::move(*own));
    }
    return keys;
}

Result<void> each_line(const std::string& path,
                       const std::function<Result<void>(std::string_view)>& take) {
    std::ifstream file(path);
    std::uint64_t number = 0;
    for (std::string line; std::getline(file, line);) {
        ++number;
        if (const auto taken = take(line); !taken) {
            return fail(
                problem(path + ", line " + std::to_string(number) + ": " + taken.error().detail));
        }
    }
    if (!file.eof()) {
        return fail(problem("cannot read " + path));
    }
    return {};
}

Result<void> export_to(const GlobalOptions& global, const ProofOptions& options,
                       security::ExportSink sink) {
    auto connection =
        cluster::local_coordinator(directory_of(global, options), cluster::Role::gateway);
    if (!connection) {
        return fail(std::move(connection.error()));
    }
    boost::asio::io_context loop{1};
    return async::run_blocking_loop(
        loop, security::export_audit_log(std::move(*connection), std::move(sink),
                                         Deadline::after(kTimeout)));
}

Exit export_log(const GlobalOptions& global, const ProofOptions& options) {
    std::optional<OutputFile> file;
    if (!options.file.empty() && options.file != "-") {
        auto created = OutputFile::create(options.file);
        if (!created) {
            return report_failure(created.error());
        }
        file.emplace(std::move(*created));
    }
    const auto write = [&file](std::string_view line) -> Result<void> {
        if (file) {
            return file->write(std::string(line) + "\n");
        }
        std::cout << line << "\n";
        return std::cout ? Result<void>() : fail(problem("cannot write to standard output"));
    };
    Result<void> done = export_to(global, options, write);
    if (done && file) {
        done = file->commit();
    }
    return done ? Exit::success : report_failure(done.error());
}

Exit say(const security::AuditVerdict& verdict) {
    for (const std::string& finding : verdict.findings) {
        std::cerr << printable(finding) << "\n";
    }
    std::cout << name_of(verdict.fault) << ": " << verdict.leaves << " records in " << verdict.logs
              << " logs, " << verdict.checkpoints << " checkpoints, " << verdict.witnessed
              << " of them as the witness saw them, " << verdict.deleted
              << " records deleted by age, " << verdict.pending << " not sealed yet\n";
    return static_cast<Exit>(verdict.fault);
}

Exit verify(const GlobalOptions& global, const ProofOptions& options) {
    auto keys = trusted_keys(global, options);
    if (!keys) {
        return report_failure(keys.error());
    }
    security::AuditVerifier verifier(std::move(*keys));
    for (const std::string& witness : options.witnesses) {
        const auto read = each_line(
            witness, [&verifier](std::string_view line) { return verifier.add_witnessed(line); });
        if (!read) {
            return report_failure(read.error());
        }
    }
    const auto take = [&verifier](std::string_view line) { return verifier.add(line); };
    const Result<void> read =
        options.file.empty() ? export_to(global, options, take) : each_line(options.file, take);
    return read ? say(verifier.finish()) : report_failure(read.error());
}

Exit print_key(const GlobalOptions& global, const ProofOptions& options) {
    const auto key = own_public_key(directory_of(global, options));
    if (!key) {
        return report_failure(key.error());
    }
    std::cout << crypto::to_hex(
                     std::span(reinterpret_cast<const std::uint8_t*>(key->data()), key->size()))
              << "\n";
    return Exit::success;
}

Exit retain(const GlobalOptions& global, const ProofOptions& options) {
    auto connection =
        cluster::local_coordinator(directory_of(global, options), cluster::Role::superuser);
    if (!connection) {
        return report_failure(connection.error());
    }
    std::string month = options.month;
    std::replace(month.begin(), month.end(), '-', '_');
    boost::asio::io_context loop{1};
    const auto done = async::run_blocking_loop(
        loop, security::drop_audit_before(std::move(*connection), std::move(month),
                                          Deadline::after(kTimeout)));
    if (!done) {
        return report(done.error());
    }
    std::cout << "dropped " << done->records << " records of " << done->logs << " logs in "
              << done->months.size() << " months\n";
    return Exit::success;
}

Exit print_schema(const GlobalOptions& /*global*/, const ProofOptions& /*options*/) {
    std::cout << security::security_coordinator_script();
    return Exit::success;
}

void add_verify(const CommandLine& line, CLI::App* group) {
    auto options = std::make_shared<ProofOptions>();
    CLI::App* command = group->add_subcommand("verify", "Prove that no record was changed or lost");
    command->add_option("--data", options->data, "Data directory of the running server");
    command
        ->add_option("-i,--input", options->file, "An export to check instead of the server's log")
        ->type_name(kFileType);
    command
        ->add_option("--public-key", options->public_keys,
                     "Key to trust: hexadecimal, or a file with it [this data directory's]")
        ->type_name("KEY");
    command->add_option("--witness", options->witnesses, "Checkpoints that a witness has kept")
        ->type_name(kFileType);
    command->footer(
        "Exit codes: 0 ok, 1 the check itself failed, 2 tampered, 3 gap, 4 bad signature,\n"
        "            5 conflict with the witness\n"
        "Examples:\n"
        "  pgmind audit verify --witness /mnt/other/checkpoints.ndjson\n"
        "  pgmind audit verify -i audit.ndjson --public-key audit.pub");
    run_when_parsed(line, command, options, verify);
}

}  // namespace

void add_audit_proof_commands(CommandLine line) {
    CLI::App* group = audit_group(line);
    auto options = std::make_shared<ProofOptions>();
    CLI::App* exporting = group->add_subcommand(
        "export", "Write the whole log with its proofs, on the server's machine");
    exporting->add_option("--data", options->data, "Data directory of the running server");
    exporting->add_option("-o,--output", options->file, "File to write [standard output]")
        ->type_name(kFileType);
    exporting->footer(
        "One JSON object a line; scripts/verify-audit checks it anywhere, without pgmind.\n"
        "Examples:\n  pgmind audit export -o audit.ndjson");
    run_when_parsed(line, exporting, options, export_log);
    add_verify(line, group);
    auto retain_options = std::make_shared<ProofOptions>();
    CLI::App* retaining =
        group->add_subcommand("retain", "Drop old months; what is left can still be verified");
    retaining->add_option("--before", retain_options->month, "The first month to keep, as 2026-01")
        ->required();
    retaining->add_option("--data", retain_options->data, "Data directory of the running server");
    retaining->footer(
        "On the server's machine. Export before: what is dropped is gone.\n"
        "Examples:\n  pgmind audit retain --before 2026-01");
    run_when_parsed(line, retaining, retain_options, retain);
    auto schema_options = std::make_shared<ProofOptions>();
    CLI::App* schema = group->add_subcommand(
        "schema", "Print the SQL that an administrator runs for the audit log's tables");
    schema->footer(
        "Needed only on servers that others run, when pgmind's administrator there may not.\n"
        "Examples:\n  pgmind audit schema | psql -d pgmind");
    run_when_parsed(line, schema, schema_options, print_schema);
    auto key_options = std::make_shared<ProofOptions>();
    CLI::App* key =
        group->add_subcommand("key", "Print the public key that the log is signed with");
    key->add_option("--data", key_options->data, "Data directory");
    key->footer("Examples:\n  pgmind audit key > audit.pub");
    run_when_parsed(line, key, key_options, print_key);
}

}  // namespace pgmind::app
