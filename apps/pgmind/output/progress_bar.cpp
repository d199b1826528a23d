#include "output/progress_bar.hpp"

#include <algorithm>
#include <iostream>

#include <unistd.h>

#include "output/text.hpp"

namespace pgmind::app {
namespace {

constexpr std::chrono::milliseconds kRedrawInterval{100};
constexpr std::chrono::milliseconds kLineInterval{5'000};
constexpr std::chrono::milliseconds kLineIntervalMax{60'000};

}  // namespace

ProgressBar::ProgressBar(std::string title, std::int64_t total, Unit unit)
    : ProgressBar(std::move(title), total, unit,
                  {isatty(STDERR_FILENO) == 1,
                   [](const std::string& text) { std::cerr << text << std::flush; }}) {}

ProgressBar::ProgressBar(std::string title, std::int64_t total, Unit unit, Target target)
    : title_(std::move(title)),
      total_(total),
      unit_(unit),
      target_(std::move(target)),
      interval_(target_.terminal ? kRedrawInterval : kLineInterval),
      due_(std::chrono::steady_clock::now() +
           (target_.terminal ? std::chrono::milliseconds(0) : interval_)) {}

ProgressBar::~ProgressBar() {
    if (drawn_ && !finished_ && target_.terminal) {
        target_.write("\n");
    }
}

void ProgressBar::update(std::int64_t done) {
    update(done, std::chrono::steady_clock::now());
}

void ProgressBar::update(std::int64_t done, SteadyTime now) {
    done_ = done;
    if (now >= due_) {
        draw();
        due_ = now + interval_;
        // A log of long work shall not be long itself.
        interval_ = target_.terminal ? interval_ : std::min(interval_ * 2, kLineIntervalMax);
    }
}

void ProgressBar::finish() {
    // Short work needs no line in a log: its command says what came of it.
    if (target_.terminal || drawn_) {
        draw();
    }
    if (target_.terminal) {
        target_.write("\n");
    }
    finished_ = true;
}

std::string ProgressBar::amount(std::int64_t value) const {
    return unit_ == Unit::bytes ? human_bytes(value) : human_count(value);
}

void ProgressBar::draw() {
    drawn_ = true;
    std::string figures = amount(done_);
    if (total_ > 0) {
        figures += " of " + amount(total_);
    }
    if (!target_.terminal) {
        target_.write(title_ + ": " + figures + "\n");
        return;
    }
    std::string bar;
    if (total_ > 0) {
        constexpr std::int64_t kWidth = 32;
        const std::int64_t share = std::clamp<std::int64_t>(done_, 0, total_);
        const auto full = static_cast<std::int64_t>(static_cast<double>(share) / total_ * kWidth);
        for (std::int64_t i = 0; i < kWidth; ++i) {
            bar += i < full ? "█" : "░";
        }
        bar += ' ';
    }
    target_.write("\r\x1b[K" + title_ + " " + bar + figures);
}

}  // namespace pgmind::app
