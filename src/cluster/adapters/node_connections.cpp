#include "cluster/adapters/node_connections.hpp"

#include "cluster/api/errors.hpp"

namespace pgmind::cluster {
namespace {

constexpr const char* kMaintenance = "postgres";

class SocketConnections final : public NodeConnections {
  public:
    explicit SocketConnections(NodeLayout layout) : layout_(std::move(layout)) {}

    Result<postgres::ConnectionOptions> to(const Node& node, const std::string& database,
                                           Role role) const override {
        const Secrets secrets(layout_);
        if (const auto password = secrets.password(role); !password) {
            return fail(password.error());
        }
        postgres::ConnectionOptions options;
        options.host = layout_.run_directory();
        options.port = node.port;
        options.database = database;
        options.user = name_of(role);
        options.password_file = secrets.password_file(role);
        return options;
    }

    Result<postgres::ConnectionOptions> to_maintenance(const Node& node) const override {
        return to(node, kMaintenance, Role::superuser);
    }

  private:
    NodeLayout layout_;
};

class ServerConnections final : public NodeConnections {
  public:
    ServerConnections(NodeLayout layout,
                      std::map<std::string, postgres::ConnectionOptions> administrators)
        : layout_(std::move(layout)), administrators_(std::move(administrators)) {}

    Result<postgres::ConnectionOptions> to(const Node& node, const std::string& database,
                                           Role role) const override {
        Result<postgres::ConnectionOptions> options = administrator_of(node);
        if (!options) {
            return options;
        }
        options->database = database;
        if (role == Role::superuser) {
            return options;
        }
        const Secrets secrets(layout_);
        if (const auto password = secrets.password(role); !password) {
            return fail(password.error());
        }
        options->user = name_of(role);
        options->password.clear();
        options->password_file = secrets.password_file(role);
        // Another role's means to log in.
        std::erase_if(options->others, [](const auto& other) {
            return other.first == "passfile" || other.first == "sslcert" ||
                   other.first == "sslkey" || other.first == "sslpassword";
        });
        return options;
    }

    Result<postgres::ConnectionOptions> to_maintenance(const Node& node) const override {
        Result<postgres::ConnectionOptions> options = administrator_of(node);
        if (options && options->database.empty()) {
            options->database = kMaintenance;
        }
        return options;
    }

  private:
    Result<postgres::ConnectionOptions> administrator_of(const Node& node) const {
        const auto found = administrators_.find(node.name);
        if (found == administrators_.end()) {
            return fail(Errc::broken_state, "there is no way to log in to " + node.name);
        }
        return found->second;
    }

    NodeLayout layout_;
    std::map<std::string, postgres::ConnectionOptions> administrators_;
};

}  // namespace

std::vector<std::string> databases_of(NodeRole role) {
    if (role == NodeRole::coordinator) {
        return {"pgmind"};
    }
    return {"project", "shared"};
}

std::shared_ptr<const NodeConnections> make_socket_connections(NodeLayout layout) {
    return std::make_shared<SocketConnections>(std::move(layout));
}

std::shared_ptr<const NodeConnections> make_server_connections(
    NodeLayout layout, std::map<std::string, postgres::ConnectionOptions> administrators) {
    return std::make_shared<ServerConnections>(std::move(layout), std::move(administrators));
}

}  // namespace pgmind::cluster
