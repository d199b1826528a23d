#include "security/domain/attempt_limiter.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <optional>

namespace pgmind::security {
namespace {

constexpr std::string_view kMapped = "::ffff:";

// The groups of one side of an IPv6 address; false when it is none.
struct Groups {
    std::array<std::string_view, 8> text;
    std::size_t count = 0;
};
std::optional<Groups> split(std::string_view side) {
    Groups groups;
    while (!side.empty()) {
        const std::size_t end = std::min(side.find(':'), side.size());
        if (groups.count == groups.text.size() || end == 0 || end > 4) {
            return std::nullopt;
        }
        groups.text[groups.count++] = side.substr(0, end);
        side.remove_prefix(std::min(end + 1, side.size()));
    }
    return groups;
}

std::string without_zeros(std::string_view group) {
    const std::size_t first = group.find_first_not_of('0');
    return first == std::string_view::npos ? "0" : std::string(group.substr(first));
}

}  // namespace

std::string counted_address(std::string_view remote_address) {
    const std::string_view address = remote_address.substr(0, remote_address.find('%'));
    if (address.find(':') == std::string_view::npos) {
        return std::string(address);
    }
    if (address.starts_with(kMapped) && address.find('.') != std::string_view::npos) {
        return std::string(address.substr(kMapped.size()));
    }
    const std::size_t gap = address.find("::");
    const auto before = split(address.substr(0, gap));
    const auto after = split(gap == std::string_view::npos ? "" : address.substr(gap + 2));
    if (!before || !after || before->count + after->count > 8) {
        return std::string(address);
    }
    std::string network;
    for (std::size_t i = 0; i < 4; ++i) {
        const std::size_t from_end = 8 - i;
        std::string_view group = "0";
        if (i < before->count) {
            group = before->text[i];
        } else if (from_end <= after->count) {
            group = after->text[after->count - from_end];
        }
        network += without_zeros(group) + ":";
    }
    return network + ":/64";
}

AttemptLimiter::AttemptLimiter(AttemptLimits limits) : limits_(limits) {
    others_.tokens = limits.burst;
    total_.tokens = limits.total_burst;
}

void AttemptLimiter::fill(Bucket& bucket, double burst, double per_second, SteadyTime now) {
    if (bucket.filled_at != SteadyTime{} && now > bucket.filled_at) {
        const std::chrono::duration<double> passed = now - bucket.filled_at;
        bucket.tokens = std::min(burst, bucket.tokens + passed.count() * per_second);
    }
    bucket.filled_at = std::max(bucket.filled_at, now);
}

AttemptLimiter::Bucket& AttemptLimiter::bucket_of(std::string_view remote_address, SteadyTime now) {
    std::string address = counted_address(remote_address);
    if (const auto found = buckets_.find(address); found != buckets_.end()) {
        return found->second;
    }
    if (buckets_.size() >= limits_.addresses_max) {
        // A bucket that is full again says nothing.
        const std::chrono::duration<double> full_after(limits_.burst / limits_.per_second);
        std::erase_if(buckets_, [&](const auto& entry) {
            return now - entry.second.filled_at >= full_after;
        });
    }
    if (buckets_.size() >= limits_.addresses_max) {
        return others_;
    }
    return buckets_.emplace(std::move(address), Bucket{limits_.burst, now}).first->second;
}

std::chrono::milliseconds AttemptLimiter::admit(std::string_view remote_address, SteadyTime now) {
    Bucket& bucket = bucket_of(remote_address, now);
    fill(bucket, limits_.burst, limits_.per_second, now);
    fill(total_, limits_.total_burst, limits_.total_per_second, now);
    if (bucket.tokens >= 1 && total_.tokens >= 1) {
        bucket.tokens -= 1;
        total_.tokens -= 1;
        return std::chrono::milliseconds(0);
    }
    const double own = std::max(0.0, 1 - bucket.tokens) / limits_.per_second;
    const double all = std::max(0.0, 1 - total_.tokens) / limits_.total_per_second;
    const double milliseconds = std::ceil(std::max(own, all) * 1'000);
    return std::chrono::milliseconds(
        std::max<std::int64_t>(1, static_cast<std::int64_t>(milliseconds)));
}

}  // namespace pgmind::security
