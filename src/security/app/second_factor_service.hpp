#pragma once

#include "security/app/second_factor_commands.hpp"

namespace pgmind::security {

/// The facade of one worker: hands everything to the security loop.
class SecondFactorService final : public SecondFactors {
  public:
    SecondFactorService(SecondFactorCommands& commands, Executor loop)
        : commands_(commands), loop_(loop) {}

    Task<Result<SecondFactorStatus>> status(const RequestContext& request,
                                            PrincipalSnapshot principal) override {
        auto work = commands_.status(request, std::move(principal));
        return async::run_on(loop_, std::move(work));
    }
    Task<Result<SecondFactorEnrolment>> enrol(const RequestContext& request,
                                              PrincipalSnapshot principal,
                                              std::string password) override {
        auto work = commands_.enrol(request, std::move(principal), std::move(password));
        return async::run_on(loop_, std::move(work));
    }
    Task<Result<std::vector<std::string>>> confirm(const RequestContext& request,
                                                   PrincipalSnapshot principal,
                                                   std::string code) override {
        auto work = commands_.confirm(request, std::move(principal), std::move(code));
        return async::run_on(loop_, std::move(work));
    }
    Task<Result<void>> disable(const RequestContext& request, PrincipalSnapshot principal,
                               SecondFactorProof proof) override {
        auto work = commands_.disable(request, std::move(principal), std::move(proof));
        return async::run_on(loop_, std::move(work));
    }
    Task<Result<std::vector<std::string>>> renew_recovery_codes(const RequestContext& request,
                                                                PrincipalSnapshot principal,
                                                                SecondFactorProof proof) override {
        auto work = commands_.renew_recovery_codes(request, std::move(principal), std::move(proof));
        return async::run_on(loop_, std::move(work));
    }
    Task<Result<void>> reset(const RequestContext& request, std::string principal_name) override {
        auto work = commands_.reset(request, std::move(principal_name));
        return async::run_on(loop_, std::move(work));
    }

  private:
    SecondFactorCommands& commands_;
    Executor loop_;
};

}  // namespace pgmind::security
