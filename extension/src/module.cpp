// What PostgreSQL calls when it loads the library, and the library's version.

#include "postgres.hpp"
#include "ruhnsw/handler.hpp"
#include "simd.hpp"

_Pragma("GCC visibility push(default)") extern "C" {
    PG_MODULE_MAGIC;
    void _PG_init();
}
_Pragma("GCC visibility pop")

    extern "C" void _PG_init() {
    pgmind::define_simd_setting();
    pgmind::ruhnsw::define_index_settings();
    pgmind::ruhnsw::install_planner_hook();
    // From here on a misspelt ruvector.* setting is an error.
    MarkGUCPrefixReserved("ruvector");
}

// The version of the loaded library; pg_extension.extversion is that of the SQL objects.
PGMIND_FUNCTION(ruvector_version) {
    PG_RETURN_TEXT_P(cstring_to_text(PGMIND_EXTENSION_VERSION));
}
