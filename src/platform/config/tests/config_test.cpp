#include "platform/config/config.hpp"

#include <array>
#include <cstdlib>
#include <fstream>

#include <gtest/gtest.h>
#include <unistd.h>

namespace pgmind::config {
namespace {

constexpr std::array kSettings = {
    Setting{"http.port", Type::integer, "7432", "Port to listen on.", 0, 65535},
    Setting{"http.allowed_origins", Type::text_list, "", "Origins that browsers may call from."},
    Setting{"log.format", Type::text, "auto", "Form of log lines.", 0, 0, "auto|human|json"},
    Setting{"embedder.api_key", Type::text, "", "Key of the embedder.", 0, 0, "", true},
    Setting{"metrics.open", Type::boolean, "true", "Serve metrics without a key."},
    Setting{"shop.door.*.colour", Type::text, "red", "Colour of a door."},
    Setting{"shop.door.*.width", Type::integer, "90", "Width of a door.", 60, 200},
};

class ConfigTest : public testing::Test {
  protected:
    void SetUp() override {
        const int file = mkstemp(path_.data());
        ASSERT_GE(file, 0);
        close(file);
    }
    void TearDown() override { unlink(path_.c_str()); }

    Outcome load_file(const std::string& content) {
        std::ofstream(path_) << content;
        sources_.file = path_;
        return load(kSettings, sources_);
    }

    std::string path_ = testing::TempDir() + "pgmind_config_XXXXXX";
    Sources sources_;
};

TEST_F(ConfigTest, FlagsBeatTheEnvironmentWhichBeatsTheFile) {
    sources_.environment = {{"PGMIND_HTTP_PORT", "2"}, {"PGMIND_LOG_FORMAT", "json"}};
    sources_.flags = {{"http.port", "3"}};
    const Outcome outcome = load_file("[http]\nport = 1\n[log]\nformat = \"human\"\n");
    ASSERT_TRUE(outcome.problems.empty());
    EXPECT_EQ(outcome.configuration.integer("http.port"), 3);
    EXPECT_EQ(outcome.configuration.origin("http.port"), Origin::flag);
    EXPECT_EQ(outcome.configuration.text("log.format"), "json");
    EXPECT_TRUE(outcome.configuration.boolean("metrics.open"));
}

TEST_F(ConfigTest, AFamilyHasTheMembersThatAreNamed) {
    sources_.flags = {{"shop.door.back.width", "70"}, {"shop.door.front.width", "80"}};
    const Outcome outcome = load_file("[shop.door.front]\ncolour = \"blue\"\nwidth = 100\n");
    ASSERT_TRUE(outcome.problems.empty());
    const Configuration& configuration = outcome.configuration;
    EXPECT_EQ(configuration.members("shop.door"), (std::vector<std::string>{"back", "front"}));
    EXPECT_EQ(configuration.text("shop.door.back.colour"), "red");
    EXPECT_EQ(configuration.text("shop.door.front.colour"), "blue");
    EXPECT_EQ(configuration.integer("shop.door.front.width"), 80);
    EXPECT_EQ(configuration.integer("shop.door.back.width"), 70);
    EXPECT_NE(configuration.render().find("[shop.door.back]\n# Colour of a door. (default)\n"
                                          "colour = \"red\""),
              std::string::npos)
        << configuration.render();
    EXPECT_THROW(static_cast<void>(configuration.text("shop.door.side.colour")), std::logic_error);
}

TEST_F(ConfigTest, WrongMembersOfAFamilyAreNamed) {
    sources_.environment = {{"PGMIND_SHOP_DOOR_*_COLOUR", "red"},
                            {"PGMIND_SHOP_DOOR_A_COLOUR", "x"}};
    sources_.flags = {{"shop.door.*.width", "70"}, {"shop.door.UPPER.width", "70"}};
    const Outcome outcome =
        load_file("[shop.door.front]\nheight = 1\nwidth = 10\n[shop.door.a.b]\nwidth = 70\n");
    EXPECT_EQ(outcome.problems.size(), 7u);
    EXPECT_TRUE(load(kSettings, {}).configuration.members("shop.door").empty());
}

TEST_F(ConfigTest, NamesEveryUnknownKeyAndBadValueWithItsLine) {
    sources_.environment = {{"PGMIND_HTTP_PROT", "2"}, {"PGMIND_METRICS_OPEN", "maybe"}};
    sources_.flags = {{"log.fromat", "json"}};
    const Outcome outcome =
        load_file("[http]\nport = 70000\nprot = 1\n[log]\nformat = \"xml\"\n[other]\na = 1\n");
    std::vector<std::string> messages;
    for (const Problem& problem : outcome.problems) {
        messages.push_back(problem.where.substr(problem.where.rfind('/') + 1) + " " +
                           problem.message);
    }
    const std::string file = path_.substr(path_.rfind('/') + 1);
    EXPECT_EQ(messages, (std::vector<std::string>{
                            file + ":2 http.port is a whole number from 0 to 65535",
                            file + ":3 unknown key http.prot",
                            file + ":5 log.format is one of auto|human|json",
                            file + ":7 unknown key other.a", "PGMIND_HTTP_PROT unknown setting",
                            "PGMIND_METRICS_OPEN metrics.open is true or false",
                            "--set log.fromat unknown key log.fromat"}));
}

TEST_F(ConfigTest, SaysWhereTheFileIsNotToml) {
    const Outcome outcome = load_file("[http]\nport = = 1\n");
    ASSERT_EQ(outcome.problems.size(), 1u);
    EXPECT_TRUE(outcome.problems[0].where.ends_with(":2"));
}

TEST_F(ConfigTest, RendersAsTomlThatReadsBackAndMasksSecrets) {
    sources_.flags = {{"embedder.api_key", "hush"}, {"http.allowed_origins", "http://a,http://b"}};
    const Outcome outcome = load(kSettings, sources_);
    const std::string rendered = outcome.configuration.render();
    EXPECT_EQ(rendered.find("hush"), std::string::npos);
    EXPECT_NE(rendered.find("api_key = \"********\""), std::string::npos);
    EXPECT_NE(rendered.find("allowed_origins = [\"http://a\", \"http://b\"]"), std::string::npos);
    EXPECT_NE(rendered.find("(flag)"), std::string::npos);
    sources_ = {};
    EXPECT_TRUE(load_file(rendered).problems.empty());
}

TEST_F(ConfigTest, ShowsEverySettingInOrderWithItsOriginAndSecretsMasked) {
    sources_.flags = {{"embedder.api_key", "hush"}, {"http.port", "80"}};
    const auto shown = load(kSettings, sources_).configuration.shown();
    ASSERT_EQ(shown.size(), 5u);  // Nobody has named a door.
    EXPECT_EQ(shown[0].key, "http.port");
    EXPECT_EQ(shown[0].value.number, 80);
    EXPECT_EQ(shown[0].origin, "flag");
    EXPECT_EQ(shown[2].origin, "default");
    EXPECT_EQ(shown[3].value.text, "********");
}

TEST_F(ConfigTest, RefusesAFileThatIsNotThere) {
    sources_.file = path_ + ".absent";
    EXPECT_EQ(load(kSettings, sources_).problems.size(), 1u);
}

}  // namespace
}  // namespace pgmind::config
