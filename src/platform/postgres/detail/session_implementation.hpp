#pragma once

#include <functional>

#include "platform/postgres/detail/connection.hpp"
#include "platform/postgres/session.hpp"

namespace pgmind::postgres {

struct Session::Implementation {
    enum class Copy { none, in, out };
    /// Takes the connection back. `altered`: its settings may have been changed.
    using Release = std::function<void(std::shared_ptr<Connection>, bool altered)>;

    Implementation(std::shared_ptr<Connection> owned, Release give_back)
        : connection(std::move(owned)), release(std::move(give_back)) {
        connection->set_exclusive(true);
    }
    ~Implementation() { release(std::move(connection), altered); }
    Implementation(const Implementation&) = delete;
    Implementation& operator=(const Implementation&) = delete;

    std::shared_ptr<Connection> connection;
    Release release;
    bool altered = false;
    Copy copy = Copy::none;
    std::size_t copy_unflushed = 0;  // Bytes that were given to libpq since it was last flushed.
};

}  // namespace pgmind::postgres
