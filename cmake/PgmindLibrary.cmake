# The only way to add code to the build. Every library names its layer; a dependency that the layer
# does not allow stops the configure step, and a build step checks every #include the same way
# (scripts/check_includes.py), so that a header reached by accident is caught too.
#
#   pgmind_add_library(memory_domain LAYER domain CONTEXT memory
#                      SOURCES filter.cpp DEPENDS base memory_api THIRD_PARTY json)
#   pgmind_add_test(memory_domain_test LAYER test SOURCES ... DEPENDS memory_domain)
#   pgmind_add_executable(pgmind SOURCES ... DEPENDS ... THIRD_PARTY ...)

# layer -> what it may depend on. "own_X" means layer X of the same context.
set(PGMIND_ALLOW_base base)
set(PGMIND_ALLOW_async base async)
set(PGMIND_ALLOW_platform base async platform)
set(PGMIND_ALLOW_api base async api)
set(PGMIND_ALLOW_domain base own_api own_domain)
set(PGMIND_ALLOW_app base async api own_domain own_app)
set(PGMIND_ALLOW_adapters base async api own_domain own_app own_adapters platform)
set(PGMIND_ALLOW_apps base async platform api domain app adapters apps)
set(PGMIND_ALLOW_test base async platform api domain app adapters apps test)
set(PGMIND_THIRD_PARTY_LAYERS async platform adapters apps test)

set(PGMIND_ADVICE_api "An api holds published types only: move the code to app/ or adapters/.")
set(PGMIND_ADVICE_domain
    "Domain code is pure: declare a port in app/ports.hpp and implement it in adapters/.")
set(PGMIND_ADVICE_app "Declare a port in app/ports.hpp and implement it in adapters/.")
set(PGMIND_ADVICE_adapters "Another context is reached through its api only (acl_<other>.cpp).")
set(PGMIND_ADVICE_platform "platform/ knows no domain: move the code to a context's adapters/.")
set(PGMIND_ADVICE_async "async/ knows only base/: move the code to platform/ or a context.")
set(PGMIND_ADVICE_base "base/ depends on nothing: move the code to the module that uses it.")

cmake_path(SET PGMIND_ROOT NORMALIZE "${CMAKE_CURRENT_LIST_DIR}/..")
set(PGMIND_INCLUDE_CHECKER "${PGMIND_ROOT}/scripts/check_includes.py")
find_package(Python3 REQUIRED COMPONENTS Interpreter)

# A precompiled header for all C++ targets: asio and the standard containers dominate compile time.
function(pgmind_precompile target)
  if(NOT TARGET pgmind_precompiled)
    # Whoever sees the header refers to Asio, so Asio's one compiled file goes with it.
    add_library(pgmind_precompiled STATIC "${PGMIND_ROOT}/src/async/asio_implementation.cpp")
    target_link_libraries(pgmind_precompiled PUBLIC pgmind::asio tl::expected)
    target_precompile_headers(pgmind_precompiled PRIVATE
      <boost/asio/awaitable.hpp> <boost/asio/co_spawn.hpp> <boost/asio/io_context.hpp>
      <boost/asio/steady_timer.hpp> <boost/asio/use_awaitable.hpp> <tl/expected.hpp>
      <algorithm> <chrono> <deque> <functional> <map> <memory> <optional> <string> <string_view>
      <unordered_map> <variant> <vector>)
    target_compile_options(pgmind_precompiled PRIVATE "SHELL:-Xclang -fno-pch-timestamp")
  endif()
  target_link_libraries(${target} PUBLIC pgmind_precompiled)
  target_compile_options(${target} PRIVATE "SHELL:-Xclang -fno-pch-timestamp")
  target_precompile_headers(${target} REUSE_FROM pgmind_precompiled)
endfunction()

function(pgmind_check_depends target layer context depends third_party)
  foreach(dependency IN LISTS depends)
    if(NOT TARGET pgmind_${dependency})
      message(FATAL_ERROR "${target} depends on ${dependency}, which is not a pgmind library "
                          "(yet): add_subdirectory order, or a misspelt name?")
    endif()
    get_target_property(other_layer pgmind_${dependency} PGMIND_LAYER)
    get_target_property(other_context pgmind_${dependency} PGMIND_CONTEXT)
    set(allowed FALSE)
    if(other_layer IN_LIST PGMIND_ALLOW_${layer})
      set(allowed TRUE)
    elseif(other_context STREQUAL context AND "own_${other_layer}" IN_LIST PGMIND_ALLOW_${layer})
      set(allowed TRUE)
    endif()
    if(NOT allowed)
      message(FATAL_ERROR "Illegal dependency: ${target} (layer ${layer}) may not depend on "
                          "${dependency} (layer ${other_layer}). ${PGMIND_ADVICE_${layer}}")
    endif()
  endforeach()
  if(third_party AND NOT layer IN_LIST PGMIND_THIRD_PARTY_LAYERS)
    message(FATAL_ERROR "Illegal dependency: ${target} (layer ${layer}) may not use third-party "
                        "libraries (${third_party}). ${PGMIND_ADVICE_${layer}}")
  endif()
endfunction()

# Runs the include check whenever a source of the target changes, before the target is linked.
function(pgmind_add_include_check target layer context)
  set(sources)
  set(globs)
  foreach(source IN LISTS ARGN)
    cmake_path(ABSOLUTE_PATH source BASE_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}")
    list(APPEND sources "${source}")
    cmake_path(GET source PARENT_PATH folder)
    list(APPEND globs "${folder}/*.hpp")
  endforeach()
  # Headers belong to the library whose sources lie beside them.
  set(headers)
  if(NOT layer STREQUAL "test")
    list(REMOVE_DUPLICATES globs)
    file(GLOB headers CONFIGURE_DEPENDS ${globs})
  endif()
  set(stamp "${CMAKE_CURRENT_BINARY_DIR}/${target}.includes")
  add_custom_command(
    OUTPUT "${stamp}"
    COMMAND Python3::Interpreter "${PGMIND_INCLUDE_CHECKER}" --layer ${layer}
            "--context=${context}" --root "${PROJECT_SOURCE_DIR}" --stamp "${stamp}"
            ${sources} ${headers}
    DEPENDS ${sources} ${headers} "${PGMIND_INCLUDE_CHECKER}"
    COMMENT "Checking includes of ${target}")
  add_custom_target(${target}_includes DEPENDS "${stamp}")
  add_dependencies(${target} ${target}_includes)
endfunction()

function(pgmind_finish target layer context)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS;THIRD_PARTY" ${ARGN})
  pgmind_check_depends(${target} ${layer} "${context}" "${ARG_DEPENDS}" "${ARG_THIRD_PARTY}")
  set_target_properties(${target} PROPERTIES PGMIND_LAYER ${layer} PGMIND_CONTEXT "${context}")
  target_include_directories(${target} PUBLIC "${PROJECT_SOURCE_DIR}/src")
  foreach(dependency IN LISTS ARG_DEPENDS)
    target_link_libraries(${target} PUBLIC pgmind_${dependency})
  endforeach()
  foreach(package IN LISTS ARG_THIRD_PARTY)
    target_link_libraries(${target} PUBLIC pgmind::${package})
  endforeach()
  pgmind_precompile(${target})
  pgmind_add_include_check(${target} ${layer} "${context}" ${ARG_SOURCES})
endfunction()

# A library without sources is a folder of headers: give it one .cpp that includes them, so that
# each header is known to compile.
function(pgmind_add_library name)
  cmake_parse_arguments(ARG "" "LAYER;CONTEXT" "SOURCES;DEPENDS;THIRD_PARTY" ${ARGN})
  if(NOT DEFINED PGMIND_ALLOW_${ARG_LAYER})
    message(FATAL_ERROR "pgmind_add_library(${name}): unknown LAYER '${ARG_LAYER}'.")
  endif()
  add_library(pgmind_${name} STATIC ${ARG_SOURCES})
  pgmind_finish(pgmind_${name} ${ARG_LAYER} "${ARG_CONTEXT}" SOURCES ${ARG_SOURCES}
                DEPENDS ${ARG_DEPENDS} THIRD_PARTY ${ARG_THIRD_PARTY})
endfunction()

function(pgmind_add_executable name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS;THIRD_PARTY" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  pgmind_finish(${name} apps "" SOURCES ${ARG_SOURCES} DEPENDS ${ARG_DEPENDS}
                THIRD_PARTY ${ARG_THIRD_PARTY})
endfunction()

# A GoogleTest executable, one ctest entry. LABELS: unit (seconds, no servers) or integration.
function(pgmind_add_test name)
  cmake_parse_arguments(ARG "" "TIMEOUT" "SOURCES;DEPENDS;THIRD_PARTY;LABELS" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 600)
  endif()
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE GTest::gtest_main)
  pgmind_finish(${name} test "" SOURCES ${ARG_SOURCES} DEPENDS ${ARG_DEPENDS}
                THIRD_PARTY gtest ${ARG_THIRD_PARTY})
  add_test(NAME ${name} COMMAND ${name})
  if("unit" IN_LIST ARG_LABELS)
    if(NOT TARGET unit_tests)
      add_custom_target(unit_tests)
    endif()
    add_dependencies(unit_tests ${name})
  endif()
  set_tests_properties(${name} PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT ${ARG_TIMEOUT})
endfunction()

# A libFuzzer executable (only with PGMIND_FUZZ), run by scripts/fuzz. A dictionary or seeds lie in
# fuzz/seeds/NAME/ where there are any.
function(pgmind_add_fuzzer name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS;THIRD_PARTY" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  pgmind_finish(${name} test "" SOURCES ${ARG_SOURCES} DEPENDS ${ARG_DEPENDS}
                THIRD_PARTY ${ARG_THIRD_PARTY})
  set_target_properties(${name} PROPERTIES
                        RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/fuzz/targets")
endfunction()
