#include "cluster/adapters/embedded_rotation.hpp"

#include <algorithm>

#include "cluster/adapters/node_certificates.hpp"
#include "cluster/adapters/password_rotation.hpp"
#include "cluster/api/errors.hpp"

namespace pgmind::cluster {
namespace {

const std::vector<Role> kRoles = {Role::superuser, Role::migrator, Role::gateway, Role::monitor};

bool is_address(const std::string& name) {
    return name.find(':') != std::string::npos ||
           name.find_first_not_of("0123456789.") == std::string::npos;
}

class EmbeddedRotation final : public SecretRotation {
  public:
    EmbeddedRotation(Executor executor, RotationParts parts)
        : executor_(executor), parts_(std::move(parts)), ended_(executor) {}

    Task<Result<SecretAges>> ages(Deadline) override {
        auto found = co_await async::run_on(executor_, look());
        co_return found;
    }
    Task<Result<std::vector<std::string>>> rotate_passwords(Deadline deadline) override {
        auto done =
            co_await async::run_on(executor_, alone(&EmbeddedRotation::passwords, deadline));
        co_return done;
    }
    Task<Result<std::vector<std::string>>> rotate_certificates(Deadline deadline) override {
        auto done =
            co_await async::run_on(executor_, alone(&EmbeddedRotation::certificates, deadline));
        co_return done;
    }

  private:
    using Names = Result<std::vector<std::string>>;
    using Step = Task<Names> (EmbeddedRotation::*)(Deadline);

    Task<Names> alone(Step step, Deadline deadline) {
        while (rotating_) {
            const bool ended = co_await ended_.wait_until(deadline);
            if (!ended) {
                co_return fail(Errc::deadline_exceeded, "another rotation is under way");
            }
        }
        rotating_ = true;
        Names done = fail(Errc::broken_state, "the rotation did not end");
        try {
            done = co_await (this->*step)(deadline);
        } catch (...) {
            end();
            throw;
        }
        end();
        co_return done;
    }

    void end() {
        rotating_ = false;
        ended_.notify_all();
    }

    Task<Names> passwords(Deadline deadline) {
        const auto done = co_await cluster::rotate_passwords(parts_.connections, parts_.layout,
                                                             parts_.nodes, kRoles, deadline);
        if (!done) {
            co_return fail(done.error());
        }
        std::vector<std::string> names;
        for (const Role role : kRoles) {
            names.emplace_back(name_of(role));
        }
        co_return names;
    }

    Task<Names> certificates(Deadline) {
        std::vector<std::string> names;
        for (const Node& node : parts_.nodes) {
            const auto renewed = parts_.instances.renew_certificate(node, true);
            if (!renewed) {
                co_return fail(renewed.error());
            }
            names.push_back(node.name);
        }
        if (!parts_.gateway_names.empty()) {
            const auto renewed =
                ensure_gateway_certificate(parts_.layout, parts_.gateway_names, true);
            if (!renewed) {
                co_return fail(renewed.error());
            }
            names.emplace_back("gateway");
        }
        co_return names;
    }

    Task<Result<SecretAges>> look() {
        SecretAges ages{WallTime::max(), WallTime::max()};
        for (const Role role : kRoles) {
            const auto made = Secrets(parts_.layout).password_made_at(role);
            if (!made) {
                co_return fail(made.error());
            }
            ages.passwords_made_at = std::min(ages.passwords_made_at, *made);
        }
        for (const Node& node : parts_.nodes) {
            const auto end = parts_.instances.renew_certificate(node, false);
            if (!end) {
                co_return fail(end.error());
            }
            ages.certificates_end_at = std::min(ages.certificates_end_at, *end);
        }
        co_return ages;
    }

    Executor executor_;
    RotationParts parts_;
    async::Notifier ended_;
    bool rotating_ = false;
};

}  // namespace

std::unique_ptr<SecretRotation> make_embedded_rotation(Executor executor, RotationParts parts) {
    return std::make_unique<EmbeddedRotation>(executor, std::move(parts));
}

Result<WallTime> ensure_gateway_certificate(const NodeLayout& layout,
                                            const std::vector<std::string>& names, bool anyway) {
    CertificatePlace place;
    place.certificate = layout.gateway_certificate_file();
    place.key = layout.gateway_key_file();
    place.common_name = "pgmind gateway";
    for (const std::string& name : names) {
        (is_address(name) ? place.addresses : place.dns_names).push_back(name);
    }
    return NodeCertificates(layout).ensure(place, anyway);
}

}  // namespace pgmind::cluster
