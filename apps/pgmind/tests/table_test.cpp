#include "output/table.hpp"

#include <gtest/gtest.h>

namespace pgmind::app {
namespace {

Table people() {
    Table table({{"name"}, {"age", Table::Align::right}, {"note"}});
    table.add({"Zoë", "7", "short"});
    table.add({{"Maximilian", Style::bold}, "101", "a note that is longer than the others"});
    return table;
}

TEST(Table, AlignsColumnsByWhatTheyTakeOnATerminal) {
    EXPECT_EQ(people().render(0),
              "name        age  note\n"
              "Zoë           7  short\n"
              "Maximilian  101  a note that is longer than the others\n");
}

TEST(Table, CutsTheWidestColumnsWhereATerminalIsNarrow) {
    EXPECT_EQ(people().render(30),
              "name        age  note\n"
              "Zoë           7  short\n"
              "Maximilian  101  a note that …\n");
}

TEST(Table, StopsCuttingWhereNothingWouldBeLeft) {
    EXPECT_EQ(people().render(5),
              "name      age  note\n"
              "Zoë         7  short\n"
              "Maximil…  101  a note …\n");
}

TEST(Table, FillsUpShortRowsAndMakesCellsPrintable) {
    Table table({{"a"}, {"b"}});
    table.add({"x\ny"});
    EXPECT_EQ(table.render(0), "a    b\nx y\n");
}

TEST(Properties, AlignsValues) {
    Properties properties;
    properties.add("key", "greeting");
    properties.add("version", "3\x1b[2J");
    EXPECT_EQ(properties.render(), "key      greeting\nversion  3 [2J\n");
}

}  // namespace
}  // namespace pgmind::app
