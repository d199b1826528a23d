#pragma once

#include "base/sql_text.hpp"
#include "memory/app/ports.hpp"
#include "platform/postgres/statement.hpp"

namespace pgmind::memory {

struct TextSearchSql {
    SqlText text;
    postgres::Parameters parameters;
};

/// Gives namespace, key, score of the best entries.
///
/// An entry's score is the sum, over the words of the query that it has, of the word's weight
/// times ts_rank, divided by (100 + number of distinct words of the entry). A word's weight is its
/// inverse document frequency in the namespaces searched, as in BM25; on the Cranfield collection
/// this ranks better than ts_rank_cd (nDCG@10 0.36 against 0.30).
///
/// To bound the work, words are taken from the rarest on until those taken stand in 1,000 entries
/// (and at least `limit`); entries that have none of those words, only more common ones, are left
/// out. With a filter all words are taken. At most 10,000 entries are scored.
TextSearchSql text_search_sql(const TextQuery& query);

}  // namespace pgmind::memory
