#include <charconv>
#include <random>

#include "memory/tests/adapters/memory_fixture.hpp"

namespace pgmind::memory::testing {
namespace {

/// A JSON value small enough to evaluate filters on in the test itself.
struct Json {
    enum class Kind { null, boolean, number, text, array, object } kind = Kind::null;
    bool flag = false;
    double number = 0;
    std::string text;
    std::vector<Json> items;
    std::vector<std::string> names;  ///< of an object, one for each item

    std::string dump() const {
        switch (kind) {
            case Kind::null:
                return "null";
            case Kind::boolean:
                return flag ? "true" : "false";
            case Kind::number:
                return std::to_string(number);
            case Kind::text:
                return '"' + text + '"';
            case Kind::array:
            case Kind::object:
                break;
        }
        std::string out(1, kind == Kind::array ? '[' : '{');
        for (std::size_t i = 0; i < items.size(); ++i) {
            out += i == 0 ? "" : ",";
            out += kind == Kind::array ? "" : '"' + names[i] + "\":";
            out += items[i].dump();
        }
        return out + (kind == Kind::array ? ']' : '}');
    }

    const Json* at(const std::vector<std::string>& path) const {
        const Json* found = this;
        for (const std::string& segment : path) {
            const auto name = std::find(found->names.begin(), found->names.end(), segment);
            if (found->kind != Kind::object || name == found->names.end()) {
                return nullptr;
            }
            found = &found->items[static_cast<std::size_t>(name - found->names.begin())];
        }
        return found;
    }
};

std::optional<double> number_of(const FilterValue& value) {
    if (const auto* whole = std::get_if<std::int64_t>(&value)) {
        return static_cast<double>(*whole);
    }
    if (const auto* real = std::get_if<double>(&value)) {
        return *real;
    }
    return std::nullopt;
}

bool equals(const Json& json, const FilterValue& value) {
    if (const auto* flag = std::get_if<bool>(&value)) {
        return json.kind == Json::Kind::boolean && json.flag == *flag;
    }
    if (const auto* text = std::get_if<std::string>(&value)) {
        return json.kind == Json::Kind::text && json.text == *text;
    }
    if (const auto number = number_of(value)) {
        return json.kind == Json::Kind::number && json.number == *number;
    }
    return json.kind == Json::Kind::null;
}

// -1, 0, 1; nothing when the two do not compare.
std::optional<int> compare(const Json& json, const FilterValue& value) {
    const auto* text = std::get_if<std::string>(&value);
    const auto number = number_of(value);
    if (text != nullptr && json.kind == Json::Kind::text) {
        const int order = json.text.compare(*text);
        return (order > 0) - (order < 0);
    }
    if (number && json.kind == Json::Kind::number) {
        return (json.number > *number) - (json.number < *number);
    }
    return std::nullopt;
}

bool range_holds(FilterOperator operation, int order) {
    switch (operation) {
        case FilterOperator::less:
            return order < 0;
        case FilterOperator::less_or_equal:
            return order <= 0;
        case FilterOperator::greater:
            return order > 0;
        default:
            return order >= 0;
    }
}

bool holds(const Filter& filter, const Json& metadata) {
    const auto child_holds = [&](const Filter& child) { return holds(child, metadata); };
    const Json* found = metadata.at(filter.path);
    const auto value_equals = [&](const FilterValue& value) {
        return found != nullptr && equals(*found, value);
    };
    switch (filter.operation) {
        case FilterOperator::all_of:
            return std::all_of(filter.children.begin(), filter.children.end(), child_holds);
        case FilterOperator::any_of:
            return std::any_of(filter.children.begin(), filter.children.end(), child_holds);
        case FilterOperator::none_of:
            return !child_holds(filter.children[0]);
        case FilterOperator::equal:
            return value_equals(filter.values[0]);
        case FilterOperator::not_equal:
            return !value_equals(filter.values[0]);
        case FilterOperator::one_of:
            return std::any_of(filter.values.begin(), filter.values.end(), value_equals);
        case FilterOperator::exists:
            return (found != nullptr) == std::get<bool>(filter.values[0]);
        case FilterOperator::contains:
            return found != nullptr && found->kind == Json::Kind::array &&
                   std::any_of(found->items.begin(), found->items.end(),
                               [&](const Json& item) { return equals(item, filter.values[0]); });
        default:
            break;
    }
    const auto order = found == nullptr ? std::nullopt : compare(*found, filter.values[0]);
    return order && range_holds(filter.operation, *order);
}

class Random {
  public:
    explicit Random(unsigned seed) : engine_(seed) {}

    std::size_t below(std::size_t end) {
        return std::uniform_int_distribution<std::size_t>(0, end - 1)(engine_);
    }
    template <class T>
    T one_of(std::vector<T> choices) {
        return choices[below(choices.size())];
    }
    std::string text() { return one_of<std::string>({"", "a", "b", "B", "10", "é", "%", "a b"}); }
    // "0" is also a place in an array, and a dot no separator.
    std::string name() { return one_of<std::string>({"a", "b", "0", "x.y", "é"}); }
    double number() { return one_of<double>({-1.5, 0, 1, 2, 10, 1e9}); }

    Json json(int depth) {
        Json value;
        const std::size_t kind = below(depth > 0 ? 6 : 4);
        value.kind = static_cast<Json::Kind>(kind);
        value.flag = below(2) == 1;
        value.number = number();
        value.text = text();
        const std::size_t count = kind >= 4 ? below(4) : 0;
        for (std::size_t i = 0; i < count; ++i) {
            const std::string key = name();
            if (kind == 4 || value.at({key}) == nullptr) {
                value.items.push_back(json(depth - 1));
                value.names.push_back(key);
            }
        }
        return value;
    }
    Json object() {
        Json value;
        do {
            value = json(3);
        } while (value.kind != Json::Kind::object);
        return value;
    }

    FilterValue filter_value() {
        switch (below(5)) {
            case 0:
                return nullptr;
            case 1:
                return below(2) == 1;
            case 2:
                return static_cast<std::int64_t>(below(3));
            case 3:
                return number();
            default:
                return text();
        }
    }
    Filter filter(int depth) {
        Filter made;
        made.operation =
            static_cast<FilterOperator>(below(depth > 0 ? 12 : 9) + (depth > 0 ? 0 : 3));
        if (made.operation <= FilterOperator::none_of) {
            const bool one = made.operation == FilterOperator::none_of;
            for (std::size_t i = one ? 1 : below(4); i > 0; --i) {
                made.children.push_back(filter(depth - 1));
            }
            return made;
        }
        for (std::size_t i = 1 + below(2); i > 0; --i) {
            made.path.push_back(name());
        }
        const bool many = made.operation == FilterOperator::one_of;
        for (std::size_t i = many ? 1 + below(3) : 1; i > 0; --i) {
            made.values.push_back(filter_value());
        }
        if (made.operation == FilterOperator::exists) {
            made.values[0] = below(2) == 1;
        }
        return validate_filter(made, "filter") ? made : filter(depth);
    }

  private:
    std::mt19937 engine_;
};

using FilterPropertyTest = MemoryFixture;

TEST_F(FilterPropertyTest, postgresql_agrees_with_an_evaluator_in_memory) {
    Random random(20261123);
    const std::string name = fresh_namespace();
    std::vector<Json> all;
    for (int i = 0; i < 250; ++i) {
        all.push_back(random.object());
        StoreRequest wanted = entry(name, std::to_string(i), "1");
        wanted.metadata_json = all.back().dump();
        const auto stored = store(wanted);
        ASSERT_TRUE(stored) << wanted.metadata_json << ": " << stored.error().detail;
    }
    std::size_t matched = 0;
    for (int i = 0; i < 400; ++i) {
        ListRequest query;
        query.namespace_name = name;
        query.limit = Limits::results_max;
        query.filter = random.filter(3);
        const auto page = run(loop_, memory_->list(request_, query));
        ASSERT_TRUE(page) << page.error().detail;
        std::vector<bool> found(all.size());
        for (const Entry& one : page->entries) {
            std::size_t number = all.size();
            std::from_chars(one.key.data(), one.key.data() + one.key.size(), number);
            found.at(number) = true;
        }
        matched += page->entries.size();
        for (std::size_t j = 0; j < all.size(); ++j) {
            EXPECT_EQ(found[j], holds(*query.filter, all[j]))
                << "filter " << i << " on " << all[j].dump();
        }
    }
    EXPECT_GT(matched, 10'000U);
    EXPECT_LT(matched, 90'000U);
}

TEST_F(FilterPropertyTest, times_filter_too) {
    const std::string name = fresh_namespace();
    ASSERT_TRUE(store(entry(name, "forever", "1")));
    StoreRequest wanted = entry(name, "mortal", "1");
    wanted.ttl = std::chrono::seconds(1000);
    ASSERT_TRUE(store(wanted));
    test_cluster().ask(name,
                       "UPDATE pgmind.memory_entries SET created_at = '2026-01-01T00:00:00Z' "
                       "WHERE key = 'mortal' AND namespace = '" +
                           name + "'");
    const auto count = [&](Filter filter) {
        ListRequest query;
        query.namespace_name = name;
        query.filter = std::move(filter);
        const auto page = run(loop_, memory_->list(request_, query));
        EXPECT_TRUE(page);
        return page ? page->entries.size() : 99;
    };
    const std::string moment = "2026-01-01T01:00:00+01:00";
    EXPECT_EQ(count({FilterOperator::equal, {"@created_at"}, {moment}, {}}), 1U);
    EXPECT_EQ(count({FilterOperator::not_equal, {"@created_at"}, {moment}, {}}), 1U);
    EXPECT_EQ(count({FilterOperator::greater, {"@created_at"}, {moment}, {}}), 1U);
    EXPECT_EQ(count({FilterOperator::less_or_equal, {"@created_at"}, {moment}, {}}), 1U);
    EXPECT_EQ(count({FilterOperator::one_of, {"@created_at"}, {moment, moment}, {}}), 1U);
    EXPECT_EQ(count({FilterOperator::exists, {"@expires_at"}, {true}, {}}), 1U);
    EXPECT_EQ(count({FilterOperator::exists, {"@expires_at"}, {false}, {}}), 1U);
    EXPECT_EQ(count({FilterOperator::not_equal, {"@expires_at"}, {moment}, {}}), 2U);
    const Filter dies_later{FilterOperator::greater, {"@expires_at"}, {moment}, {}};
    EXPECT_EQ(count(dies_later), 1U);
    EXPECT_EQ(count({FilterOperator::none_of, {}, {}, {dies_later}}), 1U);
}

}  // namespace
}  // namespace pgmind::memory::testing
