#pragma once

#include <string>
#include <vector>

#include "output/terminal.hpp"

namespace pgmind::app {

/// Rows of cells under titles, columns aligned by what they take on a terminal, two blanks between.
/// Cells are made printable. On a terminal no line is longer than it is wide: long cells are cut.
class Table {
  public:
    enum class Align { left, right };
    struct Column {
        std::string title;
        Align align = Align::left;
    };
    struct Cell {
        Cell(std::string cell_text, Style cell_style = Style::plain)
            : text(std::move(cell_text)), style(cell_style) {}
        Cell(const char* cell_text) : text(cell_text) {}
        std::string text;
        Style style = Style::plain;
    };

    explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}
    /// As many cells as there are columns.
    void add(std::vector<Cell> row);
    bool empty() const { return rows_.empty(); }
    /// `width` of the terminal in columns; 0: none, nothing is cut.
    std::string render(std::size_t width) const;
    /// For standard output as it is.
    std::string render() const { return render(terminal_width()); }

  private:
    std::vector<std::size_t> column_widths(std::size_t width) const;

    std::vector<Column> columns_;
    std::vector<std::vector<Cell>> rows_;
};

/// "name  value" lines, names aligned and dim; for one thing rather than many.
class Properties {
  public:
    void add(std::string name, std::string value, Style style = Style::plain);
    std::string render() const;

  private:
    struct Row {
        std::string name;
        std::string value;
        Style style;
    };
    std::vector<Row> rows_;
};

}  // namespace pgmind::app
