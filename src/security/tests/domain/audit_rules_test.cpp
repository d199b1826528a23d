#include "security/domain/audit_rules.hpp"

#include <random>

#include <gtest/gtest.h>

#include "base/text.hpp"

namespace pgmind::security {
namespace {

TEST(AuditClass, AdministrationIsDurableAndMemoryIsQueued) {
    EXPECT_EQ(audit_class(Action::read, ResourceType::memory), AuditClass::queued);
    EXPECT_EQ(audit_class(Action::write, ResourceType::memory), AuditClass::queued);
    EXPECT_EQ(audit_class(Action::remove, ResourceType::namespaces), AuditClass::queued);
    EXPECT_EQ(audit_class(Action::read, ResourceType::cluster), AuditClass::queued);
    EXPECT_EQ(audit_class(Action::read, ResourceType::audit), AuditClass::durable);
    EXPECT_EQ(audit_class(Action::read, ResourceType::principals), AuditClass::durable);
    EXPECT_EQ(audit_class(Action::admin, ResourceType::memory), AuditClass::durable);
}

TEST(AuditText, KeepsReadableTextAndEscapesTheRest) {
    EXPECT_EQ(audit_text("agent-Ä 漢", 100), "agent-Ä 漢");
    EXPECT_EQ(audit_text("", 100), "");
    EXPECT_EQ(audit_text("a\nb", 100), "a\\x0ab");
    EXPECT_EQ(audit_text(std::string_view("a\0b", 3), 100), "a\\x00b");
    EXPECT_EQ(audit_text("a\x7f", 100), "a\\x7f");
    EXPECT_EQ(audit_text("Ä\xff", 100), "\\xc3\\x84\\xff");
    EXPECT_EQ(audit_text("Ä\n", 100), "Ä\\x0a");
    EXPECT_EQ(audit_text("aÄ", 2), "a");
    EXPECT_EQ(audit_text(std::string(1'000, 'x'), 10), "xxxxxxxxxx");
    EXPECT_EQ(audit_text(std::string(1'000, '\n'), 10), "\\x0a\\x0a\\x");
}

TEST(AuditText, OfAnyBytesIsShortUtf8WithoutControls) {
    std::mt19937 random(7);
    for (int round = 0; round < 5'000; ++round) {
        std::string bytes(random() % 60, '\0');
        for (char& c : bytes) {
            c = static_cast<char>(random() % (round % 2 == 0 ? 256 : 0x90));
        }
        const std::string text = audit_text(bytes, 40);
        EXPECT_LE(text.size(), 40u);
        EXPECT_TRUE(is_utf8(text));
        for (const char c : text) {
            EXPECT_FALSE(static_cast<unsigned char>(c) < 0x20 || c == 0x7f);
        }
    }
}

}  // namespace
}  // namespace pgmind::security
