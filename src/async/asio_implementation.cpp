// Boost.Asio is compiled here once (BOOST_ASIO_SEPARATE_COMPILATION); its TLS half is compiled with
// the HTTP platform, the only user of it.
#include <boost/asio/impl/src.hpp>
