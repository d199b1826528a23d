#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>

#include <boost/asio/ip/address.hpp>

namespace pgmind::http {

/// How many connections each address has open, so that none takes the places of all others. An IPv6
/// address stands for its /64, which is what one customer is given. Holds one small record for each
/// address with an open connection, so it is bounded by the limit of all connections. Thread-safe.
class AddressCounts : public std::enable_shared_from_this<AddressCounts> {
  public:
    /// `per_address_max` of 0: no limit, nothing is counted.
    explicit AddressCounts(std::size_t per_address_max) : per_address_max_(per_address_max) {}

    /// A place of an address, given back when it is destroyed.
    class Place {
      public:
        Place() = default;
        Place(Place&& other) noexcept = default;
        Place& operator=(Place&& other) noexcept;
        ~Place();

      private:
        friend class AddressCounts;
        using Key = std::array<std::uint8_t, 9>;
        Place(std::shared_ptr<AddressCounts> counts, const Key& key)
            : counts_(std::move(counts)), key_(key) {}

        std::shared_ptr<AddressCounts> counts_;
        Key key_{};
    };

    /// Nothing when the address has as many places as it may have.
    std::optional<Place> take(const boost::asio::ip::address& address);

    /// How many addresses hold a place; for tests.
    std::size_t addresses() const;

  private:
    using Key = Place::Key;
    struct Hash {
        std::size_t operator()(const Key& key) const noexcept;
    };

    static Key key_of(const boost::asio::ip::address& address);
    void give_back(const Key& key);

    const std::size_t per_address_max_;
    mutable std::mutex mutex_;
    std::unordered_map<Key, std::size_t, Hash> counts_;
};

}  // namespace pgmind::http
