#include "output/table.hpp"

#include <algorithm>
#include <numeric>

#include "output/text.hpp"

namespace pgmind::app {
namespace {

constexpr std::size_t kGap = 2;
constexpr std::size_t kNarrowest = 8;  // a column is not cut below this

std::string padded(const std::string& text, std::size_t width, Table::Align align) {
    const std::size_t used = display_width(text);
    const std::string blanks(width > used ? width - used : 0, ' ');
    return align == Table::Align::right ? blanks + text : text + blanks;
}

void strip_end(std::string& line) {
    line.erase(line.find_last_not_of(' ') + 1);
}

}  // namespace

void Table::add(std::vector<Cell> row) {
    row.resize(columns_.size(), Cell(""));
    for (Cell& cell : row) {
        cell.text = printable(cell.text);
    }
    rows_.push_back(std::move(row));
}

// What each column wants, the widest of them narrowed until the line fits.
std::vector<std::size_t> Table::column_widths(std::size_t width) const {
    std::vector<std::size_t> widths;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        std::size_t widest = display_width(columns_[i].title);
        for (const auto& row : rows_) {
            widest = std::max(widest, display_width(row[i].text));
        }
        widths.push_back(widest);
    }
    const std::size_t gaps = kGap * (columns_.size() - 1);
    std::size_t total = std::accumulate(widths.begin(), widths.end(), gaps);
    while (width > 0 && total > width) {
        const auto widest = std::max_element(widths.begin(), widths.end());
        if (*widest <= kNarrowest) {
            break;
        }
        --*widest;
        --total;
    }
    return widths;
}

std::string Table::render(std::size_t width) const {
    const std::vector<std::size_t> widths = column_widths(width);
    const std::string gap(kGap, ' ');
    std::string titles;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        titles += (i == 0 ? "" : gap) + padded(columns_[i].title, widths[i], columns_[i].align);
    }
    strip_end(titles);
    std::string out = styled(titles, Style::bold) + "\n";
    for (const auto& row : rows_) {
        std::string line;
        for (std::size_t i = 0; i < row.size(); ++i) {
            const std::string text = cut_to_width(row[i].text, widths[i]);
            std::string cell = padded(text, widths[i], columns_[i].align);
            if (i + 1 == row.size()) {
                strip_end(cell);
            }
            line += (i == 0 ? "" : gap) + styled(cell, row[i].style);
        }
        strip_end(line);
        out += line + "\n";
    }
    return out;
}

void Properties::add(std::string name, std::string value, Style style) {
    rows_.push_back({std::move(name), printable(value), style});
}

std::string Properties::render() const {
    std::size_t width = 0;
    for (const Row& row : rows_) {
        width = std::max(width, display_width(row.name));
    }
    std::string out;
    for (const Row& row : rows_) {
        const std::string name = padded(row.name, width + kGap, Table::Align::left);
        out += styled(name, Style::dim) + styled(row.value, row.style) + "\n";
    }
    return out;
}

}  // namespace pgmind::app
