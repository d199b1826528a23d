#pragma once

#include <memory>

#include "platform/postgres/pool.hpp"
#include "security/app/rate_exchange.hpp"

namespace pgmind::security {

inline constexpr std::string_view kUsageChannelName = "pgmind_rates";

/// NOTIFY on the coordinator's primary; the pool outlives it.
std::unique_ptr<UsageChannel> make_postgres_usage_channel(postgres::Pool& coordinator);

}  // namespace pgmind::security
