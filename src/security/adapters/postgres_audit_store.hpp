#pragma once

#include <memory>

#include "platform/postgres/pool.hpp"
#include "platform/postgres/session.hpp"
#include "security/adapters/audit_seal.hpp"
#include "security/app/ports.hpp"

namespace pgmind::security {

/// AuditStore on the schema pgmind_audit of the coordinator: leaves and checkpoints. Appending and
/// querying have pools of their own, so that no slow query stands in the way of a record that a
/// reply waits for. All outlive it.
std::unique_ptr<AuditStore> make_postgres_audit_store(postgres::Pool& for_append,
                                                      postgres::Pool& for_queries, AuditSeal& seal);

std::unique_ptr<PendingAudit> make_postgres_pending_audit(postgres::Pool& pool);

/// Inserts records inside the transaction that `session` has open: they become durable, or do not,
/// together with what else it does. A gateway
/// makes leaves of them later (PendingAudit).
Task<Result<void>> insert_audit_records(postgres::Session& session,
                                        const std::vector<AuditRecord>& records, Deadline deadline);

}  // namespace pgmind::security
