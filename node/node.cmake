# What the node needs built beside its own files: the example configuration, which `weir init`
# writes, as bytes; and the manual page, printed by the program itself.
set(example ${CMAKE_SOURCE_DIR}/config/example/weir.yaml)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${example})
file(READ ${example} example_hex HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," example_bytes "${example_hex}")
file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/made/example.c CONTENT
"#include \"node/example.h\"
const char weir_example_yaml[] = {@example_bytes@ 0};
" @ONLY)
target_sources(weir_node PRIVATE ${CMAKE_BINARY_DIR}/made/example.c)

if(TARGET weir)
    add_custom_command(OUTPUT ${CMAKE_BINARY_DIR}/weir.1
        COMMAND weir help --man > ${CMAKE_BINARY_DIR}/weir.1 DEPENDS weir VERBATIM)
    add_custom_target(manpage DEPENDS ${CMAKE_BINARY_DIR}/weir.1)
endif()

include(${CMAKE_SOURCE_DIR}/node/web/embed.cmake)
