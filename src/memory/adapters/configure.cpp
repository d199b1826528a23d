#include "memory/adapters/configure.hpp"

#include "memory/adapters/places.hpp"
#include "platform/postgres/session.hpp"

namespace pgmind::memory {
namespace {

constexpr postgres::Statement kSetTextLanguage{"memory_set_text_language",
                                               "SELECT pgmind.memory_set_text_language($1)",
                                               postgres::Effect::idempotent_write};

}  // namespace

Task<Result<void>> configure_database(postgres::ConnectionOptions database, MemorySettings settings,
                                      Deadline deadline) {
    auto session = co_await postgres::Session::connect(std::move(database), deadline);
    if (!session) {
        co_return fail(std::move(session.error()));
    }
    postgres::Parameters parameters;
    parameters.add(settings.text_language);
    auto set = co_await session->execute(kSetTextLanguage, std::move(parameters), deadline);
    if (!set) {
        co_return fail(to_memory_error(std::move(set.error())));
    }
    co_return Result<void>();
}

}  // namespace pgmind::memory
