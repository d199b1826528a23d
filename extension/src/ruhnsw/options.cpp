// Settings (ruvector.*) and the options of CREATE INDEX ... WITH (...).

#include "ruhnsw/handler.hpp"

namespace pgmind::ruhnsw {

int ef_search_setting = ef_search_default;
int iterative_scan_setting = static_cast<int>(IterativeScan::strict_order);
int max_scan_tuples_setting = 20000;

namespace {

constexpr int m_default = 16;
constexpr int m_min = 2;
constexpr int m_max = 100;
constexpr int ef_construction_default = 200;
constexpr int ef_construction_min = 4;
constexpr int scan_tuples_max = INT_MAX;

// Given by PostgreSQL when the library is loaded.
relopt_kind option_kind;

struct Options {
    int32 varlena_header;
    int m;
    int ef_construction;
};

const config_enum_entry iterative_scan_options[] = {
    {"off", static_cast<int>(IterativeScan::off), false},
    {"strict_order", static_cast<int>(IterativeScan::strict_order), false},
    {"relaxed_order", static_cast<int>(IterativeScan::relaxed_order), false},
    {nullptr, 0, false},
};

}  // namespace

void define_index_settings() {
    DefineCustomIntVariable(
        "ruvector.ef_search",
        "Nodes that a search of a ruhnsw index keeps before it returns the first.",
        "More find more of the true nearest, in more time.", &ef_search_setting, ef_search_default,
        1, ef_max, PGC_USERSET, 0, nullptr, nullptr, nullptr);
    DefineCustomEnumVariable(
        "ruvector.iterative_scan",
        "Whether a search goes on when more than ruvector.ef_search rows are needed.",
        "\"strict_order\" leaves out a row found too late for its place, \"relaxed_order\" returns "
        "it late.",
        &iterative_scan_setting, static_cast<int>(IterativeScan::strict_order),
        iterative_scan_options, PGC_USERSET, 0, nullptr, nullptr, nullptr);
    DefineCustomIntVariable(
        "ruvector.max_scan_tuples", "Nodes that one search of a tenant's graph visits at most.",
        "It bounds time and memory of searches that go on for more rows.", &max_scan_tuples_setting,
        20000, 1, scan_tuples_max, PGC_USERSET, 0, nullptr, nullptr, nullptr);
    option_kind = add_reloption_kind();
    add_int_reloption(option_kind, "m",
                      "Links of a node in each level, twice as many in the lowest.", m_default,
                      m_min, m_max, AccessExclusiveLock);
    add_int_reloption(option_kind, "ef_construction",
                      "Nodes that an insert considers as neighbours.", ef_construction_default,
                      ef_construction_min, ef_max, ShareUpdateExclusiveLock);
}

int m_of(Relation index) {
    const auto* options = reinterpret_cast<const Options*>(index->rd_options);
    return options != nullptr ? options->m : m_default;
}

int ef_construction_of(Relation index) {
    const auto* options = reinterpret_cast<const Options*>(index->rd_options);
    return options != nullptr ? options->ef_construction : ef_construction_default;
}

bytea* parse_options(Datum options, bool validate) {
    static const relopt_parse_elt elements[] = {
        {"m", RELOPT_TYPE_INT, offsetof(Options, m)},
        {"ef_construction", RELOPT_TYPE_INT, offsetof(Options, ef_construction)},
    };
    return static_cast<bytea*>(build_reloptions(options, validate, option_kind, sizeof(Options),
                                                elements, lengthof(elements)));
}

}  // namespace pgmind::ruhnsw
