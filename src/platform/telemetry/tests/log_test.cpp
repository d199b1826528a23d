#include "platform/telemetry/log.hpp"

#include <array>
#include <limits>
#include <thread>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace pgmind::log {
namespace {

// Standard error goes into a file while this lives.
class Capture {
  public:
    Capture() : file_(std::tmpfile()), kept_(::dup(STDERR_FILENO)) {
        ::dup2(::fileno(file_), STDERR_FILENO);
    }
    ~Capture() {
        release();
        std::fclose(file_);
    }
    Capture(const Capture&) = delete;
    Capture& operator=(const Capture&) = delete;

    std::vector<std::string> lines() {
        release();
        std::vector<std::string> lines;
        std::rewind(file_);
        std::string line;
        for (int c = std::fgetc(file_); c != EOF; c = std::fgetc(file_)) {
            if (c == '\n') {
                lines.push_back(std::exchange(line, std::string()));
            } else {
                line += static_cast<char>(c);
            }
        }
        EXPECT_EQ(line, "") << "a line without its end";
        return lines;
    }

  private:
    void release() {
        if (kept_ >= 0) {
            ::dup2(kept_, STDERR_FILENO);
            ::close(kept_);
            kept_ = -1;
        }
    }

    std::FILE* file_;
    int kept_;
};

// The line after its time, which no test can know.
std::string json_line(Level level, std::string_view message, std::initializer_list<Field> fields) {
    Capture capture;
    configure(Level::debug, Format::json);
    write(level, message, fields);
    const auto lines = capture.lines();
    EXPECT_EQ(lines.size(), 1U);
    const std::string& line = lines.at(0);
    EXPECT_TRUE(line.starts_with(R"({"time":"2)")) << line;
    const std::size_t level_at = line.find(R"(","level")");
    EXPECT_EQ(level_at, std::string_view(R"({"time":"2026-11-23T11:32:19.000123Z)").size());
    return "{" + line.substr(level_at + 2);
}

TEST(Log, WritesOneJsonObjectALine) {
    EXPECT_EQ(json_line(Level::info, "started",
                        {{"port", 8080}, {"ratio", 0.5}, {"tls", false}, {"address", "::1"}}),
              R"({"level":"info","msg":"started","port":8080,"ratio":0.500000,"tls":false,)"
              R"("address":"::1"})");
    EXPECT_EQ(json_line(Level::warning, "", {}), R"({"level":"warning","msg":""})");
    EXPECT_EQ(json_line(Level::error, "x", {{"n", std::numeric_limits<double>::infinity()}}),
              R"({"level":"error","msg":"x","n":"inf"})");
}

TEST(Log, LetsNoInputForgeALine) {
    EXPECT_EQ(json_line(Level::info, "a\nb\"c\\", {{"x", "\r\t\x1b[31m\x7f"}}),
              R"({"level":"info","msg":"a\nb\"c\\","x":"\r\t\u001b[31m\u007f"})");
    EXPECT_EQ(json_line(Level::info, "caf\xc3\xa9 \xff\xc3", {}),
              "{\"level\":\"info\",\"msg\":\"caf\xc3\xa9 \xef\xbf\xbd\xef\xbf\xbd\"}");
    Capture capture;
    configure(Level::debug, Format::human);
    info("one\ntwo", {{"k", "a b"}, {"e", "\x1b[2J"}});
    const auto lines = capture.lines();
    ASSERT_EQ(lines.size(), 1U);
    EXPECT_TRUE(lines[0].ends_with(R"( INFO  one\ntwo  k="a b"  e="\u001b[2J")")) << lines[0];
    EXPECT_EQ(lines[0].find('\x1b'), std::string::npos);
}

TEST(Log, CutsLongTextAtACharacter) {
    std::string text(4095, 'x');
    text += "\xc3\xa9 and more";
    EXPECT_EQ(json_line(Level::info, text, {}),
              R"({"level":"info","msg":")" + std::string(4095, 'x') + "\xe2\x80\xa6\"}");
}

TEST(Log, KeepsTheLevel) {
    Capture capture;
    configure(Level::warning, Format::json);
    debug("no");
    info("no");
    warning("yes");
    error("yes");
    EXPECT_EQ(capture.lines().size(), 2U);
}

void write_many(char letter) {
    const std::string text(3000, letter);
    for (int i = 0; i < 200; ++i) {
        info(text);
    }
}

TEST(Log, LinesOfThreadsDoNotMix) {
    Capture capture;
    configure(Level::info, Format::json);
    std::thread other(write_many, 'a');
    write_many('b');
    other.join();
    const auto lines = capture.lines();
    EXPECT_EQ(lines.size(), 400U);
    for (const std::string& line : lines) {
        const bool whole = line.find(std::string(3000, 'a')) != std::string::npos ||
                           line.find(std::string(3000, 'b')) != std::string::npos;
        EXPECT_TRUE(whole && line.ends_with("\"}"));
    }
}

TEST(Log, DropsWhatAFullPipeDoesNotTake) {
    std::array<int, 2> pipe{};
    ASSERT_EQ(::pipe2(pipe.data(), O_NONBLOCK), 0);
    const int kept = ::dup(STDERR_FILENO);
    configure(Level::info, Format::json);
    ::dup2(pipe[1], STDERR_FILENO);
    write_many('c');
    ::dup2(kept, STDERR_FILENO);
    ::close(kept);
    ::close(pipe[0]);
    ::close(pipe[1]);
}

}  // namespace
}  // namespace pgmind::log
