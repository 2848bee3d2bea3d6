# ld_test(name unit/room/x_test.c ld_room …), one line a test.
# The command line as a script sees it, without a server.
add_test(NAME cli_test
    COMMAND /usr/bin/python3 -m pytest -q -p no:cacheprovider
        ${CMAKE_SOURCE_DIR}/tests/unit/tools/cli_test.py)
set_tests_properties(cli_test PROPERTIES LABELS unit TIMEOUT 300
    ENVIRONMENT "LIANDONG_BIN=${CMAKE_RUNTIME_OUTPUT_DIRECTORY};LIANDONG_SOURCE=${CMAKE_SOURCE_DIR};PYTHONDONTWRITEBYTECODE=1")
