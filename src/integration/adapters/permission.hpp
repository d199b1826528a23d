#pragma once

#include "security/api/principal.hpp"

namespace pgmind::integration {

/// What a route or a tool needs from its caller. There is no default: whoever is added to a table
/// must say it, or the table does not compile.
class Permission {
  public:
    enum class Subject {
        anybody,            ///< no key asked for
        any_caller,         ///< a valid key, nothing more
        one_thing,          ///< the action on a single thing (cluster, principals, audit)
        one_thing_or_here,  ///< as one_thing; callers on this machine need no key if so configured
        one_namespace,      ///< the action in the namespace that the request names
        namespaces  ///< in each namespace that the request names; names none: wherever allowed
    };

    Permission() = delete;

    static constexpr Permission open() { return {Subject::anybody, {}, {}}; }
    static constexpr Permission any_caller() { return {Subject::any_caller, {}, {}}; }
    static constexpr Permission to(security::Action action, security::ResourceType type) {
        return {Subject::one_thing, action, type};
    }
    static constexpr Permission open_here_else_to(security::Action action,
                                                  security::ResourceType type) {
        return {Subject::one_thing_or_here, action, type};
    }
    static constexpr Permission in_namespace(
        security::Action action, security::ResourceType type = security::ResourceType::memory) {
        return {Subject::one_namespace, action, type};
    }
    static constexpr Permission in_namespaces(security::Action action) {
        return {Subject::namespaces, action, security::ResourceType::memory};
    }

    constexpr Subject subject() const { return subject_; }
    constexpr security::Action action() const { return action_; }
    constexpr security::ResourceType type() const { return type_; }

  private:
    constexpr Permission(Subject subject, security::Action action, security::ResourceType type)
        : subject_(subject), action_(action), type_(type) {}

    Subject subject_;
    security::Action action_;
    security::ResourceType type_;
};

}  // namespace pgmind::integration
