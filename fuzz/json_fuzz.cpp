// JSON as callers send it: what is accepted must be JSON for Boost too, every slice of it must be
// JSON again, and what is written from it must be the same text. Then it is read as a filter.
#include <cstdlib>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "integration/adapters/filter_json.hpp"
#include "integration/adapters/json_mapping.hpp"
#include "platform/json/writer.hpp"

namespace {

using namespace pgmind;

const json::ReadLimits kLimits{.bytes_max = 65'536, .depth_max = 32};

void require(bool holds) {
    if (!holds) {
        std::abort();
    }
}

void walk(const json::Value& value) {
    const auto again = json::parse(value.text(), kLimits);
    require(again && again->text() == value.text());
    if (value.kind() == json::Kind::string) {
        std::string written;
        json::append_string(written, json::decode_string(value));
        const auto read = json::parse(written, kLimits);
        require(read && json::decode_string(*read) == json::decode_string(value));
    } else if (value.kind() == json::Kind::object) {
        const auto object = json::Object::of(value, "");
        require(object.has_value());
        for (const json::Member& member : object->members()) {
            require(object->find(member.name) == &member.value);
        }
    }
}

void walk_children(const json::Value& value) {
    walk(value);
    for (const json::Value& element : json::elements(value)) {
        walk(element);
    }
    if (const auto object = json::Object::of(value, "")) {
        for (const json::Member& member : object->members()) {
            walk(member.value);
        }
        memory::SearchRequest search;
        json::FieldReader search_reader(*object);
        integration::read_search_query(search_reader, search);
        static_cast<void>(search_reader.finish());
        memory::StoreRequest entry;
        json::FieldReader entry_reader(*object);
        integration::read_entry_content(entry_reader, entry);
        static_cast<void>(entry_reader.finish());
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto value = json::parse(text, kLimits);
    if (!value) {
        require(!value.error().detail.empty());
        return 0;
    }
    boost::system::error_code error;
    boost::json::parse({text.data(), text.size()}, error);
    require(!error);
    walk_children(*value);
    static_cast<void>(integration::read_filter(*value, "filter"));
    return 0;
}
