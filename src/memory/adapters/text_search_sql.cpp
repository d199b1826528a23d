#include "memory/adapters/text_search_sql.hpp"

#include "memory/api/filter_sql.hpp"

namespace pgmind::memory {
namespace {

std::string_view name_of(TextMatch match) {
    switch (match) {
        case TextMatch::all:
            return "all";
        case TextMatch::prefix:
            return "prefix";
        case TextMatch::phrase:
            return "phrase";
        case TextMatch::any:
            break;
    }
    return "any";
}

class Builder {
  public:
    explicit Builder(const TextQuery& query) : query_(query) {}

    TextSearchSql build() {
        const SqlText in_namespaces = selection({"n.namespace"});
        const SqlText in_entries = selection({"e.namespace"});
        const SqlText text = parameter(query_.query);
        const SqlText match = parameter(std::string(name_of(query_.match)));
        const SqlText limit{parameter(std::to_string(query_.limit)), "::bigint"};
        // Entries of a namespace are in its language; where there is but one, nothing is asked.
        const SqlText in_language{
            "(l.only OR EXISTS (SELECT FROM pgmind.namespaces n WHERE n.namespace = e.namespace "
            "AND n.text_language = l.language))"};
        SqlText sql{
            "WITH languages AS MATERIALIZED ("
            "SELECT d.text_language AS language, count(*) OVER () = 1 AS only FROM ("
            "SELECT DISTINCT n.text_language FROM pgmind.namespaces n WHERE ",
            in_namespaces,
            ") d), "
            "counted AS MATERIALIZED ("
            "SELECT l.language, t.query, c.entries FROM languages l, "
            "LATERAL pgmind.text_terms(l.language::regconfig, ",
            text,
            "::text, ",
            match,
            "::text) AS t (query), "
            "LATERAL (SELECT count(*) AS entries FROM ("
            "SELECT FROM pgmind.live_entries e WHERE e.tsv @@ t.query AND ",
            in_entries,
            " AND ",
            in_language,
            " LIMIT 10000) x) c), "
            // The number of entries is not known without counting all; three times those that have
            // the commonest word serves as well.
            "terms AS MATERIALIZED ("
            "SELECT language, query, "
            "ln(1 + (3 * max(entries) OVER all_terms - entries + 0.5) / (entries + 0.5)) "
            "AS weight, "
            "coalesce(sum(entries) OVER rarer, 0) AS entries_before, "
            "coalesce(max(entries) OVER rarer, 0) AS largest_before "
            "FROM counted WHERE entries > 0 "
            "WINDOW all_terms AS (PARTITION BY language), "
            "rarer AS (PARTITION BY language ORDER BY entries, query::text "
            "ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)), "
            "queries AS MATERIALIZED (",
            queries(text, limit),
            ") "
            "SELECT f.namespace, f.key, f.score FROM queries l, LATERAL ("
            "SELECT e.namespace, e.key, (SELECT sum(t.weight * ts_rank(e.tsv, t.query)) "
            "FROM terms t WHERE t.language = l.language) / (100 + length(e.tsv)) AS score "
            "FROM pgmind.live_entries e WHERE e.tsv @@ l.query AND ",
            in_entries,
            " AND ",
            in_language,
            filter(),
            " LIMIT 10000) f "
            "ORDER BY f.score DESC, f.namespace, f.key LIMIT ",
            limit};
        return TextSearchSql{std::move(sql), std::move(parameters_)};
    }

  private:
    SqlText parameter(const std::string& value) {
        parameters_.add(value);
        return SqlText::parameter(next_parameter_++);
    }

    // Namespaces that were named have been held against the access already.
    SqlText selection(const SqlText& column) {
        const std::vector<std::string>& names = query_.selection.names;
        if (names.size() == 1) {
            return {column, " = ", parameter(names[0])};
        }
        if (!names.empty()) {
            parameters_.add_array(names);
            return {column, " = ANY (", SqlText::parameter(next_parameter_++), "::text[])"};
        }
        FilterSql access = compile_access(query_.selection.access, column, next_parameter_);
        for (const std::string& value : access.parameters) {
            parameter(value);
        }
        return access.sql;
    }

    // For each language the query that an entry has to match.
    SqlText queries(const SqlText& text, const SqlText& limit) {
        if (query_.match == TextMatch::all || query_.match == TextMatch::phrase) {
            const SqlText function = query_.match == TextMatch::all ? SqlText{"plainto_tsquery"}
                                                                    : SqlText{"phraseto_tsquery"};
            return {"SELECT l.language, l.only, ", function, "(l.language::regconfig, ", text,
                    "::text) AS query FROM languages l"};
        }
        const SqlText rare =
            query_.filter ? SqlText()
                          : SqlText{" WHERE t.entries_before < 1000 OR t.largest_before < ", limit};
        return {
            "SELECT l.language, l.only, "
            "string_agg('(' || t.query::text || ')', ' | ')::tsquery "
            "AS query FROM languages l JOIN terms t ON t.language = l.language",
            rare, " GROUP BY l.language, l.only"};
    }

    SqlText filter() {
        if (!query_.filter) {
            return {};
        }
        FilterSql filter = compile_filter(*query_.filter, next_parameter_);
        for (const std::string& value : filter.parameters) {
            parameter(value);
        }
        return {" AND ", filter.sql};
    }

    const TextQuery& query_;
    postgres::Parameters parameters_;
    std::size_t next_parameter_ = 1;
};

}  // namespace

TextSearchSql text_search_sql(const TextQuery& query) {
    Builder builder(query);
    return builder.build();
}

}  // namespace pgmind::memory
