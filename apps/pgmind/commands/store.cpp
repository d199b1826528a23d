#include <iostream>

#include "base/text.hpp"
#include "client/api_error.hpp"
#include "command.hpp"
#include "input.hpp"
#include "output/terminal.hpp"
#include "output/text.hpp"
#include "platform/json/writer.hpp"

namespace pgmind::app {
namespace {

// More than the server takes as a value, so that the server's own message says the limit.
constexpr std::size_t kInputBytesMax = 4 * 1024 * 1024;

struct StoreOptions {
    std::string namespace_name;
    std::string key;
    std::string value;
    std::string text;
    std::string metadata;
    std::string embedding;
    std::string scope;
    std::string idempotency_key;
    std::int64_t ttl_seconds = 0;
    std::int64_t if_match = 0;
    bool as_text = false;
    bool create_only = false;
};

// Bytes that are not text would be stored as other ones.
Result<void> check_text(const std::string& option, const std::string& text) {
    if (is_utf8(text)) {
        return {};
    }
    return fail(invalid_argument(option, option + ": must be UTF-8"));
}

Result<std::string> as_json_text(const std::string& text) {
    if (const auto checked = check_text("value", text); !checked) {
        return fail(checked.error());
    }
    std::string out;
    json::append_string(out, text);
    return out;
}

// JSON is stored as it was written; anything else is a text, unless it looks like JSON that went
// wrong, which nobody wants stored.
Result<std::string> value_json(const StoreOptions& options) {
    std::string text = options.value;
    if (text == "-") {
        auto input = read_standard_input(kInputBytesMax);
        if (!input) {
            return fail(std::move(input.error()));
        }
        text = std::move(*input);
    }
    if (options.as_text) {
        return as_json_text(text);
    }
    const auto value = json::parse(text, kJsonLimits);
    if (value) {
        return std::string(value->text());
    }
    const std::size_t first = text.find_first_not_of(" \t\r\n");
    if (first != std::string::npos &&
        std::string_view("{[\"").find(text[first]) != std::string_view::npos) {
        return fail(invalid_argument(
            "value", "value: " + value.error().detail + " (--as-text stores it as a text)"));
    }
    return as_json_text(text);
}

Result<std::string> body_of(const StoreOptions& options) {
    auto value = value_json(options);
    if (!value) {
        return fail(std::move(value.error()));
    }
    std::string body;
    json::ObjectWriter object(body);
    object.raw("value", *value);
    if (const auto checked = check_text("--text", options.text); !checked) {
        return fail(checked.error());
    }
    if (!options.text.empty()) {
        object.string("text", options.text);
    }
    if (options.ttl_seconds > 0) {
        object.number("ttl_seconds", options.ttl_seconds);
    }
    for (const auto& [name, text] :
         {std::pair("metadata", &options.metadata), std::pair("embedding", &options.embedding)}) {
        if (text->empty()) {
            continue;
        }
        auto checked = checked_json(std::string("--") + name, *text);
        if (!checked) {
            return fail(std::move(checked.error()));
        }
        object.raw(name, *checked);
    }
    object.end();
    return body;
}

RequestHeaders headers_of(const StoreOptions& options) {
    RequestHeaders headers;
    if (options.create_only) {
        headers.emplace_back("If-None-Match", "*");
    }
    if (options.if_match > 0) {
        headers.emplace_back("If-Match", '"' + std::to_string(options.if_match) + '"');
    }
    if (!options.idempotency_key.empty()) {
        headers.emplace_back("Idempotency-Key", options.idempotency_key);
    }
    return headers;
}

Exit store(const GlobalOptions& global, const StoreOptions& options) {
    auto body = body_of(options);
    if (!body) {
        return report(body.error());
    }
    return with_client(global, [&](ApiClient& client) -> Result<void> {
        const auto answer =
            client.call({"PUT",
                         {"namespaces", options.namespace_name, "entries", options.key},
                         {{"scope", options.scope}},
                         headers_of(options),
                         std::move(*body)});
        if (!answer) {
            return fail(answer.error());
        }
        if (global.json) {
            std::cout << answer->text() << "\n";
            return {};
        }
        const JsonNode& entry = answer->json();
        const char* done = entry["replayed"].truth()  ? "stored before"
                           : entry["created"].truth() ? "created"
                                                      : "updated";
        std::cout << styled(done, Style::good) << " "
                  << printable(options.namespace_name + " / " + options.key) << ", version "
                  << entry["version"].integer() << "\n";
        return {};
    });
}

}  // namespace

void add_store_command(CommandLine line) {
    CLI::App* command = line.app.add_subcommand("store", "Store an entry (create or replace)");
    auto options = std::make_shared<StoreOptions>();
    command->add_option("namespace", options->namespace_name, "Namespace")->required();
    command->add_option("key", options->key, "Key, at most 1,024 bytes")->required();
    command->add_option("value", options->value, "JSON, or plain text; - reads standard input")
        ->required();
    command->add_flag("--as-text", options->as_text, "Store the value as text even if it is JSON");
    command->add_option("--text", options->text, "Words for text search [from the value]");
    command->add_option("--metadata", options->metadata, "JSON object for filters")
        ->type_name("JSON");
    command->add_option("--embedding", options->embedding, "JSON array of numbers")
        ->type_name("JSON");
    command->add_option("--ttl", options->ttl_seconds, "Seconds until it expires")
        ->check(whole_number(1));
    command->add_option("--scope", options->scope, "[project]")
        ->check(one_of({"project", "shared"}));
    auto* if_match =
        command->add_option("--if-match", options->if_match, "Replace only this version")
            ->check(whole_number(1));
    command->add_option("--idempotency-key", options->idempotency_key,
                        "Storing again with the same key changes nothing");
    command->add_flag("--create-only", options->create_only, "Fail if the key exists")
        ->excludes(if_match);
    command->footer(
        "Examples:\n"
        "  pgmind store notes greeting 'Hello, agents'\n"
        "  pgmind store notes plan '{\"steps\": 3}' --metadata '{\"lang\": \"en\"}' --ttl 3600\n"
        "  cat report.json | pgmind store reports 2026-11 -");
    run_when_parsed(line, command, options, store);
}

}  // namespace pgmind::app
