#include <map>
#include <set>
#include <span>
#include <sstream>

#include <gtest/gtest.h>

#include "base/embedded_file.hpp"
#include "integration/adapters/rest/routes.hpp"
#include "platform/json/value.hpp"

namespace pgmind {
std::span<const EmbeddedFile> embedded_rest_documents();
}

namespace pgmind::integration {
namespace {

using Names = std::set<std::string>;
using Subject = Permission::Subject;

/// The document as something to walk through; a step that is not there fails the test.
class OpenApiTest : public ::testing::Test {
  protected:
    OpenApiTest() {
        for (const EmbeddedFile& file : embedded_rest_documents()) {
            if (file.name == "openapi.json") {
                text_ = file.content;
            }
        }
        const auto root = json::parse_object(text_, json::ReadLimits());
        EXPECT_TRUE(root) << root.error().detail;
        root_ = *root;
    }

    static json::Object object(const json::Object& parent, std::string_view name) {
        const json::Value* value = parent.find(name);
        EXPECT_NE(value, nullptr) << parent.path() << " lacks " << name;
        auto found =
            value == nullptr ? json::Object() : json::Object::of(*value, std::string(name));
        EXPECT_TRUE(found) << name;
        return found ? *found : json::Object();
    }
    static std::string text(const json::Object& parent, std::string_view name) {
        const json::Value* value = parent.find(name);
        return value == nullptr ? "" : json::decode_string(*value);
    }

    // The operations of all paths, as "GET /path".
    std::map<std::string, json::Object> operations() const {
        std::map<std::string, json::Object> all;
        const json::Object paths = object(root_, "paths");
        for (const json::Member& path : paths.members()) {
            const auto item = json::Object::of(path.value, path.name);
            for (const json::Member& operation : item->members()) {
                std::string method = operation.name;
                for (char& c : method) {
                    c = static_cast<char>(std::toupper(c));
                }
                all.emplace(method + " " + path.name, *json::Object::of(operation.value, ""));
            }
        }
        return all;
    }

    // Names of an operation's parameters of one kind ("query", "path").
    Names parameters(const json::Object& operation, std::string_view kind) const {
        Names names;
        const json::Object known = object(object(root_, "components"), "parameters");
        for (const json::Value& element : json::elements(*operation.find("parameters"))) {
            const auto reference = json::Object::of(element, "");
            const std::string target = text(*reference, "$ref");
            const json::Object parameter = object(known, target.substr(target.rfind('/') + 1));
            if (text(parameter, "in") == kind) {
                names.insert(text(parameter, "name"));
            }
        }
        return names;
    }

    std::string text_;
    json::Object root_;
};

std::string key_of(const rest::Route& route) {
    return std::string(route.method) + " " + std::string(route.path);
}

Names words(std::string_view text) {
    std::istringstream stream{std::string(text)};
    Names names;
    for (std::string word; stream >> word;) {
        names.insert(word);
    }
    return names;
}

Names path_parameters(std::string_view path) {
    Names names;
    for (std::size_t at = path.find('{'); at != std::string_view::npos; at = path.find('{', at)) {
        const std::size_t end = path.find('}', at);
        names.emplace(path.substr(at + 1, end - at - 1));
        at = end;
    }
    return names;
}

std::string in_words(const Permission& permission, std::string_view path) {
    const std::string what =
        std::string(name_of(permission.action())) + " " + std::string(name_of(permission.type()));
    switch (permission.subject()) {
        case Subject::anybody:
            return "anybody";
        case Subject::any_caller:
            return "any caller";
        case Subject::one_thing:
            return what;
        case Subject::one_thing_or_here:
            return what + ", or a caller on this machine";
        case Subject::one_namespace:
            return what + (permission.type() == security::ResourceType::memory ? " of the namespace"
                                                                               : " of that name");
        case Subject::namespaces:
            break;
    }
    const bool names_them = path == "/api/v1/search" || path == "/api/v1/import";
    return what + (names_them ? " of every namespace named" : " of some namespace");
}

TEST_F(OpenApiTest, HasEveryRouteAndNothingElse) {
    Names routes;
    for (const rest::Route& route : rest::kRoutes) {
        routes.insert(key_of(route));
    }
    Names documented;
    for (const auto& [key, operation] : operations()) {
        documented.insert(key);
    }
    EXPECT_EQ(routes, documented);
}

TEST_F(OpenApiTest, AgreesWithTheTableAboutParametersBodiesAndPermissions) {
    const auto all = operations();
    for (const rest::Route& route : rest::kRoutes) {
        const auto found = all.find(key_of(route));
        ASSERT_NE(found, all.end()) << key_of(route);
        const json::Object& operation = found->second;
        EXPECT_EQ(parameters(operation, "query"), words(route.query)) << key_of(route);
        EXPECT_EQ(parameters(operation, "path"), path_parameters(route.path)) << key_of(route);
        EXPECT_EQ(text(operation, "x-pgmind-permission"), in_words(route.permission, route.path));
        const bool open = route.permission.subject() == Subject::anybody;
        const json::Value* security = operation.find("security");
        EXPECT_EQ(security != nullptr && security->text() == "[]", open) << key_of(route);

        const bool has_body = route.body.form != rest::BodyForm::none;
        ASSERT_EQ(operation.find("requestBody") != nullptr, has_body) << key_of(route);
        if (has_body) {
            const json::Object body = object(operation, "requestBody");
            const bool ndjson = route.body.form == rest::BodyForm::ndjson;
            EXPECT_NE(
                object(body, "content").find(ndjson ? "application/x-ndjson" : "application/json"),
                nullptr);
            EXPECT_EQ(body.find("required")->text() == "true",
                      route.body.form != rest::BodyForm::optional_json);
        }
    }
}

TEST_F(OpenApiTest, EveryOperationIsNamedOnceAndKnowsItsErrors) {
    Names names;
    for (const auto& [key, operation] : operations()) {
        EXPECT_TRUE(names.insert(text(operation, "operationId")).second) << key;
        EXPECT_FALSE(text(operation, "summary").empty()) << key;
        const json::Object responses = object(operation, "responses");
        Names expected = {"400", "421", "500"};
        if (text(operation, "x-pgmind-permission") != "anybody") {
            expected.insert({"401", "403", "503"});
        }
        if (operation.find("requestBody") != nullptr) {
            expected.insert({"413", "415"});
        }
        for (const std::string& status : expected) {
            EXPECT_NE(responses.find(status), nullptr) << key << " lacks " << status;
        }
    }
}

TEST_F(OpenApiTest, EveryReferenceLeadsSomewhere) {
    const json::Object components = object(root_, "components");
    const std::string mark = "\"$ref\": \"#/components/";
    std::size_t references = 0;
    for (std::size_t at = text_.find(mark); at != std::string::npos; at = text_.find(mark, at)) {
        at += mark.size();
        const std::size_t slash = text_.find('/', at);
        const std::size_t end = text_.find('"', slash);
        object(object(components, text_.substr(at, slash - at)),
               text_.substr(slash + 1, end - slash - 1));
        ++references;
    }
    EXPECT_GT(references, 200u);
}

}  // namespace
}  // namespace pgmind::integration
