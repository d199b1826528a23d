#pragma once

// PostgreSQL's headers are C; this file and ruhnsw/postgres_access.hpp are the only ones that
// include them. C++ headers come first, so that none is read inside extern "C".
//
// Rules for the code that uses them: an ereport(ERROR) is a longjmp, so no object with a
// destructor may be alive across a call that can raise one; memory comes from palloc; nothing
// throws (the library is compiled without exceptions).
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>

// clang-format off: postgres.h must be the first.
extern "C" {
#include "postgres.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "common/shortest_dec.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "libpq/pqformat.h"
#include "mb/pg_wchar.h"
#include "nodes/nodes.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"
#if PG_VERSION_NUM >= 160000
#include "nodes/miscnodes.h"
#include "varatt.h"
#endif
}
// clang-format on

// Before 16 there are no soft errors: every bad input is raised.
#if PG_VERSION_NUM < 160000
#define errsave(context, ...)        \
    do {                             \
        (void)(context);             \
        ereport(ERROR, __VA_ARGS__); \
    } while (0)
#define ereturn(context, value, ...) \
    do {                             \
        (void)(context);             \
        ereport(ERROR, __VA_ARGS__); \
    } while (0)
#endif

// Defines a function that CREATE FUNCTION ... LANGUAGE C can name. All else in the library is
// hidden.
#define PGMIND_FUNCTION(name)                            \
    _Pragma("GCC visibility push(default)") extern "C" { \
        PG_FUNCTION_INFO_V1(name);                       \
    }                                                    \
    _Pragma("GCC visibility pop") extern "C" Datum name([[maybe_unused]] PG_FUNCTION_ARGS)
