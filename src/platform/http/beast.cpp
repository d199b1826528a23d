// Boost.Beast is compiled here once (BOOST_BEAST_SEPARATE_COMPILATION).
//
// Without its assertions: basic_parser asserts that five bytes of a last chunk are there, which a
// client can break by sending an empty chunked body byte by byte. The code behind it is right for
// fewer (RequestBody tests feed every split), so the assertion would only let clients end a debug
// build.
#define BOOST_DISABLE_ASSERTS
#include <boost/beast/src.hpp>
