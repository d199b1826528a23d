#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace pgmind::app {

/// Takes the body of an answer to an MCP message apart: one JSON document, or a stream of
/// server-sent events whose data are JSON messages (told apart by the first character, since the
/// body comes before its headers are known). Sans I/O.
class AnswerReader {
  public:
    /// Takes one message, as one line without its end.
    using Take = std::function<void(std::string)>;

    explicit AnswerReader(Take take) : take_(std::move(take)) {}

    /// Fails when a message grows beyond 64 MB.
    Result<void> feed(std::string_view bytes);
    /// The body is complete: a JSON document is taken now.
    void finish();

    /// The id of the last event, for Last-Event-ID; empty when none had one.
    const std::string& last_event_id() const { return last_event_id_; }

  private:
    enum class Form { unknown, document, events };
    void take_line(std::string_view line);
    void take_event();

    Take take_;
    Form form_ = Form::unknown;
    std::string buffer_;  ///< the document, or a line that is not complete
    std::string data_;    ///< of the event that is being read
    bool has_data_ = false;
    std::string last_event_id_;
};

}  // namespace pgmind::app
