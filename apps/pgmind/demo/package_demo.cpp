#include "demo/package_demo.hpp"

#include <array>
#include <iostream>
#include <map>

#include "client/api_error.hpp"
#include "client/pages.hpp"
#include "demo/debian_packages.hpp"
#include "output/progress_bar.hpp"
#include "output/table.hpp"
#include "output/text.hpp"
#include "platform/json/writer.hpp"

namespace pgmind::app {
namespace {

constexpr std::size_t kPartBytes = 64 * 1024;
constexpr std::array kSearches = {
    "tool to compress files in parallel",
    "recover deleted files from a disk",
    "play chess against the computer",
};

Error stopped() {
    return client_error(Failure::unavailable, "stopped before the demonstration was done");
}

/// The demonstration's namespaces, with the number of packages that a complete load left in their
/// metadata.
using Sections = std::map<std::string, std::int64_t>;

Result<Sections> loaded_sections(ApiClient& client) {
    Sections sections;
    const PagedList list{{"namespaces"},
                         {{"prefix", std::string(kPackagePrefix)}, {"scope", "project"}},
                         "namespaces"};
    const auto next = read_pages(client, list, 0, [&sections](const JsonNode& item) {
        sections[item["name"].text()] = item["metadata"]["packages"].integer();
    });
    if (!next) {
        return fail(next.error());
    }
    return sections;
}

// Complete when every section still has at least the packages that were loaded into it.
Result<bool> is_loaded(ApiClient& client, const Sections& sections, std::stop_token stop) {
    for (const auto& [name, packages] : sections) {
        if (stop.stop_requested()) {
            return fail(stopped());
        }
        const auto answer = client.get({"namespaces", name}, {});
        if (!answer) {
            return fail(answer.error());
        }
        if (packages == 0 || answer->json()["entries"].integer() < packages) {
            return false;
        }
    }
    return !sections.empty();
}

Result<void> import_packages(ApiClient& client, const std::vector<DebianPackage>& packages,
                             std::stop_token stop) {
    std::size_t sent = 0;
    ProgressBar progress("Loading Debian packages", static_cast<std::int64_t>(packages.size()),
                         ProgressBar::Unit::count);
    ApiRequest request;
    request.segments = {"import"};
    const auto answer = client.upload(std::move(request), [&]() -> Result<std::string> {
        if (stop.stop_requested()) {
            return fail(stopped());
        }
        std::string part;
        while (part.size() < kPartBytes && sent < packages.size()) {
            part += import_line(packages[sent++]);
        }
        progress.update(static_cast<std::int64_t>(sent));
        return part;
    });
    if (!answer) {
        return fail(answer.error());
    }
    progress.finish();
    return {};
}

// Says in each namespace how much a complete load is, so that the next start knows.
Result<void> mark_loaded(ApiClient& client, const std::vector<DebianPackage>& packages,
                         std::stop_token stop) {
    Sections sections;
    for (const DebianPackage& package : packages) {
        ++sections[namespace_of(package)];
    }
    for (const auto& [name, count] : sections) {
        if (stop.stop_requested()) {
            return fail(stopped());
        }
        std::string body;
        json::ObjectWriter object(body);
        object.name("metadata");
        json::ObjectWriter metadata(body);
        metadata.string("source", "apt-cache dumpavail").number("packages", count).end();
        object.end();
        const auto answer = client.call({"PUT", {"namespaces", name}, {}, {}, std::move(body)});
        if (!answer) {
            return fail(answer.error());
        }
    }
    return {};
}

Result<void> load(ApiClient& client, std::stop_token stop) {
    const auto packages = installable_packages();
    if (!packages) {
        return fail(packages.error());
    }
    if (packages->empty()) {
        std::cout << "apt has no package lists on this machine (apt-get update fetches them): "
                     "nothing was loaded.\n";
        return {};
    }
    const SteadyTime begin = std::chrono::steady_clock::now();
    auto done = import_packages(client, *packages, stop);
    if (done) {
        done = mark_loaded(client, *packages, stop);
    }
    if (!done) {
        return done;
    }
    const auto took = std::chrono::duration_cast<std::chrono::microseconds>(
        std::chrono::steady_clock::now() - begin);
    std::cout << "Loaded "
              << human_count(static_cast<std::int64_t>(packages->size()), "package", "packages")
              << " of this machine's apt lists in " << human_duration(took.count()) << ".\n";
    return {};
}

Result<void> show_search(ApiClient& client, const std::vector<std::string>& namespaces,
                         const std::string& query) {
    std::string body;
    json::ObjectWriter object(body);
    object.string("query", query).strings("namespaces", namespaces).string("mode", "text");
    object.number("limit", std::int64_t{3}).end();
    const SteadyTime begin = std::chrono::steady_clock::now();
    const auto answer = client.call({"POST", {"search"}, {}, {}, std::move(body)});
    if (!answer) {
        return fail(answer.error());
    }
    const auto took = std::chrono::duration_cast<std::chrono::microseconds>(
        std::chrono::steady_clock::now() - begin);
    Table table({{"package"}, {"namespace"}, {"description"}});
    for (const JsonNode& hit : answer->json()["hits"].items()) {
        const JsonNode entry = hit["entry"];
        table.add({{entry["key"].text(), Style::bold},
                   entry["namespace"].text(),
                   entry["value"]["description"].text()});
    }
    std::cout << "\n$ pgmind search '" << query << "' --mode text --limit 3\n"
              << table.render()
              << styled("(" + human_duration(took.count()) + ", " +
                            human_count(static_cast<std::int64_t>(namespaces.size())) +
                            " namespaces on " +
                            human_count(answer->json()["shards_searched"].integer(), "shard",
                                        "shards") +
                            ")",
                        Style::dim)
              << "\n";
    return {};
}

Result<void> show_searches(ApiClient& client, std::stop_token stop) {
    const auto sections = loaded_sections(client);
    if (!sections) {
        return fail(sections.error());
    }
    std::vector<std::string> namespaces;
    for (const auto& [name, count] : *sections) {
        namespaces.push_back(name);
    }
    if (namespaces.empty()) {
        return {};
    }
    for (const char* query : kSearches) {
        if (stop.stop_requested()) {
            return fail(stopped());
        }
        auto shown = show_search(client, namespaces, query);
        if (!shown) {
            return shown;
        }
    }
    return {};
}

}  // namespace

Result<void> run_package_demo(ApiClient& client, const ConnectionHints& hints,
                              std::stop_token stop) {
    const auto sections = loaded_sections(client);
    if (!sections) {
        return fail(sections.error());
    }
    const auto complete = is_loaded(client, *sections, stop);
    if (!complete) {
        return fail(complete.error());
    }
    if (*complete) {
        std::int64_t packages = 0;
        for (const auto& [name, count] : *sections) {
            packages += count;
        }
        std::cout << human_count(packages) << " Debian packages are loaded already.\n";
    } else if (auto loaded = load(client, stop); !loaded) {
        return loaded;
    }
    auto shown = show_searches(client, stop);
    if (shown) {
        std::cout << "\n" << connection_help(hints) << std::flush;
    }
    return shown;
}

}  // namespace pgmind::app
