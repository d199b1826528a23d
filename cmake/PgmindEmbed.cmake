# Text files compiled into the program (SQL migrations, the OpenAPI document, the demo's help).
#
#   pgmind_embed(memory_migrations OUTPUT sources FILES migrations/0100_entries.sql ...)
#
# adds to `sources` a generated file that defines
#   std::span<const pgmind::EmbeddedFile> pgmind::embedded_memory_migrations();
# (EmbeddedFile is in base/embedded_file.hpp; the user declares the function where it needs it).
function(pgmind_embed name)
  cmake_parse_arguments(ARG "" "OUTPUT" "FILES" ${ARGN})
  set(generated "${CMAKE_CURRENT_BINARY_DIR}/embedded_${name}.cpp")
  set(files)
  foreach(file IN LISTS ARG_FILES)
    cmake_path(ABSOLUTE_PATH file BASE_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}")
    list(APPEND files "${file}")
  endforeach()
  add_custom_command(
    OUTPUT "${generated}"
    COMMAND Python3::Interpreter "${PROJECT_SOURCE_DIR}/scripts/embed_files.py" --name ${name}
            --output "${generated}" ${files}
    DEPENDS ${files} "${PROJECT_SOURCE_DIR}/scripts/embed_files.py"
    COMMENT "Embedding ${name}")
  set(${ARG_OUTPUT} ${${ARG_OUTPUT}} "${generated}" PARENT_SCOPE)
endfunction()
