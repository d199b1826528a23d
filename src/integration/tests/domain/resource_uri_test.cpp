#include "integration/domain/resource_uri.hpp"

#include <gtest/gtest.h>

namespace pgmind::integration::mcp {
namespace {

TEST(ResourceUri, every_address_survives_being_written_and_read) {
    const ResourceAddress addresses[] = {
        NamespacesResource{},        ClusterStatusResource{},
        NamespaceResource{"notes"},  NamespaceResource{"debian/utils"},
        EntryResource{"notes", "k"}, EntryResource{"a/b?c#d", "caf\xC3\xA9 100%"},
    };
    for (const ResourceAddress& address : addresses) {
        const std::string uri = format_resource_uri(address);
        const auto parsed = parse_resource_uri(uri);
        ASSERT_TRUE(parsed) << uri;
        EXPECT_EQ(*parsed, address) << uri;
    }
    EXPECT_EQ(format_resource_uri(EntryResource{"debian/utils", "a b"}),
              "pgmind://namespaces/debian%2Futils/entries/a%20b");
}

TEST(ResourceUri, lower_case_escapes_are_read) {
    EXPECT_EQ(parse_resource_uri("pgmind://namespaces/a%2fb"),
              ResourceAddress(NamespaceResource{"a/b"}));
}

TEST(ResourceUri, what_is_not_ours_is_refused) {
    for (const char* uri :
         {"", "pgmind://", "pgmind://namespaces/", "pgmind://namespaces//entries/k",
          "pgmind://namespaces/n/entries", "pgmind://namespaces/n/entries/",
          "pgmind://namespaces/n/other/k", "pgmind://namespaces/n/entries/k/l",
          "pgmind://namespaces/%zz", "pgmind://namespaces/%4", "pgmind://namespaces/%FF",
          "pgmind://cluster", "file:///etc/passwd"}) {
        EXPECT_FALSE(parse_resource_uri(uri)) << uri;
    }
}

}  // namespace
}  // namespace pgmind::integration::mcp
