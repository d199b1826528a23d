// sum and avg. The state is one array of doubles, updated in place: exact enough for any number
// of rows, and no allocation per row. Parallel workers hand it over serialized.

#include "vector.hpp"

namespace pgmind {
namespace {

struct SumState {
    int64 count;
    int64 dimensions;

    double* sums() { return reinterpret_cast<double*>(this + 1); }
};

SumState* new_state(MemoryContext context, int64 dimensions) {
    const std::size_t bytes =
        sizeof(SumState) + sizeof(double) * static_cast<std::size_t>(dimensions);
    auto* state = static_cast<SumState*>(MemoryContextAllocZero(context, bytes));
    state->dimensions = dimensions;
    return state;
}

MemoryContext aggregate_context(FunctionCallInfo fcinfo) {
    MemoryContext context = nullptr;
    if (AggCheckCallContext(fcinfo, &context) == 0) {
        ereport(ERROR, (errcode(ERRCODE_WRONG_OBJECT_TYPE),
                        errmsg("aggregate support function called outside of an aggregate")));
    }
    return context;
}

SumState* state_argument(FunctionCallInfo fcinfo, int index) {
    return PG_ARGISNULL(index) ? nullptr : reinterpret_cast<SumState*>(PG_GETARG_POINTER(index));
}

void check_state_dimensions(const SumState* state, int64 dimensions) {
    if (state->dimensions != dimensions) {
        ereport(ERROR, (errcode(ERRCODE_DATA_EXCEPTION),
                        errmsg("different ruvector dimensions %d and %d",
                               static_cast<int>(state->dimensions), static_cast<int>(dimensions))));
    }
}

// The sums divided by `divisor`, as a vector.
Vector* vector_of_sums(SumState* state, double divisor) {
    Vector* result = new_vector(static_cast<int>(state->dimensions));
    for (int64 i = 0; i < state->dimensions; ++i) {
        result->values()[i] = static_cast<float>(state->sums()[i] / divisor);
    }
    check_no_overflow(result);
    return result;
}

}  // namespace

// (state, vector); NULL vectors are skipped.
PGMIND_FUNCTION(ruvector_accumulate) {
    MemoryContext context = aggregate_context(fcinfo);
    SumState* state = state_argument(fcinfo, 0);
    if (PG_ARGISNULL(1)) {
        if (state == nullptr) {
            PG_RETURN_NULL();
        }
        PG_RETURN_POINTER(state);
    }
    const Vector* vector = vector_argument(fcinfo, 1);
    if (state == nullptr) {
        state = new_state(context, vector->dimensions);
    }
    check_state_dimensions(state, vector->dimensions);
    ++state->count;
    double* sums = state->sums();
    const float* values = vector->values();
    for (int i = 0; i < vector->dimensions; ++i) {
        sums[i] += static_cast<double>(values[i]);
    }
    PG_RETURN_POINTER(state);
}

// (state, state): what two workers gathered.
PGMIND_FUNCTION(ruvector_combine) {
    MemoryContext context = aggregate_context(fcinfo);
    SumState* into = state_argument(fcinfo, 0);
    SumState* from = state_argument(fcinfo, 1);
    if (from == nullptr) {
        if (into == nullptr) {
            PG_RETURN_NULL();
        }
        PG_RETURN_POINTER(into);
    }
    if (into == nullptr) {
        into = new_state(context, from->dimensions);
    }
    check_state_dimensions(into, from->dimensions);
    into->count += from->count;
    for (int64 i = 0; i < from->dimensions; ++i) {
        into->sums()[i] += from->sums()[i];
    }
    PG_RETURN_POINTER(into);
}

PGMIND_FUNCTION(ruvector_serialize) {
    aggregate_context(fcinfo);
    SumState* state = state_argument(fcinfo, 0);
    StringInfoData buffer;
    pq_begintypsend(&buffer);
    pq_sendint64(&buffer, static_cast<uint64>(state->count));
    pq_sendint64(&buffer, static_cast<uint64>(state->dimensions));
    for (int64 i = 0; i < state->dimensions; ++i) {
        pq_sendfloat8(&buffer, state->sums()[i]);
    }
    PG_RETURN_BYTEA_P(pq_endtypsend(&buffer));
}

PGMIND_FUNCTION(ruvector_deserialize) {
    aggregate_context(fcinfo);
    bytea* serialized = PG_GETARG_BYTEA_PP(0);
    StringInfoData buffer;
    initStringInfo(&buffer);
    appendBinaryStringInfo(&buffer, VARDATA_ANY(serialized),
                           static_cast<int>(VARSIZE_ANY_EXHDR(serialized)));
    const int64 count = pq_getmsgint64(&buffer);
    const int64 dimensions = pq_getmsgint64(&buffer);
    check_dimensions(dimensions);
    SumState* state = new_state(CurrentMemoryContext, dimensions);
    state->count = count;
    for (int64 i = 0; i < dimensions; ++i) {
        state->sums()[i] = pq_getmsgfloat8(&buffer);
    }
    pq_getmsgend(&buffer);
    pfree(buffer.data);
    PG_RETURN_POINTER(state);
}

PGMIND_FUNCTION(ruvector_sum_final) {
    SumState* state = state_argument(fcinfo, 0);
    if (state == nullptr) {
        PG_RETURN_NULL();
    }
    PG_RETURN_POINTER(vector_of_sums(state, 1.0));
}

PGMIND_FUNCTION(ruvector_avg_final) {
    SumState* state = state_argument(fcinfo, 0);
    if (state == nullptr) {
        PG_RETURN_NULL();
    }
    PG_RETURN_POINTER(vector_of_sums(state, static_cast<double>(state->count)));
}

}  // namespace pgmind
