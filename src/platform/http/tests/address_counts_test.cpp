#include "platform/http/address_counts.hpp"

#include <vector>

#include <gtest/gtest.h>

namespace pgmind::http {
namespace {

using boost::asio::ip::make_address;

TEST(AddressCounts, AnAddressHasSoManyPlacesAndGivesThemBack) {
    const auto counts = std::make_shared<AddressCounts>(2);
    auto first = counts->take(make_address("192.0.2.1"));
    auto second = counts->take(make_address("192.0.2.1"));
    EXPECT_TRUE(first && second);
    EXPECT_FALSE(counts->take(make_address("192.0.2.1")));
    EXPECT_TRUE(counts->take(make_address("192.0.2.2")));
    first.reset();
    EXPECT_TRUE(counts->take(make_address("192.0.2.1")));
    second.reset();
    EXPECT_EQ(counts->addresses(), 0U);
}

TEST(AddressCounts, AnIpv4AddressInIpv6ClothesIsTheSame) {
    const auto counts = std::make_shared<AddressCounts>(1);
    const auto held = counts->take(make_address("192.0.2.1"));
    EXPECT_FALSE(counts->take(make_address("::ffff:192.0.2.1")));
    // ::192.0.2.1 has other bytes in front: another family, another address.
    EXPECT_TRUE(counts->take(make_address("::192.0.2.1")));
}

TEST(AddressCounts, ACustomersIpv6NetworkIsOneAddress) {
    const auto counts = std::make_shared<AddressCounts>(1);
    const auto held = counts->take(make_address("2001:db8:0:1::1"));
    EXPECT_FALSE(counts->take(make_address("2001:db8:0:1:ffff::2")));
    EXPECT_TRUE(counts->take(make_address("2001:db8:0:2::1")));
}

TEST(AddressCounts, WithoutALimitNothingIsCounted) {
    const auto counts = std::make_shared<AddressCounts>(0);
    std::vector<AddressCounts::Place> places;
    for (int i = 0; i < 1000; ++i) {
        places.push_back(std::move(counts->take(make_address("192.0.2.1")).value()));
    }
    EXPECT_EQ(counts->addresses(), 0U);
}

TEST(AddressCounts, APlaceThatMovesIsGivenBackOnce) {
    const auto counts = std::make_shared<AddressCounts>(1);
    auto first = counts->take(make_address("192.0.2.1"));
    {
        AddressCounts::Place place = std::move(*first);
        first.reset();
        EXPECT_FALSE(counts->take(make_address("192.0.2.1")));
        AddressCounts::Place other;
        other = std::move(place);
        EXPECT_EQ(counts->addresses(), 1U);
    }
    EXPECT_EQ(counts->addresses(), 0U);
}

}  // namespace
}  // namespace pgmind::http
