#include "cluster/adapters/manifest_file.hpp"

#include <limits>

#include "cluster/api/errors.hpp"
#include "platform/json/field_reader.hpp"
#include "platform/json/writer.hpp"

namespace pgmind::cluster {
namespace {

constexpr std::size_t kManifestBytesMax = 16UL * 1024;

tl::unexpected<Error> broken(const std::string& why) {
    return fail(Errc::broken_state, "the data directory's pgmind.json cannot be read: " + why);
}

std::uint16_t port_from(json::FieldReader& reader, std::string_view name) {
    const std::int64_t port = reader.require_integer(name);
    if (port < 0 || port > std::numeric_limits<std::uint16_t>::max()) {
        reader.refuse(name, "a port is 0 to 65535");
    }
    return static_cast<std::uint16_t>(port);
}

}  // namespace

std::string to_json(const ClusterManifest& manifest) {
    std::string text;
    json::ObjectWriter writer(text);
    writer.number("format", std::int64_t{manifest.format})
        .string("cluster_id", manifest.cluster_id)
        .string("created", format_time(manifest.created))
        .number("postgres_major", std::int64_t{manifest.postgres_major})
        .number("shards", static_cast<std::int64_t>(manifest.shards))
        .number("coordinator_port", std::int64_t{manifest.coordinator_port})
        .number("shard_port", std::int64_t{manifest.shard_port})
        .boolean("complete", manifest.complete);
    if (manifest.attached) {
        writer.boolean("attached", true);
    }
    writer.end();
    return text + "\n";
}

Result<ClusterManifest> manifest_from_json(std::string_view text) {
    const auto object = json::parse_object(text, json::ReadLimits{kManifestBytesMax, 4});
    if (!object) {
        return broken(object.error().detail);
    }
    json::FieldReader reader(*object);
    ClusterManifest manifest;
    const std::int64_t format = reader.require_integer("format");
    if (reader.ok() && format > ClusterManifest::kFormat) {
        manifest.format =
            static_cast<int>(std::min<std::int64_t>(format, std::numeric_limits<int>::max()));
        return manifest;
    }
    manifest.cluster_id = reader.require_string("cluster_id");
    const auto created = parse_time(reader.require_string("created"));
    manifest.postgres_major = static_cast<int>(reader.require_integer("postgres_major"));
    manifest.shards = static_cast<std::size_t>(reader.require_integer("shards"));
    manifest.coordinator_port = port_from(reader, "coordinator_port");
    manifest.shard_port = port_from(reader, "shard_port");
    manifest.complete = reader.optional_boolean("complete").value_or(false);
    manifest.attached = reader.optional_boolean("attached").value_or(false);
    const Result<void> finished = reader.finish();
    if (!finished) {
        return broken(finished.error().detail);
    }
    if (!created) {
        return broken(created.error().detail);
    }
    manifest.format = static_cast<int>(format);
    manifest.created = *created;
    return manifest;
}

}  // namespace pgmind::cluster
