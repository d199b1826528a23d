// Boost.Asio is compiled here once (BOOST_ASIO_SEPARATE_COMPILATION); its TLS half is not used.
#include <boost/asio/impl/src.hpp>
