# Every tests/unit/<floor>/test_<file>.c is one cmocka program that links its own floor only, so a
# call that goes up does not link.  Exit status 77 means "skipped, and says why".
enable_testing()
pkg_check_modules(CMOCKA REQUIRED IMPORTED_TARGET cmocka)
get_filename_component(WEIR_VECTORS_DIR ${CMAKE_SOURCE_DIR}/../shared/vectors ABSOLUTE)

foreach(floor base metrics attest config ledger rails node)
    file(GLOB programs CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/unit/${floor}/test_*.c)
    file(GLOB helpers CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/unit/${floor}/with_*.c)
    foreach(program ${programs})
        get_filename_component(name ${program} NAME_WE)
        add_executable(${name} ${program} ${helpers})
        target_compile_options(${name} PRIVATE -Wno-missing-prototypes)
        target_compile_definitions(${name} PRIVATE WEIR_VECTORS_DIR="${WEIR_VECTORS_DIR}"
            WEIR_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
        # jansson is a test's own tool for reading vector files; the floors stay without it.
        target_link_libraries(${name} PRIVATE weir_${floor} PkgConfig::CMOCKA PkgConfig::JANSSON)
        add_test(NAME unit.${floor}.${name} COMMAND ${name})
        set_tests_properties(unit.${floor}.${name} PROPERTIES
            LABELS unit SKIP_RETURN_CODE 77 TIMEOUT 300)
    endforeach()
endforeach()

if(WEIR_FUZZ)
    file(GLOB fuzzers CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/fuzz/fuzz_*.c)
    foreach(program ${fuzzers})
        get_filename_component(name ${program} NAME_WE)
        add_executable(${name} ${program})
        target_compile_options(${name} PRIVATE -fsanitize=fuzzer -Wno-missing-prototypes)
        target_link_options(${name} PRIVATE -fsanitize=fuzzer)
        target_compile_definitions(${name} PRIVATE WEIR_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
        target_link_libraries(${name} PRIVATE weir_node)
    endforeach()
endif()
