#pragma once

#include <functional>
#include <string_view>

#include "async/task.hpp"
#include "platform/postgres/connection_options.hpp"

namespace pgmind::security {

/// Takes one line without its end; a failure ends the export with that error.
using ExportSink = std::function<Result<void>(std::string_view line)>;

/// Reads the whole audit log, as of one moment, as lines of JSON: log by log, its leaves in order
/// and each checkpoint after the leaves that it covers; at last the records of changes that are in
/// no log yet. The connection's role needs to read the schema pgmind_audit (pgmind_gateway and
/// pgmind_auditor do). Blocks no loop but `sink`, which is called on the awaiting one.
Task<Result<void>> export_audit_log(postgres::ConnectionOptions database, ExportSink sink,
                                    Deadline deadline);

}  // namespace pgmind::security
