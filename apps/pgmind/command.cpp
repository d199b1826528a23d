#include "command.hpp"

#include <iostream>

#include "output/text.hpp"

namespace pgmind::app {

Exit exit_of(Failure failure) {
    switch (failure) {
        case Failure::invalid_argument:
        case Failure::payload_too_large:
        case Failure::not_supported:
            return Exit::usage;
        case Failure::not_found:
            return Exit::not_found;
        case Failure::unauthenticated:
        case Failure::permission_denied:
            return Exit::denied;
        case Failure::unavailable:
        case Failure::deadline_exceeded:
        case Failure::resource_exhausted:
        case Failure::outcome_unknown:
            return Exit::unavailable;
        case Failure::already_exists:
        case Failure::version_conflict:
            return Exit::conflict;
        case Failure::internal:
            break;
    }
    return Exit::failure;
}

Exit report(const Error& error) {
    std::string line;
    if (!error.field.empty() && error.detail.find(error.field) == std::string::npos) {
        line += error.field + ": ";
    }
    line += error.detail;
    if (!error.reason.empty()) {
        line += " (" + error.reason + ")";
    }
    std::cerr << "error: " << printable(line) << "\n";
    return exit_of(error.failure());
}

Exit report(const Error& error, const Endpoint& endpoint) {
    const Exit exit = report(error);
    if (endpoint.from_login && error.is(Failure::unauthenticated) && error.reason.empty()) {
        std::cerr << "the session that pgmind auth login began is over: log in again, or end it "
                     "with pgmind auth logout\n";
    }
    return exit;
}

bool report_problems(const std::vector<config::Problem>& problems) {
    for (const config::Problem& problem : problems) {
        std::cerr << "error: " << printable(problem.where + ": " + problem.message) << "\n";
    }
    return !problems.empty();
}

}  // namespace pgmind::app
