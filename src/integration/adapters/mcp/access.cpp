#include "integration/adapters/mcp/access.hpp"

#include <utility>

#include "integration/adapters/mcp/errors.hpp"
#include "platform/telemetry/log.hpp"

namespace pgmind::integration::mcp {

Task<tl::expected<Admission, ProtocolError>> admit(Call& call, Permission permission,
                                                   std::vector<std::string> namespaces) {
    auto admission = co_await call.services().gate.authorize(call.context(), call.principal(),
                                                             permission, std::move(namespaces));
    if (!admission) {
        ProtocolError error = to_protocol_error(admission.error());
        if (admission.error().is(Failure::permission_denied)) {
            error.required_scope = scope_of(permission);
        }
        call.outcome = error.outcome;
        co_return tl::unexpected<ProtocolError>(std::move(error));
    }
    co_return std::move(*admission);
}

Task<std::optional<ProtocolError>> record(Call& call, const Admission& admission,
                                          std::string_view outcome) {
    std::string text(outcome);
    auto recorded =
        co_await call.services().gate.record(call.context(), admission, std::move(text));
    if (recorded) {
        co_return std::nullopt;
    }
    log::error(
        "an action was done but its audit record was not written",
        {{"request_id", call.context().request_id.value()}, {"detail", recorded.error().detail}});
    ProtocolError error = to_protocol_error(recorded.error());
    call.outcome = error.outcome;
    co_return error;
}

std::string scope_of(Permission permission) {
    return std::string(name_of(permission.type())) + ":" +
           std::string(name_of(permission.action()));
}

}  // namespace pgmind::integration::mcp
