#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "platform/postgres/connection_options.hpp"

namespace pgmind::postgres {

/// One section of a connection service file.
struct ConnectionService {
    std::string name;
    ConnectionOptions options;
};

/// Reads the text of a connection service file, as libpq has it (pg_service.conf: sections in
/// brackets, one keyword=value a line), in its order. Each names one host. What a section leaves
/// out is the environment's (PGPASSFILE, PGSSLMODE, ...) or libpq's default; only ~/.pgpass and the
/// environment are asked for a password that is not there. invalid_argument, with the line's
/// number, otherwise.
Result<std::vector<ConnectionService>> read_connection_services(std::string_view text);

}  // namespace pgmind::postgres
