// The caller's own second factor, and taking that of another away.
#include "integration/adapters/rest/handlers.hpp"
#include "platform/json/field_reader.hpp"
#include "platform/json/writer.hpp"

namespace pgmind::integration::rest {
namespace {

using json::FieldReader;
using json::ObjectWriter;

security::SecondFactors& factors_of(Call& call) {
    return call.services.gate.security().second_factors();
}

Result<security::SecondFactorProof> read_proof(const Call& call) {
    security::SecondFactorProof proof;
    FieldReader reader(*call.body);
    proof.password = reader.require_string("password");
    proof.code = reader.require_string("code");
    if (auto finished = reader.finish(); !finished) {
        return fail(std::move(finished.error()));
    }
    return proof;
}

Result<Reply> codes_reply(const Result<std::vector<std::string>>& codes) {
    if (!codes) {
        return fail(codes.error());
    }
    std::string body;
    ObjectWriter object(body);
    object.name("recovery_codes");
    json::append_array(body, *codes,
                       [&body](const std::string& code) { json::append_string(body, code); });
    object.end();
    return json_reply(std::move(body));
}

}  // namespace

Task<Result<Reply>> second_factor_status(Call& call) {
    const auto status = co_await factors_of(call).status(call.context, call.admission.principal);
    if (!status) {
        co_return fail(status.error());
    }
    std::string body;
    ObjectWriter object(body);
    object.boolean("enrolled", status->enrolled).boolean("required", status->required);
    if (status->confirmed_at) {
        object.string("confirmed_at", format_time(*status->confirmed_at));
    } else {
        object.null("confirmed_at");
    }
    object.number("recovery_codes_left", static_cast<std::int64_t>(status->recovery_codes_left));
    object.end();
    co_return json_reply(std::move(body));
}

Task<Result<Reply>> enrol_second_factor(Call& call) {
    FieldReader reader(*call.body);
    std::string password = reader.require_string("password");
    if (auto finished = reader.finish(); !finished) {
        co_return fail(std::move(finished.error()));
    }
    const auto enrolment = co_await factors_of(call).enrol(call.context, call.admission.principal,
                                                           std::move(password));
    if (!enrolment) {
        co_return fail(enrolment.error());
    }
    std::string body;
    ObjectWriter object(body);
    object.string("secret", enrolment->secret).string("uri", enrolment->uri);
    object.end();
    Reply reply = json_reply(std::move(body));
    reply.status = 201;
    co_return reply;
}

Task<Result<Reply>> confirm_second_factor(Call& call) {
    FieldReader reader(*call.body);
    std::string code = reader.require_string("code");
    if (auto finished = reader.finish(); !finished) {
        co_return fail(std::move(finished.error()));
    }
    const auto codes =
        co_await factors_of(call).confirm(call.context, call.admission.principal, std::move(code));
    co_return codes_reply(codes);
}

Task<Result<Reply>> disable_second_factor(Call& call) {
    auto proof = read_proof(call);
    if (!proof) {
        co_return fail(std::move(proof.error()));
    }
    const auto done = co_await factors_of(call).disable(call.context, call.admission.principal,
                                                        std::move(*proof));
    co_return empty_reply(done);
}

Task<Result<Reply>> renew_recovery_codes(Call& call) {
    auto proof = read_proof(call);
    if (!proof) {
        co_return fail(std::move(proof.error()));
    }
    const auto codes = co_await factors_of(call).renew_recovery_codes(
        call.context, call.admission.principal, std::move(*proof));
    co_return codes_reply(codes);
}

Task<Result<Reply>> reset_second_factor(Call& call) {
    const auto done = co_await factors_of(call).reset(call.context, call.parameter("name"));
    co_return empty_reply(done);
}

}  // namespace pgmind::integration::rest
