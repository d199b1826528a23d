#include "output/progress_bar.hpp"

#include <gtest/gtest.h>

namespace pgmind::app {
namespace {

class ProgressBarTest : public testing::Test {
  protected:
    ProgressBar::Target target(bool terminal) {
        return {terminal, [this](const std::string& text) { written_ += text; }};
    }
    SteadyTime after(int seconds) const { return begin_ + std::chrono::seconds(seconds); }

    std::string written_;
    SteadyTime begin_ = std::chrono::steady_clock::now();
};

TEST_F(ProgressBarTest, DrawsABarOverItselfOnATerminal) {
    ProgressBar bar("loading", 200, ProgressBar::Unit::count, target(true));
    bar.update(100, after(1));
    EXPECT_EQ(written_, "\r\x1b[Kloading ████████████████░░░░░░░░░░░░░░░░ 100 of 200");
    written_.clear();
    bar.update(200, after(2));
    bar.finish();
    EXPECT_TRUE(written_.ends_with("████████████████████████████████ 200 of 200\n")) << written_;
}

TEST_F(ProgressBarTest, DoesNotRedrawForEveryStep) {
    ProgressBar bar("loading", 1000, ProgressBar::Unit::count, target(true));
    for (int i = 0; i < 1000; ++i) {
        bar.update(i, after(1));
    }
    EXPECT_EQ(std::count(written_.begin(), written_.end(), '\r'), 1);
}

TEST_F(ProgressBarTest, WritesPlainLinesNowAndThenElsewhere) {
    ProgressBar bar("importing", 4'000'000, ProgressBar::Unit::bytes, target(false));
    bar.update(1'000'000, after(1));
    EXPECT_EQ(written_, "");
    bar.update(2'000'000, after(6));
    bar.update(3'000'000, after(10));
    bar.finish();
    EXPECT_EQ(written_, "importing: 2.0 MB of 4.0 MB\nimporting: 3.0 MB of 4.0 MB\n");
}

TEST_F(ProgressBarTest, SaysNothingInALogAboutShortWork) {
    ProgressBar bar("importing", 10, ProgressBar::Unit::count, target(false));
    bar.update(10, after(1));
    bar.finish();
    EXPECT_EQ(written_, "");
}

TEST_F(ProgressBarTest, NeedsNoTotal) {
    ProgressBar bar("exporting", 0, ProgressBar::Unit::count, target(true));
    bar.update(12'345, after(1));
    EXPECT_EQ(written_, "\r\x1b[Kexporting 12,345");
}

TEST_F(ProgressBarTest, EndsTheLineOfABarThatNobodyFinished) {
    {
        ProgressBar bar("importing", 10, ProgressBar::Unit::count, target(true));
        bar.update(5, after(1));
    }
    EXPECT_TRUE(written_.ends_with("5 of 10\n"));
}

}  // namespace
}  // namespace pgmind::app
