#include "security/api/errors.hpp"
#include "security/app/security_service.hpp"

namespace pgmind::security {

Result<Explanation> SecurityService::explain(const ExplainRequest& question) const {
    const auto directory = reader_.current(parts_.clock.steady_now());
    if (!directory) {
        return fail(directory.error());
    }
    const PrincipalDetails* principal = (*directory)->find_principal_named(question.principal_name);
    if (principal == nullptr) {
        return fail(Errc::principal_not_found,
                    "there is no principal '" + question.principal_name + "'");
    }
    const WallTime now = parts_.clock.now();
    const Decision decision = decide(principal->grants, question.action, question.resource, now);
    Explanation explanation;
    explanation.allowed = decision.allowed && !principal->disabled;
    explanation.reason = principal->disabled ? "principal disabled" : decision.reason;
    explanation.directory_revision = (*directory)->revision().number;
    for (const Grant& grant : principal->grants) {
        const std::string_view verdict = verdict_of(grant, question.action, question.resource, now);
        explanation.grants.push_back(
            {grant, std::string(verdict), !principal->disabled && &grant == decision.by});
    }
    return explanation;
}

}  // namespace pgmind::security
