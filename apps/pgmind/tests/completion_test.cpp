#include <gtest/gtest.h>

#include "completion/command_tree.hpp"
#include "help_formatter.hpp"
#include "input.hpp"

namespace pgmind::app {
namespace {

/// A small command line with everything that completion and help treat in a way of its own.
class CommandTreeTest : public testing::Test {
  protected:
    CommandTreeTest() {
        app_.formatter(std::make_shared<HelpFormatter>());
        app_.add_option("--url", text_, "Where it's at");
        CLI::App* key = app_.add_subcommand("key", "Keys");
        CLI::App* create = key->add_subcommand("create", "Make one");
        create->add_option("name", text_, "Its name")->required();
        create->add_option("-o,--output", text_, "Where to write")->type_name(kFileType);
        create->add_option("--kind", text_, "What for")->check(one_of({"user", "agent"}));
        create->add_option("--ttl", number_, "How long")->check(whole_number(1));
        create->add_flag("--json", flag_, "As JSON");
        create->footer("Examples:\n  prog key create me");
    }

    CLI::App app_{"A program", "prog"};
    std::string text_;
    std::int64_t number_ = 0;
    bool flag_ = false;
};

TEST_F(CommandTreeTest, HoldsEveryCommandWithItsOptions) {
    const auto tree = command_tree(app_);
    ASSERT_EQ(tree.size(), 3U);
    EXPECT_EQ(tree[0].children, std::vector<std::string>{"key"});
    const CompletionCommand& create = command_at(tree, "key create");
    EXPECT_EQ(create.description, "Make one");
    ASSERT_EQ(create.positionals.size(), 1U);
    ASSERT_EQ(create.options.size(), 5U);  // with --help
    EXPECT_EQ(create.options[1].names, (std::vector<std::string>{"--output", "-o"}));
    EXPECT_TRUE(create.options[1].takes_file);
    EXPECT_EQ(create.options[2].words, (std::vector<std::string>{"user", "agent"}));
    EXPECT_TRUE(create.options[3].takes_value);
    EXPECT_FALSE(create.options[4].takes_value);
}

TEST_F(CommandTreeTest, PatternsNameTheCommandThatAnOptionBelongsTo) {
    const auto tree = command_tree(app_);
    EXPECT_EQ(value_option_patterns(tree),
              "*:--url|'key create':--output|'key create':-o|'key create':--kind|"
              "'key create':--ttl");
    EXPECT_EQ(child_patterns(tree), "'':key|'key':create");
}

TEST_F(CommandTreeTest, ScriptsKnowWordsAndFiles) {
    const auto tree = command_tree(app_);
    EXPECT_NE(
        bash_completion(tree).find("'key create':--kind) COMPREPLY=($(compgen -W 'user agent'"),
        std::string::npos);
    EXPECT_NE(zsh_completion(tree).find("('key create':--output|'key create':-o) _files"),
              std::string::npos);
    EXPECT_NE(zsh_completion(tree).find("'--url:Where it'\\''s at'"), std::string::npos);
    EXPECT_NE(fish_completion(tree).find("-l kind -x -a 'user agent' -d 'What for'"),
              std::string::npos);
    EXPECT_NE(fish_completion(tree).find("-l url -x -d 'Where it\\'s at'"), std::string::npos);
}

TEST_F(CommandTreeTest, HelpShowsWhatAnOptionTakesAndNotHowItIsChecked) {
    const std::string help = app_.get_subcommand("key")->get_subcommand("create")->help();
    EXPECT_NE(help.find("  --kind user|agent           What for\n"), std::string::npos) << help;
    EXPECT_NE(help.find("  --ttl N                     How long\n"), std::string::npos) << help;
    EXPECT_NE(help.find("  -o,--output FILE            Where to write\n"), std::string::npos)
        << help;
    EXPECT_NE(help.find("prog key create me\n"), std::string::npos) << help;
    EXPECT_EQ(help.find("REQUIRED"), std::string::npos) << help;
}

}  // namespace
}  // namespace pgmind::app
