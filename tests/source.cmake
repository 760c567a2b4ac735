# The rules that a machine keeps: each tools/check_<rule>.sh reads the tracked files (and where it
# needs them, this build's compile commands and libraries) and names place and rule of a violation.
foreach(rule format files includes names layers words functions headers pure docs)
    weir_script_test(source.${rule} source 600 bash ${CMAKE_SOURCE_DIR}/tools/check_${rule}.sh)
endforeach()

# Plants one violation of each rule in a tree of its own and expects every check to name it.
weir_script_test(source.checks_bite source 300 bash ${CMAKE_SOURCE_DIR}/tools/check_checks.sh)
