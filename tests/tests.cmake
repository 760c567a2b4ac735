# Every tests/unit/<floor>/test_<file>.c is one cmocka program that links its own floor only, so a
# call that goes up does not link.  Exit status 77 means "skipped, and says why".
# Labels: unit, source, blackbox, chain, fuzz-smoke.
enable_testing()
pkg_check_modules(CMOCKA REQUIRED IMPORTED_TARGET cmocka)
get_filename_component(WEIR_VECTORS_DIR ${CMAKE_SOURCE_DIR}/../shared/vectors ABSOLUTE)

# weir_script_test(NAME LABEL TIMEOUT COMMAND...): a test that is a script.  It learns where things
# are from its environment alone.
function(weir_script_test name label timeout_s)
    add_test(NAME ${name} COMMAND ${ARGN} WORKING_DIRECTORY ${CMAKE_BINARY_DIR})
    set_tests_properties(${name} PROPERTIES LABELS ${label} SKIP_RETURN_CODE 77
        TIMEOUT ${timeout_s} ENVIRONMENT "WEIR_BIN=${CMAKE_BINARY_DIR}/weir;\
WEIR_VERIFY_BIN=${CMAKE_BINARY_DIR}/weir-verify;WEIR_SOURCE=${CMAKE_SOURCE_DIR};\
WEIR_BUILD=${CMAKE_BINARY_DIR};WEIR_VECTORS_DIR=${WEIR_VECTORS_DIR}")
endfunction()

foreach(floor base metrics attest config ledger rails node)
    file(GLOB programs CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/unit/${floor}/test_*.c)
    file(GLOB helpers CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/unit/${floor}/with_*.c)
    # jansson is a test's own tool for reading vector files; the floors stay without it.
    add_library(unit_${floor} INTERFACE)
    target_link_libraries(unit_${floor} INTERFACE weir_${floor} PkgConfig::CMOCKA PkgConfig::JANSSON)
    target_compile_definitions(unit_${floor} INTERFACE WEIR_VECTORS_DIR="${WEIR_VECTORS_DIR}"
        WEIR_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
    if(helpers)
        add_library(unit_${floor}_helpers OBJECT ${helpers})
        target_link_libraries(unit_${floor}_helpers PRIVATE unit_${floor})
    endif()
    foreach(program ${programs})
        get_filename_component(name ${program} NAME_WE)
        add_executable(${name} ${program})
        target_link_libraries(${name} PRIVATE unit_${floor})
        if(helpers)
            target_sources(${name} PRIVATE $<TARGET_OBJECTS:unit_${floor}_helpers>)
        endif()
        add_test(NAME unit.${floor}.${name} COMMAND ${name})
        set_tests_properties(unit.${floor}.${name} PROPERTIES
            LABELS unit SKIP_RETURN_CODE 77 TIMEOUT 300)
    endforeach()
endforeach()

# tests/blackbox/test_<name>.sh or .mjs drives the real programs.  A line "ctest: timeout=600
# processors=2" among the first twenty asks for another limit, or for the machine to itself.
file(GLOB scripts CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/blackbox/test_*.sh
    ${CMAKE_SOURCE_DIR}/tests/blackbox/test_*.mjs)
foreach(script ${scripts})
    get_filename_component(name ${script} NAME_WE)
    get_filename_component(kind ${script} LAST_EXT)
    string(REGEX REPLACE "^test_" "blackbox." name ${name})
    file(STRINGS ${script} wish LIMIT_COUNT 1 REGEX "^[#/]+ ctest:( [a-z]+=[0-9]+)+$")
    set(timeout_s 300)
    if(wish MATCHES "timeout=([0-9]+)")
        set(timeout_s ${CMAKE_MATCH_1})
    endif()
    if(kind STREQUAL ".mjs")
        weir_script_test(${name} blackbox ${timeout_s} node ${script})
    else()
        weir_script_test(${name} blackbox ${timeout_s} bash ${script})
    endif()
    if(wish MATCHES "processors=([0-9]+)")
        set_tests_properties(${name} PROPERTIES PROCESSORS ${CMAKE_MATCH_1})
    endif()
endforeach()

# The contracts: forge with fuzzing and invariants (longer with WEIR_FULL=1), and independent clients.
set(chain ${CMAKE_SOURCE_DIR}/tests/chain)
if(EXISTS ${chain}/package.json)
    weir_script_test(chain.forge chain 3600
        sh -c "exec npm --prefix ${chain} run --silent forge\${WEIR_FULL:+:heavy}")
    weir_script_test(chain.clients chain 900 npm --prefix ${chain} run --silent test)
endif()

# In the fuzz build each target runs for a moment, from its seeds in tests/fuzz/corpus/<name>; the
# other builds know one test that makes that build and runs it.  A target links the floors whose
# headers it includes.
file(GLOB fuzzers CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/fuzz/fuzz_*.c)
if(WEIR_FUZZ)
    foreach(program ${fuzzers})
        get_filename_component(name ${program} NAME_WE)
        add_executable(${name} ${program})
        set_source_files_properties(${program} PROPERTIES COMPILE_OPTIONS -Wno-missing-prototypes)
        target_link_options(${name} PRIVATE -fsanitize=fuzzer)
        target_compile_definitions(${name} PRIVATE WEIR_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
        file(STRINGS ${program} includes REGEX "^#include \"[a-z]+/")
        foreach(include ${includes})
            string(REGEX REPLACE "^#include \"([a-z]+)/.*" "\\1" floor "${include}")
            if(TARGET weir_${floor})
                target_link_libraries(${name} PRIVATE weir_${floor})
            endif()
        endforeach()
        string(REGEX REPLACE "^fuzz_" "fuzz." test ${name})
        weir_script_test(${test} fuzz-smoke 900
            bash ${CMAKE_SOURCE_DIR}/tools/fuzz_target.sh $<TARGET_FILE:${name}>)
    endforeach()
elseif(fuzzers)
    weir_script_test(fuzz.build_and_run fuzz-smoke 3600 bash ${CMAKE_SOURCE_DIR}/tools/fuzz_smoke.sh)
    set_tests_properties(fuzz.build_and_run PROPERTIES PROCESSORS 2)
endif()

include(tests/source.cmake)
include(tests/bench/bench.cmake)
