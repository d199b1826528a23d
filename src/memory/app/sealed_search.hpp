#pragma once

#include <string>
#include <vector>

#include "memory/api/requests.hpp"
#include "security/api/encryption.hpp"

namespace pgmind::memory {

/// True when a condition looks into metadata, not only at times.
bool reads_metadata(const Filter& filter);

/// What encryption allows of a list: its filter may not look into metadata of an encrypted
/// namespace, and nothing of a shredded one is there.
Result<void> admit_list(const security::Encryption& encryption, const ListRequest& query);

/// How encryption narrows a search.
struct SealedSearch {
    bool vectors_only = false;       ///< the words of the query find nothing where it looks
    std::vector<std::string> notes;  ///< for the answer
};

/// Refuses what cannot be done in the namespaces that the query names; of a query over all that is
/// allowed, takes away (from its access) those that cannot take part, and says so.
Result<SealedSearch> admit_search(const security::Encryption& encryption, SearchRequest& query);

}  // namespace pgmind::memory
