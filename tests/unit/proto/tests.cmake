ld_test(codec_test unit/proto/codec_test.c ld_proto)
ld_test(wire_test unit/proto/wire_test.c ld_proto)
ld_test(envelope_test unit/proto/envelope_test.c ld_proto)
ld_test(session_test unit/proto/session_test.c ld_proto)
ld_test(client_test unit/proto/client_test.c ld_client PkgConfig::ZMQ Threads::Threads)
ld_test(golden_test unit/proto/golden_test.c ld_proto)
add_test(NAME python_client_test
    COMMAND /usr/bin/python3 -m pytest -q -p no:cacheprovider
        ${CMAKE_SOURCE_DIR}/tests/unit/proto/client_test.py)
set_tests_properties(python_client_test PROPERTIES LABELS unit TIMEOUT 60
    ENVIRONMENT "PYTHONDONTWRITEBYTECODE=1")
