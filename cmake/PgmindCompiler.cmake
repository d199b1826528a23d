# The compiler, its warnings and the build modes. Included once from the root.

if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  message(FATAL_ERROR "GCC ${CMAKE_CXX_COMPILER_VERSION} miscompiles coroutines. "
                      "Use clang++-19 (scripts/install-deps installs it; the presets choose it).")
endif()

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
# One flag for all targets, so that they can share a precompiled header.
add_compile_options(-fPIE)
add_link_options(-pie)

option(PGMIND_COVERAGE "Instrument for source-based coverage (llvm-cov)" OFF)
option(PGMIND_FUZZ "Build the libFuzzer targets" OFF)
set(PGMIND_SANITIZE "" CACHE STRING "Value of -fsanitize=, empty for none")

# ccache makes a second build quick; it is told to trust precompiled headers.
find_program(PGMIND_CCACHE ccache)
if(PGMIND_CCACHE)
  set(launcher ${CMAKE_COMMAND} -E env
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      ${PGMIND_CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${launcher})
  set(CMAKE_C_COMPILER_LAUNCHER ${launcher})
endif()

set(CMAKE_CXX_FLAGS_DEBUG "-O0 -g1")
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g1 -DNDEBUG")
add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wimplicit-fallthrough
                    -Werror -fno-omit-frame-pointer)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  add_compile_options(-Wno-deprecated-declarations)
  add_link_options(-fuse-ld=lld)
endif()
add_compile_options(-fstack-protector-strong)
add_link_options(-Wl,-z,relro,-z,now)

if(PGMIND_SANITIZE)
  add_compile_options(-fsanitize=${PGMIND_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${PGMIND_SANITIZE})
else()
  add_compile_options($<$<CONFIG:RelWithDebInfo>:-D_FORTIFY_SOURCE=2>)
endif()
if(PGMIND_COVERAGE)
  add_compile_options(-fprofile-instr-generate -fcoverage-mapping)
  add_link_options(-fprofile-instr-generate)
endif()
if(PGMIND_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
