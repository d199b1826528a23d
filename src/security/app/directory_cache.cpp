#include "security/app/directory_cache.hpp"

#include "security/api/errors.hpp"

namespace pgmind::security {

void DirectoryCache::publish(std::shared_ptr<const Directory> directory, SteadyTime confirmed_at) {
    {
        const std::lock_guard lock(mutex_);
        directory_ = std::move(directory);
        generation_.fetch_add(1, std::memory_order_release);
    }
    confirm(confirmed_at);
}

void DirectoryCache::confirm(SteadyTime confirmed_at) {
    confirmed_at_.store(confirmed_at.time_since_epoch().count(), std::memory_order_release);
}

std::shared_ptr<const Directory> DirectoryCache::newest() const {
    const std::lock_guard lock(mutex_);
    return directory_;
}

Result<const Directory*> DirectoryReader::current(SteadyTime now) {
    const std::uint64_t generation = cache_.generation();
    if (generation != generation_) {
        directory_ = cache_.newest();
        generation_ = generation;
    }
    if (directory_ == nullptr || now - cache_.confirmed_at() > age_max_) {
        return fail(Errc::directory_stale,
                    "the coordinator was not reached for too long to trust the permissions in "
                    "memory");
    }
    return directory_.get();
}

}  // namespace pgmind::security
