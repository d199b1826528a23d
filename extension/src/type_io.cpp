// Text and binary input and output of the type.

#include <cstring>

#include "parse.hpp"
#include "vector.hpp"

namespace pgmind {
namespace {

// How much of a bad input an error message repeats, and what tells that there was more.
constexpr std::size_t excerpt_bytes_max = 40;
constexpr char ellipsis[] = "...";

struct Excerpt {
    char text[excerpt_bytes_max + sizeof(ellipsis)];
};

// The beginning of `text`, cut between characters: a bad vector can be 200 KB long.
Excerpt excerpt_of(const char* text, std::size_t length) {
    const auto kept = static_cast<std::size_t>(
        pg_mbcliplen(text, static_cast<int>(length), static_cast<int>(excerpt_bytes_max)));
    Excerpt excerpt = {};
    memcpy(excerpt.text, text, kept);
    if (kept < length) {
        memcpy(excerpt.text + kept, ellipsis, sizeof(ellipsis));
    }
    return excerpt;
}

const char* describe_syntax(ParseError error) {
    switch (error) {
        case ParseError::no_opening_bracket:
            return "Expected \"[\"";
        case ParseError::unterminated:
            return "Expected more, but the text ends";
        case ParseError::no_separator:
            return "Expected \",\" or \"]\"";
        case ParseError::trailing_junk:
            return "Expected nothing after \"]\", but there is more";
        default:
            return "Expected a number";
    }
}

// Raises, or with a soft-error context (PostgreSQL 16) records, why `text` is no vector.
void report_text_error(const ParseOutcome& outcome, const char* text, Node* escontext) {
    const int element = outcome.dimensions + 1;
    switch (outcome.error) {
        case ParseError::no_element:
            errsave(escontext, (errcode(ERRCODE_DATA_EXCEPTION),
                                errmsg("ruvector must have at least 1 dimension, not 0")));
            return;
        case ParseError::not_a_number:
        case ParseError::infinite:
            errsave(escontext,
                    (errcode(ERRCODE_DATA_EXCEPTION),
                     errmsg("%s is not allowed in ruvector (element %d)",
                            outcome.error == ParseError::infinite ? "infinity" : "NaN", element)));
            return;
        case ParseError::number_out_of_range: {
            const char* number = text + outcome.offset;
            const Excerpt excerpt = excerpt_of(number, strcspn(number, ", ]\t\n\r\v\f"));
            errsave(escontext, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
                                errmsg("element %d is out of range for type ruvector: \"%s\"",
                                       element, excerpt.text)));
            return;
        }
        default: {
            const Excerpt excerpt = excerpt_of(text, strlen(text));
            ereturn(
                escontext, ,
                (errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
                 errmsg("invalid input syntax for type ruvector: \"%s\"", excerpt.text),
                 errdetail("%s at byte %zu.", describe_syntax(outcome.error), outcome.offset + 1)));
            return;
        }
    }
}

void raise_binary_error(const ParseOutcome& outcome, std::size_t bytes) {
    switch (outcome.error) {
        case ParseError::header_too_short:
            ereport(ERROR,
                    (errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
                     errmsg("invalid binary ruvector: expected at least 8 bytes, not %zu", bytes)));
            break;
        case ParseError::length_mismatch:
            ereport(
                ERROR,
                (errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
                 errmsg(
                     "invalid binary ruvector: expected %d bytes for dimension count %d, not %zu",
                     4 + 4 * outcome.dimensions, outcome.dimensions, bytes)));
            break;
        case ParseError::reserved_not_zero:
            ereport(ERROR, (errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
                            errmsg("invalid binary ruvector: expected 0 in the reserved field, "
                                   "not %d",
                                   outcome.reserved)));
            break;
        case ParseError::not_a_number:
        case ParseError::infinite:
            ereport(ERROR, (errcode(ERRCODE_DATA_EXCEPTION),
                            errmsg("%s is not allowed in ruvector (element %zu)",
                                   outcome.error == ParseError::infinite ? "infinity" : "NaN",
                                   outcome.offset + 1)));
            break;
        default:
            check_dimensions(outcome.dimensions);
    }
}

// Digits of the longest float ("-1.17549435e-38"), the comma included.
constexpr std::size_t text_bytes_per_element_max = FLOAT_SHORTEST_DECIMAL_LEN + 1;

}  // namespace

PGMIND_FUNCTION(ruvector_in) {
    const char* text = PG_GETARG_CSTRING(0);
    const int32 typmod = PG_GETARG_INT32(2);
    Node* escontext = fcinfo->context;
    const std::string_view view(text);
    const std::size_t elements = count_text_elements(view);
    if (elements > dimensions_max) {
        ereturn(escontext, static_cast<Datum>(0),
                (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
                 errmsg("ruvector cannot have more than %d dimensions, not %zu", dimensions_max,
                        elements)));
    }
    Vector* result = new_vector(static_cast<int>(elements));
    const ParseOutcome outcome = parse_text(view, result->span());
    if (outcome.error != ParseError::none) {
        report_text_error(outcome, text, escontext);
        PG_RETURN_NULL();
    }
    if (!matches_typmod(outcome.dimensions, typmod, escontext)) {
        PG_RETURN_NULL();
    }
    PG_RETURN_POINTER(result);
}

PGMIND_FUNCTION(ruvector_out) {
    const Vector* vector = vector_argument(fcinfo, 0);
    const std::span<const float> values = vector->span();
    auto* text = static_cast<char*>(palloc(values.size() * text_bytes_per_element_max + 3));
    char* at = text;
    for (const float value : values) {
        *at++ = at == text ? '[' : ',';
        at += float_to_shortest_decimal_bufn(value, at);
    }
    *at++ = ']';
    *at = '\0';
    PG_RETURN_CSTRING(text);
}

PGMIND_FUNCTION(ruvector_recv) {
    auto* buffer = reinterpret_cast<StringInfo>(PG_GETARG_POINTER(0));
    const int32 typmod = PG_GETARG_INT32(2);
    const int length = buffer->len - buffer->cursor;
    // Consumes the whole field, so that nothing can be left over.
    const char* bytes = pq_getmsgbytes(buffer, length);
    const std::span<const std::byte> input(reinterpret_cast<const std::byte*>(bytes),
                                           static_cast<std::size_t>(length));
    const ParseOutcome header = parse_binary_header(input);
    if (header.error != ParseError::none) {
        raise_binary_error(header, input.size());
    }
    matches_typmod(header.dimensions, typmod, nullptr);
    Vector* result = new_vector(header.dimensions);
    const ParseOutcome elements = parse_binary_elements(input, result->span());
    if (elements.error != ParseError::none) {
        raise_binary_error(elements, input.size());
    }
    PG_RETURN_POINTER(result);
}

PGMIND_FUNCTION(ruvector_send) {
    const Vector* vector = vector_argument(fcinfo, 0);
    StringInfoData buffer;
    pq_begintypsend(&buffer);
    pq_sendint16(&buffer, static_cast<uint16>(vector->dimensions));
    pq_sendint16(&buffer, static_cast<uint16>(vector->reserved));
    for (const float value : vector->span()) {
        pq_sendfloat4(&buffer, value);
    }
    PG_RETURN_BYTEA_P(pq_endtypsend(&buffer));
}

}  // namespace pgmind
