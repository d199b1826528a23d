#include "client/json_node.hpp"

#include "platform/json/field_reader.hpp"

namespace pgmind::app {

JsonNode JsonNode::operator[](std::string_view name) const {
    if (!value_ || value_->kind() != json::Kind::object) {
        return {};
    }
    const auto object = json::Object::of(*value_, "");
    const json::Value* found = object ? object->find(name) : nullptr;
    return found == nullptr ? JsonNode() : JsonNode(*found);
}

std::vector<JsonNode> JsonNode::items() const {
    std::vector<JsonNode> nodes;
    if (value_) {
        for (const json::Value& element : json::elements(*value_)) {
            nodes.emplace_back(element);
        }
    }
    return nodes;
}

std::vector<std::pair<std::string, JsonNode>> JsonNode::members() const {
    std::vector<std::pair<std::string, JsonNode>> nodes;
    if (value_ && value_->kind() == json::Kind::object) {
        const auto object = json::Object::of(*value_, "");
        for (const json::Member& member : object->members()) {
            nodes.emplace_back(member.name, JsonNode(member.value));
        }
    }
    return nodes;
}

std::string JsonNode::text() const {
    if (is_string()) {
        return json::decode_string(*value_);
    }
    return *this ? std::string(raw()) : std::string();
}

std::int64_t JsonNode::integer() const {
    return value_ ? json::to_integer(*value_).value_or(0) : 0;
}

double JsonNode::number() const {
    return value_ ? json::to_number(*value_).value_or(0) : 0;
}

}  // namespace pgmind::app
