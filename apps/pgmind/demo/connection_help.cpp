#include "demo/package_demo.hpp"
#include "output/terminal.hpp"
#include "platform/json/writer.hpp"

namespace pgmind::app {
namespace {

std::string as_json(std::string_view text) {
    std::string out;
    json::append_string(out, text);
    return out;
}

std::string over_http(const ConnectionHints& hints) {
    return "{\n"
           "  \"mcpServers\": {\n"
           "    \"pgmind\": {\n"
           "      \"type\": \"http\",\n"
           "      \"url\": " +
           as_json(hints.url + "/mcp") +
           ",\n"
           "      \"headers\": { \"Authorization\": \"Bearer ${PGMIND_API_KEY}\" }\n"
           "    }\n"
           "  }\n"
           "}\n";
}

std::string over_stdio(const ConnectionHints& hints) {
    std::string arguments = "\"mcp\", \"--url\", " + as_json(hints.url);
    if (!hints.key_file.empty()) {
        arguments += ", \"--key-file\", " + as_json(hints.key_file);
    }
    return "{ \"mcpServers\": { \"pgmind\": { \"command\": " + as_json(hints.program) +
           ", \"args\": [" + arguments + "] } } }\n";
}

std::string heading(std::string_view text) {
    return styled(text, Style::bold) + "\n";
}

}  // namespace

std::string connection_help(const ConnectionHints& hints) {
    std::string text;
    if (!hints.key_file.empty()) {
        text += heading("The administrator's key") + "export PGMIND_API_KEY=$(cat '" +
                hints.key_file + "')\n\n";
    }
    text += heading("An agent, over MCP") + over_http(hints) + "or, if it starts its servers:\n" +
            over_stdio(hints) +
            "better with a key of its own:\n"
            "pgmind principal create my-agent --grant mcp_user:notes\n"
            "pgmind key create my-agent\n\n";
    text += heading("curl") + "curl -H \"Authorization: Bearer $PGMIND_API_KEY\" '" + hints.url +
            "/api/v1/namespaces'\n"
            "curl -H \"Authorization: Bearer $PGMIND_API_KEY\" -H 'Content-Type: "
            "application/json' \\\n"
            "  -d '{\"query\": \"compress files\", \"limit\": 3}' '" +
            hints.url + "/api/v1/search'\n";
    if (!hints.psql_commands.empty()) {
        text += "\n" + heading("psql");
        for (const std::string& command : hints.psql_commands) {
            text += command + "\n";
        }
    }
    return text;
}

}  // namespace pgmind::app
