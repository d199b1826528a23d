#include "platform/http/address_counts.hpp"

#include <algorithm>
#include <string_view>

namespace pgmind::http {

AddressCounts::Place& AddressCounts::Place::operator=(Place&& other) noexcept {
    std::swap(counts_, other.counts_);
    std::swap(key_, other.key_);
    return *this;
}

AddressCounts::Place::~Place() {
    if (counts_) {
        counts_->give_back(key_);
    }
}

std::size_t AddressCounts::Hash::operator()(const Key& key) const noexcept {
    return std::hash<std::string_view>()(
        std::string_view(reinterpret_cast<const char*>(key.data()), key.size()));
}

// The first byte tells the families apart; an IPv4 address in IPv6 clothes is an IPv4 address.
AddressCounts::Key AddressCounts::key_of(const boost::asio::ip::address& address) {
    Key key{};
    if (address.is_v4() || address.to_v6().is_v4_mapped()) {
        const auto v4 = address.is_v4() ? address.to_v4()
                                        : boost::asio::ip::make_address_v4(
                                              boost::asio::ip::v4_mapped, address.to_v6());
        const auto bytes = v4.to_bytes();
        key[0] = 4;
        std::copy(bytes.begin(), bytes.end(), key.begin() + 1);
    } else {
        const auto bytes = address.to_v6().to_bytes();
        key[0] = 6;
        std::copy(bytes.begin(), bytes.begin() + 8, key.begin() + 1);
    }
    return key;
}

std::optional<AddressCounts::Place> AddressCounts::take(const boost::asio::ip::address& address) {
    if (per_address_max_ == 0) {
        return Place();
    }
    const Key key = key_of(address);
    const std::lock_guard lock(mutex_);
    std::size_t& count = counts_[key];
    if (count >= per_address_max_) {
        return std::nullopt;
    }
    ++count;
    return Place(shared_from_this(), key);
}

void AddressCounts::give_back(const Key& key) {
    const std::lock_guard lock(mutex_);
    const auto found = counts_.find(key);
    if (--found->second == 0) {
        counts_.erase(found);
    }
}

std::size_t AddressCounts::addresses() const {
    const std::lock_guard lock(mutex_);
    return counts_.size();
}

}  // namespace pgmind::http
