#include <fstream>

#include <gtest/gtest.h>

#include "async/when_all.hpp"
#include "security/adapters/encryption_runtime.hpp"
#include "security/api/errors.hpp"
#include "security/tests/adapters/gateway.hpp"

namespace pgmind::security::testing {
namespace {

const KeyOwner kNotes{"project", "notes"};

class EncryptionTest : public ::testing::Test {
  protected:
    EncryptionTest() : coordinator_(postgres::testing::TemporaryPostgres::instance()) {
        std::string pattern = ::testing::TempDir() + "encryptionXXXXXX";
        folder_ = mkdtemp(pattern.data());
    }
    ~EncryptionTest() override { std::filesystem::remove_all(folder_); }

    std::filesystem::path ring() const { return folder_ / "encryption.keys"; }
    Result<std::unique_ptr<EncryptionRuntime>> try_start() {
        return EncryptionRuntime::start({coordinator_.gateway(), {ring(), "", ""}, kHmacKey},
                                        soon());
    }
    std::unique_ptr<EncryptionRuntime> start() {
        auto started = try_start();
        if (!started) {
            throw std::runtime_error(started.error().detail);
        }
        return std::move(*started);
    }
    template <class T>
    T run(Task<T> task) {
        return async::run_blocking_loop(loop_, std::move(task));
    }

    Coordinator coordinator_;
    std::filesystem::path folder_;
    boost::asio::io_context loop_{1};
};

TEST_F(EncryptionTest, SealsForOneRowOfOneNamespace) {
    const auto gateway = start();
    Encryption& encryption = gateway->encryption();
    EXPECT_EQ(encryption.state(kNotes), KeyState::none);
    EXPECT_EQ(encryption.seal(kNotes, "first", "text", "").error().code, Errc::key_unknown);
    const auto name = run(encryption.ensure_key(kNotes, soon()));
    ASSERT_TRUE(name) << name.error().detail;
    EXPECT_EQ(run(encryption.ensure_key(kNotes, soon())).value(), *name);
    EXPECT_EQ(encryption.state(kNotes), KeyState::usable);
    const std::string sealed = encryption.seal(kNotes, "first", "text", "").value();
    EXPECT_TRUE(sealed.starts_with(*name));
    EXPECT_EQ(encryption.open(kNotes, "first", sealed).value(), "text");
    EXPECT_FALSE(encryption.open(kNotes, "second", sealed));
    const KeyOwner other{"shared", "notes"};
    ASSERT_TRUE(run(encryption.ensure_key(other, soon())));
    EXPECT_FALSE(encryption.open(other, "first", sealed));
}

TEST_F(EncryptionTest, GivesFingerprintsThatTellTextsApart) {
    const auto gateway = start();
    const Encryption& encryption = gateway->encryption();
    const std::string print = encryption.fingerprint(kNotes, "a", "b");
    EXPECT_EQ(print, encryption.fingerprint(kNotes, "a", "b"));
    EXPECT_NE(print, encryption.fingerprint(kNotes, "ab", ""));
    EXPECT_NE(print, encryption.fingerprint({"shared", "notes"}, "a", "b"));
}

TEST_F(EncryptionTest, HasOneFirstKeyWhenTwoGatewaysMakeItAtOnce) {
    const auto one = start();
    const auto two = start();
    auto first = one->encryption().ensure_key(kNotes, soon());
    auto second = two->encryption().ensure_key(kNotes, soon());
    std::vector<Task<Result<std::string>>> both;
    both.push_back(std::move(first));
    both.push_back(std::move(second));
    const auto names = run(async::when_all(std::move(both)));
    ASSERT_TRUE(names[0] && names[1]);
    EXPECT_EQ(*names[0], *names[1]);
    EXPECT_EQ(coordinator_.ask("SELECT count(*) FROM pgmind.data_keys"), "1");
}

TEST_F(EncryptionTest, OpensOldTextsWhileAKeyIsRotatedAndNoneAfterwards) {
    const auto gateway = start();
    Encryption& encryption = gateway->encryption();
    const std::string old_name = run(encryption.ensure_key(kNotes, soon())).value();
    const std::string sealed = encryption.seal(kNotes, "first", "text", "").value();
    const std::string name = run(encryption.begin_rotation(kNotes, soon())).value();
    EXPECT_NE(name, old_name);
    EXPECT_EQ(run(encryption.begin_rotation(kNotes, soon())).value(), name);
    EXPECT_EQ(encryption.open(kNotes, "first", sealed).value(), "text");
    EXPECT_TRUE(encryption.seal(kNotes, "first", "text", "").value().starts_with(name));
    EXPECT_TRUE(encryption.seal(kNotes, "first", "text", old_name).value().starts_with(old_name));
    EXPECT_FALSE(run(encryption.end_rotation(kNotes, old_name, soon())));
    ASSERT_TRUE(run(encryption.end_rotation(kNotes, name, soon())));
    EXPECT_EQ(encryption.open(kNotes, "first", sealed).error().code, Errc::key_unknown);
    EXPECT_FALSE(run(encryption.begin_rotation({"project", "plain"}, soon())));
}

TEST_F(EncryptionTest, ShreddingLeavesNoKeyInTheTableNorInAnyGateway) {
    const auto one = start();
    const auto two = start();
    ASSERT_TRUE(run(one->encryption().ensure_key(kNotes, soon())));
    ASSERT_TRUE(run(two->encryption().refresh(soon())));
    const std::string sealed = one->encryption().seal(kNotes, "first", "text", "").value();
    ASSERT_EQ(two->encryption().open(kNotes, "first", sealed).value(), "text");
    EXPECT_EQ(two->unwrapped_keys(), 1u);
    EXPECT_EQ(run(one->encryption().shred(kNotes, soon())).value(), 1);
    EXPECT_EQ(one->unwrapped_keys(), 0u);
    EXPECT_LT(time_until([&] { return two->unwrapped_keys() == 0; }), std::chrono::seconds(1));
    for (const auto* gateway : {one.get(), two.get()}) {
        Encryption& encryption = const_cast<EncryptionRuntime*>(gateway)->encryption();
        const auto opened = encryption.open(kNotes, "first", sealed);
        ASSERT_FALSE(opened);
        EXPECT_EQ(opened.error().reason, kKeyDestroyed);
        EXPECT_EQ(encryption.state(kNotes), KeyState::destroyed);
        EXPECT_FALSE(run(encryption.ensure_key(kNotes, soon())));
        EXPECT_FALSE(run(encryption.begin_rotation(kNotes, soon())));
    }
    EXPECT_EQ(coordinator_.ask("SELECT count(wrapped) FROM pgmind.data_keys"), "0");
    EXPECT_EQ(run(one->encryption().shred(kNotes, soon())).value(), 0);
    ASSERT_TRUE(run(one->encryption().forget(kNotes, soon())));
    EXPECT_EQ(one->encryption().state(kNotes), KeyState::none);
    EXPECT_FALSE(run(one->encryption().shred(kNotes, soon())));
}

TEST_F(EncryptionTest, WrapsAllKeysAnewAndGoesOnAfterAnInterruption) {
    auto gateway = start();
    for (int i = 0; i < 250; ++i) {
        const KeyOwner owner{"project", "n" + std::to_string(i)};
        ASSERT_TRUE(run(gateway->encryption().ensure_key(owner, soon())));
    }
    const KeyOwner last{"project", "n249"};
    const std::string sealed = gateway->encryption().seal(last, "first", "text", "").value();
    // As if it had been killed after a part: the ring has its new key, some rows are under it.
    ASSERT_TRUE(add_kek({ring(), "", ""}));
    gateway.reset();
    gateway = start();
    const auto other = start();
    EXPECT_EQ(run(gateway->encryption().status(soon()))->data_keys_under_older, 250);
    coordinator_.ask(
        "CREATE FUNCTION pgmind.stop_later() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF "
        "(SELECT count(*) FROM pgmind.data_keys WHERE kek_id = 2) > 150 THEN RAISE 'killed'; "
        "END IF; RETURN NULL; END $$; CREATE TRIGGER stop_later AFTER UPDATE ON pgmind.data_keys "
        "FOR EACH STATEMENT EXECUTE FUNCTION pgmind.stop_later()");
    EXPECT_FALSE(run(gateway->encryption().rotate_kek(true, soon())));
    EXPECT_EQ(coordinator_.ask("SELECT count(*) FROM pgmind.data_keys WHERE kek_id = 2"), "100");
    EXPECT_EQ(gateway->encryption().open(last, "first", sealed).value(), "text");
    coordinator_.ask("DROP TRIGGER stop_later ON pgmind.data_keys");
    gateway.reset();
    gateway = start();
    const auto done = run(gateway->encryption().rotate_kek(true, soon()));
    ASSERT_TRUE(done) << done.error().detail;
    EXPECT_EQ(done->kek, 2u);
    EXPECT_EQ(done->rewrapped, 150);
    EXPECT_EQ(done->unused, std::vector<std::uint32_t>{1});
    EXPECT_EQ(coordinator_.ask("SELECT count(*) FROM pgmind.data_keys WHERE kek_id <> 2"), "0");
    ASSERT_TRUE(run(other->encryption().refresh(soon())));
    EXPECT_EQ(other->encryption().open(last, "first", sealed).value(), "text");
    EXPECT_EQ(run(gateway->encryption().rotate_kek(true, soon()))->kek, 3u);
    ASSERT_TRUE(run(other->encryption().refresh(soon())));
    EXPECT_EQ(other->encryption().open(last, "first", sealed).value(), "text");
}

TEST_F(EncryptionTest, DoesNotMakeANewRingWhenTheOldOneIsLost) {
    auto gateway = start();
    ASSERT_TRUE(run(gateway->encryption().ensure_key(kNotes, soon())));
    gateway.reset();
    std::filesystem::remove(ring());
    const auto lost = try_start();
    ASSERT_FALSE(lost);
    EXPECT_EQ(lost.error().code, Errc::kek_unusable);
    EXPECT_FALSE(std::filesystem::exists(ring()));
}

TEST_F(EncryptionTest, AKeyMovedToAnotherNamespaceDoesNotOpen) {
    const auto gateway = start();
    ASSERT_TRUE(run(gateway->encryption().ensure_key(kNotes, soon())));
    coordinator_.ask("UPDATE pgmind.data_keys SET namespace = 'mine'");
    ASSERT_TRUE(run(gateway->encryption().refresh(soon())));
    EXPECT_FALSE(gateway->encryption().seal({"project", "mine"}, "first", "text", ""));
}

TEST_F(EncryptionTest, KnownKeysServeOnWhileTheCoordinatorFailsOver) {
    postgres::testing::TemporaryPostgres server;
    const Coordinator coordinator(server);
    auto started =
        EncryptionRuntime::start({coordinator.gateway(), {ring(), "", ""}, kHmacKey}, soon());
    ASSERT_TRUE(started);
    ASSERT_TRUE(run((*started)->encryption().ensure_key(kNotes, soon())));
    server.kill();
    const Deadline brief = Deadline::after(std::chrono::milliseconds(500));
    EXPECT_FALSE(run((*started)->encryption().refresh(brief)));
    // Known keys serve on for a while: the coordinator may fail over.
    EXPECT_TRUE((*started)->encryption().seal(kNotes, "first", "text", ""));
}

}  // namespace
}  // namespace pgmind::security::testing
