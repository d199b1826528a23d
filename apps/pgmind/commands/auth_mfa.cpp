#include <iostream>

#include <unistd.h>

#include "client/api_error.hpp"
#include "commands/auth.hpp"
#include "input.hpp"
#include "output/qr_code.hpp"
#include "output/table.hpp"
#include "output/text.hpp"
#include "password_input.hpp"
#include "platform/json/writer.hpp"
#include "platform/process/files.hpp"

namespace pgmind::app {
namespace {

constexpr const char* kPasswordFile = "--password-file";
constexpr std::size_t kPixelsPerModule = 8;

struct MfaOptions {
    std::string password_file;
    std::string png_file;
    std::string code;
    std::string name;
};

std::string member(const char* name, const std::string& value) {
    std::string body;
    json::ObjectWriter object(body);
    object.string(name, value);
    object.end();
    return body;
}

Exit status(const GlobalOptions& global, const MfaOptions&) {
    return with_client(global, [&](ApiClient& client) -> Result<void> {
        const auto answer = client.get({"auth", "second-factor"}, {});
        if (!answer) {
            return fail(answer.error());
        }
        if (global.json) {
            std::cout << answer->text() << "\n";
            return {};
        }
        const JsonNode& state = answer->json();
        const bool enrolled = state["enrolled"].truth();
        std::cout << (enrolled ? "enrolled since " + human_time(state["confirmed_at"].text()) +
                                     " UTC, " +
                                     human_count(state["recovery_codes_left"].integer(),
                                                 "recovery code", "recovery codes") +
                                     " left"
                               : std::string("not enrolled"))
                  << (state["required"].truth() ? "; required by the policy" : "") << "\n";
        return {};
    });
}

void print_codes(const GlobalOptions& global, const Answer& answer) {
    if (global.json) {
        std::cout << answer.text() << "\n";
        return;
    }
    std::cerr << "Recovery codes, shown this once. Each is good for one login without the app:\n";
    for (const JsonNode& code : answer.json()["recovery_codes"].items()) {
        std::cout << printable(code.text()) << "\n";
    }
}

Result<void> send_code(ApiClient& client, const GlobalOptions& global, const std::string& code) {
    const auto answer =
        client.call({"POST", {"auth", "second-factor", "confirm"}, {}, {}, member("code", code)});
    if (!answer) {
        return fail(answer.error());
    }
    print_codes(global, *answer);
    std::cerr << "From now on logins need a code; log in again.\n";
    return {};
}

Result<void> show_secret(const GlobalOptions& global, const Answer& answer,
                         const MfaOptions& options) {
    const std::string uri = answer.json()["uri"].text();
    const auto code = QrCode::of(uri);
    if (!code) {
        return fail(code.error());
    }
    if (!options.png_file.empty()) {
        const auto png = code->as_png(kPixelsPerModule);
        if (!png) {
            return fail(png.error());
        }
        // It holds the secret: for its owner's eyes alone.
        auto written = process::write_atomically(options.png_file, *png, 0600);
        if (!written) {
            return written;
        }
    }
    if (global.json) {
        std::cout << answer.text() << "\n";
        return {};
    }
    if (options.png_file.empty() && isatty(STDOUT_FILENO) == 1) {
        std::cout << code->for_terminal();
    }
    std::cout << "Scan this with an authenticator app, or type its secret:\n"
              << printable(answer.json()["secret"].text()) << "\n";
    if (isatty(STDOUT_FILENO) != 1) {
        std::cout << printable(uri) << "\n";
    }
    return {};
}

Exit enrol(const GlobalOptions& global, const MfaOptions& options) {
    const auto password = read_secret("Your password", kPasswordFile, options.password_file);
    if (!password) {
        return report(password.error());
    }
    return with_client(global, [&](ApiClient& client) -> Result<void> {
        const auto answer =
            client.call({"POST", {"auth", "second-factor"}, {}, {}, member("password", *password)});
        if (!answer) {
            return fail(answer.error());
        }
        if (auto shown = show_secret(global, *answer, options); !shown) {
            return shown;
        }
        if (global.json || isatty(STDIN_FILENO) != 1 || isatty(STDOUT_FILENO) != 1) {
            std::cerr << "It counts after: pgmind auth mfa confirm CODE\n";
            return {};
        }
        const auto code = read_from_terminal("The code that the app shows", "code");
        return code ? send_code(client, global, *code) : fail(code.error());
    });
}

Exit confirm_code(const GlobalOptions& global, const MfaOptions& options) {
    return with_client(global, [&](ApiClient& client) -> Result<void> {
        return send_code(client, global, options.code);
    });
}

Result<std::string> read_proof(const MfaOptions& options) {
    const auto password = read_secret("Your password", kPasswordFile, options.password_file);
    if (!password) {
        return fail(password.error());
    }
    const auto code = options.code.empty() ? read_from_terminal("Code", "--code")
                                           : Result<std::string>(options.code);
    if (!code) {
        return fail(code.error());
    }
    std::string body;
    json::ObjectWriter object(body);
    object.string("password", *password).string("code", *code);
    object.end();
    return body;
}

Exit disable(const GlobalOptions& global, const MfaOptions& options) {
    auto proof = read_proof(options);
    if (!proof) {
        return report(proof.error());
    }
    return with_client(global, [&](ApiClient& client) -> Result<void> {
        const auto answer =
            client.call({"POST", {"auth", "second-factor", "disable"}, {}, {}, std::move(*proof)});
        if (!answer) {
            return fail(answer.error());
        }
        std::cout << (global.json ? "{\"disabled\":true}" : "logins need no code any more") << "\n";
        return {};
    });
}

Exit renew(const GlobalOptions& global, const MfaOptions& options) {
    auto proof = read_proof(options);
    if (!proof) {
        return report(proof.error());
    }
    return with_client(global, [&](ApiClient& client) -> Result<void> {
        const auto answer = client.call(
            {"POST", {"auth", "second-factor", "recovery-codes"}, {}, {}, std::move(*proof)});
        if (!answer) {
            return fail(answer.error());
        }
        print_codes(global, *answer);
        return {};
    });
}

Exit reset(const GlobalOptions& global, const MfaOptions& options) {
    return with_client(global, [&](ApiClient& client) -> Result<void> {
        const auto answer = client.call({"DELETE", {"principals", options.name, "second-factor"}});
        if (!answer) {
            return fail(answer.error());
        }
        if (global.json) {
            std::cout << "{\"reset\":true}\n";
        } else {
            std::cout << "took the second factor of " << printable(options.name)
                      << " away; its sessions are over\n";
        }
        return {};
    });
}

void add_proof(CLI::App* command, MfaOptions& options) {
    command->add_option(kPasswordFile, options.password_file, kPasswordFileHelp)
        ->type_name(kFileType);
    command->add_option("--code", options.code,
                        "Six digits of the app, or a recovery code [asked for on the terminal]");
}

}  // namespace

void add_auth_mfa_commands(const CommandLine& line, CLI::App* group) {
    auto options = std::make_shared<MfaOptions>();
    CLI::App* mfa = group->add_subcommand("mfa", "A second factor: codes of an authenticator app");
    mfa->require_subcommand(1);
    mfa->footer("Examples:\n  pgmind auth mfa enrol\n  pgmind auth mfa status");

    CLI::App* state = mfa->add_subcommand("status", "Whether you have one");
    state->footer("Examples:\n  pgmind auth mfa status");
    run_when_parsed(line, state, options, status);

    CLI::App* enrolment = mfa->add_subcommand("enrol", "Show a secret as QR code, and confirm it");
    enrolment->add_option(kPasswordFile, options->password_file, kPasswordFileHelp)
        ->type_name(kFileType);
    enrolment
        ->add_option("--png", options->png_file,
                     "File for the QR code as a picture, readable by you alone [the terminal]")
        ->type_name(kFileType);
    enrolment->footer("Examples:\n  pgmind auth mfa enrol\n  pgmind auth mfa enrol --png code.png");
    run_when_parsed(line, enrolment, options, enrol);

    CLI::App* confirmation = mfa->add_subcommand("confirm", "Confirm it with a code of the app");
    confirmation->add_option("code", options->code, "Six digits; good for once")->required();
    confirmation->footer("Examples:\n  pgmind auth mfa confirm 123456");
    run_when_parsed(line, confirmation, options, confirm_code);

    CLI::App* ending = mfa->add_subcommand("disable", "End it; logins need the password alone");
    add_proof(ending, *options);
    ending->footer("Examples:\n  pgmind auth mfa disable");
    run_when_parsed(line, ending, options, disable);

    CLI::App* recovery = mfa->add_subcommand("recovery", "Get new recovery codes for the old ones");
    add_proof(recovery, *options);
    recovery->footer("Examples:\n  pgmind auth mfa recovery");
    run_when_parsed(line, recovery, options, renew);

    CLI::App* taking = mfa->add_subcommand("reset", "Take it from another who lost app and codes");
    taking->add_option("name", options->name, "Name of the user")->required();
    taking->footer("Examples:\n  pgmind auth mfa reset ann");
    run_when_parsed(line, taking, options, reset);
}

}  // namespace pgmind::app
