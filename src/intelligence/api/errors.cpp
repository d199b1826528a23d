#include "intelligence/api/errors.hpp"

#include <string>

namespace pgmind::intelligence {
namespace {

class IntelligenceCategory final : public std::error_category {
  public:
    const char* name() const noexcept override { return "pgmind.intelligence"; }
    std::string message(int value) const override {
        switch (static_cast<IntelligenceErrc>(value)) {
            case IntelligenceErrc::no_embedder:
                return "no embedder is configured";
            case IntelligenceErrc::embedder_failed:
                return "the embedder failed";
            case IntelligenceErrc::embedder_misbehaved:
                break;
        }
        return "the embedder misbehaved";
    }
    std::error_condition default_error_condition(int value) const noexcept override {
        return static_cast<IntelligenceErrc>(value) == IntelligenceErrc::no_embedder
                   ? make_error_condition(Failure::not_supported)
                   : make_error_condition(Failure::unavailable);
    }
};

const IntelligenceCategory kCategory;

}  // namespace

std::error_code make_error_code(IntelligenceErrc code) {
    return {static_cast<int>(code), kCategory};
}

}  // namespace pgmind::intelligence
