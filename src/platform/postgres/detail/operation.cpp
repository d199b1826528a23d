#include "platform/postgres/detail/operation.hpp"

#include <boost/asio/redirect_error.hpp>

namespace pgmind::postgres {

Task<bool> Waited::wait() {
    while (!finished_ && !deadline_.passed()) {
        timer_.expires_at(deadline_.when());
        boost::system::error_code error;
        auto token = boost::asio::redirect_error(async::use_task, error);
        co_await timer_.async_wait(token);
    }
    co_return finished_;
}

}  // namespace pgmind::postgres
