// What a token of an identity provider costs: its signature when it is met for the first time, and
// the whole check of one that is known.
#include <benchmark/benchmark.h>

#include "platform/crypto/jws.hpp"
#include "platform/crypto/tests/rfc_tokens.hpp"
#include "security/adapters/verified_tokens.hpp"

namespace pgmind::security {
namespace {

constexpr std::size_t kTokenBytesMax = 8'192;

void check_signature(benchmark::State& state, std::string_view jwk_text, std::string_view token) {
    const auto jwk = json::parse_object(jwk_text, {});
    const auto key = crypto::VerificationKey::from_jwk(jwk.value());
    for (auto _ : state) {
        const auto parsed = crypto::CompactJws::parse(token, kTokenBytesMax);
        if (!parsed || !crypto::verify(*parsed, *key)) {
            state.SkipWithError("the token is not accepted");
            return;
        }
    }
    state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()));
}

void token_rs256(benchmark::State& state) {
    check_signature(state, crypto::kRsaKey, crypto::kRsaToken);
}
void token_es256(benchmark::State& state) {
    check_signature(state, crypto::kEcKey, crypto::kEcToken);
}
void token_eddsa(benchmark::State& state) {
    check_signature(state, crypto::kEdKey, crypto::kEdToken);
}

// As each further request with the same token is served.
void token_again(benchmark::State& state) {
    const auto keys = std::make_shared<const crypto::KeySet>(
        crypto::KeySet::parse("{\"keys\":[" + std::string(crypto::kRsaKey) + "]}", {}).value());
    VerifiedTokens verified;
    verified.remember(keys, crypto::kRsaToken);
    for (auto _ : state) {
        const auto parsed = crypto::CompactJws::parse(crypto::kRsaToken, kTokenBytesMax);
        if (!parsed || !verified.knows(keys, crypto::kRsaToken)) {
            state.SkipWithError("the token is not known");
            return;
        }
    }
    state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()));
}

BENCHMARK(token_again);
BENCHMARK(token_rs256);
BENCHMARK(token_es256);
BENCHMARK(token_eddsa);

}  // namespace
}  // namespace pgmind::security
