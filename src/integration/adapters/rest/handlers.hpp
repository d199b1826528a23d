#pragma once

#include "integration/adapters/rest/route.hpp"

namespace pgmind::integration::rest {

// One function for each row of the table (routes.hpp), in the files named beside them.

// entries.cpp
Task<Result<Reply>> store_entry(Call& call);
Task<Result<Reply>> get_entry(Call& call);
Task<Result<Reply>> delete_entry(Call& call);
// entry_lists.cpp
Task<Result<Reply>> list_entries(Call& call);
Task<Result<Reply>> query_entries(Call& call);
// search.cpp
Result<std::vector<std::string>> namespaces_of_search(Call& call);
Task<Result<Reply>> search_entries(Call& call);
// namespaces.cpp
Task<Result<Reply>> list_namespaces(Call& call);
Task<Result<Reply>> put_namespace(Call& call);
Task<Result<Reply>> get_namespace(Call& call);
Task<Result<Reply>> delete_namespace(Call& call);
Task<Result<Reply>> rotate_namespace_key(Call& call);
Task<Result<Reply>> shred_namespace(Call& call);
// secrets.cpp
Task<Result<Reply>> list_secrets(Call& call);
Task<Result<Reply>> rotate_passwords(Call& call);
Task<Result<Reply>> rotate_certificates(Call& call);
Task<Result<Reply>> rotate_kek(Call& call);
// import.cpp, export.cpp: of the namespace in the path, or of all
Task<Result<Reply>> import_entries(Call& call);
Task<Result<Reply>> export_entries(Call& call);
// principals.cpp
Task<Result<Reply>> list_principals(Call& call);
Task<Result<Reply>> create_principal(Call& call);
Task<Result<Reply>> put_grants(Call& call);
Task<Result<Reply>> disable_principal(Call& call);
Task<Result<Reply>> list_keys(Call& call);
Task<Result<Reply>> create_key(Call& call);
Task<Result<Reply>> revoke_key(Call& call);
// sql_logins.cpp
Task<Result<Reply>> enable_sql(Call& call);
Task<Result<Reply>> disable_sql(Call& call);
// explain.cpp
Task<Result<Reply>> explain_access(Call& call);
// auth.cpp
Task<Result<Reply>> log_in(Call& call);
Task<Result<Reply>> change_password(Call& call);
Task<Result<Reply>> list_own_sessions(Call& call);
Task<Result<Reply>> revoke_own_session(Call& call);
Task<Result<Reply>> set_password(Call& call);
Task<Result<Reply>> list_sessions(Call& call);
Task<Result<Reply>> revoke_session(Call& call);
// second_factor.cpp
Task<Result<Reply>> second_factor_status(Call& call);
Task<Result<Reply>> enrol_second_factor(Call& call);
Task<Result<Reply>> confirm_second_factor(Call& call);
Task<Result<Reply>> disable_second_factor(Call& call);
Task<Result<Reply>> renew_recovery_codes(Call& call);
Task<Result<Reply>> reset_second_factor(Call& call);
// observation.cpp
Task<Result<Reply>> who_am_i(Call& call);
Task<Result<Reply>> cluster_status(Call& call);
Task<Result<Reply>> statistics(Call& call);
Task<Result<Reply>> query_audit(Call& call);
Task<Result<Reply>> get_trace(Call& call);
// service.cpp
Task<Result<Reply>> landing_page(Call& call);
Task<Result<Reply>> openapi_document(Call& call);
Task<Result<Reply>> alive(Call& call);
Task<Result<Reply>> ready(Call& call);
Task<Result<Reply>> scrape_metrics(Call& call);

}  // namespace pgmind::integration::rest
