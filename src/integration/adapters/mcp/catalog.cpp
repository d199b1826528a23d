#include "integration/adapters/mcp/catalog.hpp"

#include "integration/adapters/mcp/conformance.hpp"

namespace pgmind::integration::mcp {
namespace {

std::vector<ToolTable> tables(bool with_conformance_fixtures) {
    std::vector<ToolTable> all = {memory_tools()};
    if (with_conformance_fixtures) {
        all.push_back(conformance::tools());
    }
    return all;
}

}  // namespace

Catalog::Catalog(bool with_conformance_fixtures) : tools(tables(with_conformance_fixtures)) {
    for (const Prompt& prompt : memory_prompts()) {
        prompts.push_back(&prompt);
    }
    if (!with_conformance_fixtures) {
        return;
    }
    for (const Prompt& prompt : conformance::prompts()) {
        prompts.push_back(&prompt);
    }
    fixture_resources = conformance::resources();
    fixture_templates = conformance::resource_templates();
    read_fixture = conformance::read_resource;
}

}  // namespace pgmind::integration::mcp
