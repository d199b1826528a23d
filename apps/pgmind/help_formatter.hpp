#pragma once

#include <CLI/CLI.hpp>

namespace pgmind::app {

/// Help as people want to read it: an option shows the words it takes or one word for its value,
/// and nothing of how it is checked.
class HelpFormatter final : public CLI::Formatter {
  public:
    HelpFormatter() { column_width(kColumn); }
    std::string make_option_opts(const CLI::Option* option) const override;
    std::string make_footer(const CLI::App* app) const override;

  private:
    static constexpr std::size_t kColumn = 30;
};

}  // namespace pgmind::app
