#include "integration/adapters/rest/handlers.hpp"
#include "platform/json/field_reader.hpp"
#include "platform/json/writer.hpp"

namespace pgmind::integration::rest {
namespace {

tl::unexpected<Error> not_offered() {
    return fail(Errc::secrets_not_offered, "this gateway has no key-encryption key");
}

tl::unexpected<Error> not_ours() {
    return fail(Errc::secrets_not_offered,
                "the servers' passwords and certificates are made by whoever runs them");
}

Result<Reply> rotated(const Result<std::vector<std::string>>& names) {
    if (!names) {
        return fail(names.error());
    }
    std::string body;
    json::ObjectWriter(body).strings("rotated", *names).end();
    return json_reply(std::move(body));
}

void append_ids(std::string& body, const std::vector<std::uint32_t>& ids) {
    json::append_array(body, ids, [&body](std::uint32_t id) { body += std::to_string(id); });
}

}  // namespace

Task<Result<Reply>> list_secrets(Call& call) {
    if (call.services.encryption == nullptr) {
        co_return not_offered();
    }
    const auto status = co_await call.services.encryption->status(call.context.deadline);
    if (!status) {
        co_return fail(status.error());
    }
    std::string body;
    json::ObjectWriter object(body);
    object.string("kek_source", status->kek_source).name("keks");
    append_ids(body, status->keks);
    object.number("kek_in_use", static_cast<std::int64_t>(status->keks.back()))
        .number("data_keys", status->data_keys)
        .number("data_keys_under_older", status->data_keys_under_older)
        .number("encrypted_namespaces", status->namespaces)
        .number("destroyed_namespaces", status->destroyed_namespaces);
    if (call.services.rotation != nullptr) {
        const auto ages = co_await call.services.rotation->ages(call.context.deadline);
        if (!ages) {
            co_return fail(ages.error());
        }
        object.string("passwords_made_at", format_time(ages->passwords_made_at))
            .string("certificates_end_at", format_time(ages->certificates_end_at));
    }
    object.end();
    co_return json_reply(std::move(body));
}

Task<Result<Reply>> rotate_passwords(Call& call) {
    if (call.services.rotation == nullptr) {
        co_return not_ours();
    }
    const auto done = co_await call.services.rotation->rotate_passwords(call.context.deadline);
    co_return rotated(done);
}

Task<Result<Reply>> rotate_certificates(Call& call) {
    if (call.services.rotation == nullptr) {
        co_return not_ours();
    }
    const auto done = co_await call.services.rotation->rotate_certificates(call.context.deadline);
    co_return rotated(done);
}

Task<Result<Reply>> rotate_kek(Call& call) {
    if (call.services.encryption == nullptr) {
        co_return not_offered();
    }
    json::FieldReader reader(*call.body);
    const bool make_new = reader.optional_boolean("make_new").value_or(false);
    if (auto finished = reader.finish(); !finished) {
        co_return fail(std::move(finished.error()));
    }
    const auto done =
        co_await call.services.encryption->rotate_kek(make_new, call.context.deadline);
    if (!done) {
        co_return fail(done.error());
    }
    std::string body;
    json::ObjectWriter object(body);
    object.number("kek_in_use", static_cast<std::int64_t>(done->kek))
        .number("rewrapped_data_keys", done->rewrapped)
        .name("unused_keks");
    append_ids(body, done->unused);
    object.end();
    co_return json_reply(std::move(body));
}

}  // namespace pgmind::integration::rest
