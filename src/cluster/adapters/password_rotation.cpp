#include "cluster/adapters/password_rotation.hpp"

#include "platform/postgres/session.hpp"

namespace pgmind::cluster {
namespace {

using postgres::Session;

// The server sees a verifier, never the password: not on the wire, not in its log.
Task<Result<void>> set_password(const NodeConnections& connections, Node node, std::string role,
                                std::string password, Deadline deadline) {
    auto options = connections.to_maintenance(node);
    if (!options) {
        co_return fail(std::move(options.error()));
    }
    Result<Session> session = co_await Session::connect(std::move(*options), deadline);
    if (!session) {
        co_return fail(std::move(session.error()));
    }
    const Result<std::string> verifier = session->password_verifier(role, password);
    if (!verifier) {
        co_return fail(verifier.error());
    }
    // Neither has a quote in it.
    std::string statement = "ALTER ROLE " + role + " PASSWORD '" + *verifier + "'";
    Result<void> done = co_await session->script(std::move(statement), deadline);
    co_return done;
}

}  // namespace

Task<Result<void>> rotate_passwords(std::shared_ptr<const NodeConnections> connections,
                                    NodeLayout layout, std::vector<Node> nodes,
                                    std::vector<Role> roles, Deadline deadline) {
    const Secrets secrets(std::move(layout));
    for (const Role role : roles) {
        const Result<std::string> next = secrets.next_password(role);
        if (!next) {
            co_return fail(next.error());
        }
        for (const Node& node : nodes) {
            Result<void> done = co_await set_password(*connections, node,
                                                      std::string(name_of(role)), *next, deadline);
            if (!done) {
                co_return done;
            }
        }
        Result<void> adopted = secrets.adopt_next_password(role);
        if (!adopted) {
            co_return adopted;
        }
    }
    co_return Result<void>();
}

}  // namespace pgmind::cluster
