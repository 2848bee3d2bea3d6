# ld_test(name unit/room/x_test.c ld_room …), one line a test.
# The command line as a script sees it, without a server.
add_test(NAME cli_test
    COMMAND /usr/bin/python3 -m pytest -q -p no:cacheprovider
        ${CMAKE_SOURCE_DIR}/tests/unit/tools/cli_test.py)
set_tests_properties(cli_test PROPERTIES LABELS unit TIMEOUT 300
    ENVIRONMENT "LIANDONG_BIN=${CMAKE_RUNTIME_OUTPUT_DIRECTORY};LIANDONG_SOURCE=${CMAKE_SOURCE_DIR};PYTHONDONTWRITEBYTECODE=1")

foreach(subject across coverage diff docs export schema setup starter workflow_paths)
    add_test(NAME ${subject}_test
        COMMAND /usr/bin/python3 -m pytest -q -p no:cacheprovider
            ${CMAKE_SOURCE_DIR}/tests/unit/tools/${subject}_test.py)
    set_tests_properties(${subject}_test PROPERTIES LABELS unit TIMEOUT 300
        ENVIRONMENT "LIANDONG_BIN=${CMAKE_RUNTIME_OUTPUT_DIRECTORY};LIANDONG_SOURCE=${CMAKE_SOURCE_DIR};PYTHONDONTWRITEBYTECODE=1")
endforeach()

# Pure parts of commands: their sources, since nothing is built on the room of tools.
set(liandong_tools ${CMAKE_SOURCE_DIR}/tools/liandong)
ld_test(publish_plan_test unit/tools/publish_plan_test.c ld_proto)
target_sources(publish_plan_test PRIVATE ${liandong_tools}/publish_plan.c)
ld_test(publish_event_test unit/tools/publish_event_test.c ld_proto PkgConfig::JANSSON)
target_sources(publish_event_test PRIVATE ${liandong_tools}/publish_event.c
    ${liandong_tools}/json_read.c ${liandong_tools}/lines.c ${liandong_tools}/repeated.c)

# What the benchmarks measure with.
foreach(subject histogram workload audit)
    ld_test(${subject}_test unit/tools/${subject}_test.c ld_bench)
endforeach()
target_sources(audit_test PRIVATE ${liandong_tools}/folder.c)
