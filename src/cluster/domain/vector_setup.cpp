#include "cluster/domain/vector_setup.hpp"

#include <charconv>
#include <string_view>

#include "cluster/api/errors.hpp"

namespace pgmind::cluster {
namespace {

int leading_number(std::string_view text) {
    int number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

// "0.8.6" has 0 and 8.
bool is_old(std::string_view version) {
    const std::size_t point = version.find('.');
    const int minor =
        point == std::string_view::npos ? 0 : leading_number(version.substr(point + 1));
    return leading_number(version) == 0 && minor < 8;
}

bool offered(const ExtensionFacts& facts) {
    return !facts.installed.empty() || !facts.available.empty();
}

Result<VectorExtension> choose(const VectorFacts& facts, std::optional<VectorExtension> wanted) {
    if (facts.on_pgvector || !facts.pgmind.installed.empty()) {
        const auto has = facts.on_pgvector ? VectorExtension::pgvector : VectorExtension::pgmind;
        if (wanted && *wanted != has) {
            return fail(Errc::invalid_request,
                        "the database keeps its vectors with the extension " +
                            std::string(name_of(has)) + ", which cannot be changed to " +
                            std::string(name_of(*wanted)),
                        "cluster.vectors");
        }
        return has;
    }
    if (offered(facts.pgmind) && wanted != VectorExtension::pgvector) {
        return VectorExtension::pgmind;
    }
    if (offered(facts.pgvector) && wanted != VectorExtension::pgmind) {
        return VectorExtension::pgvector;
    }
    const std::string ours =
        "the extension pgmind is not installed in this PostgreSQL: run scripts/install-extension";
    const std::string other = "the extension vector (pgvector, " + std::string(kPgvectorOldest) +
                              " or newer) is not installed in this PostgreSQL";
    if (wanted) {
        return fail(Errc::not_installed, *wanted == VectorExtension::pgmind ? ours : other);
    }
    return fail(Errc::not_installed, ours + " (where that is not possible: " + other + " either)");
}

Result<VectorSetup> set_up_pgvector(const VectorFacts& facts) {
    const ExtensionFacts& has = facts.pgvector;
    VectorSetup setup{VectorExtension::pgvector, {}, !facts.on_pgvector};
    if (has.installed.empty()) {
        setup.statements.emplace_back("CREATE EXTENSION vector SCHEMA public");
    } else if (is_old(has.installed)) {
        setup.statements.emplace_back("ALTER EXTENSION vector UPDATE");
    }
    if (!setup.statements.empty() && is_old(has.available)) {
        return fail(Errc::version_mismatch,
                    "this PostgreSQL has pgvector " +
                        (has.available.empty() ? has.installed : has.available) +
                        ": pgmind needs " + kPgvectorOldest + " or newer");
    }
    // pgmind looks for types and operators in its own schema and in public only.
    if (!has.installed.empty() && has.schema != "public") {
        setup.statements.emplace_back("ALTER EXTENSION vector SET SCHEMA public");
    }
    return setup;
}

}  // namespace

Result<VectorSetup> plan_vectors(const VectorFacts& facts, std::optional<VectorExtension> wanted) {
    const Result<VectorExtension> chosen = choose(facts, wanted);
    if (!chosen) {
        return fail(chosen.error());
    }
    if (*chosen == VectorExtension::pgvector) {
        return set_up_pgvector(facts);
    }
    VectorSetup setup;
    if (facts.pgmind.installed.empty()) {
        setup.statements.emplace_back("CREATE EXTENSION pgmind SCHEMA public");
    } else if (!facts.pgmind.available.empty() &&
               facts.pgmind.installed != facts.pgmind.available) {
        setup.statements.emplace_back("ALTER EXTENSION pgmind UPDATE");
    }
    return setup;
}

}  // namespace pgmind::cluster
