# ld_test(name unit/room/x_test.c ld_room …), one line a test.
ld_test(router_test unit/broker/router_test.c ld_router)
ld_test(router_walk_test unit/broker/router_walk_test.c ld_router)
add_test(NAME broker_process_test
    COMMAND /usr/bin/python3 -B ${CMAKE_CURRENT_SOURCE_DIR}/unit/broker/process_test.py)
set_tests_properties(broker_process_test PROPERTIES LABELS unit TIMEOUT 120
    ENVIRONMENT LIANDONG_BROKER=$<TARGET_FILE:liandong-broker>)
ld_test(supervise_test unit/broker/supervise_test.c ld_log PkgConfig::UV)
target_sources(supervise_test PRIVATE ${CMAKE_SOURCE_DIR}/tools/liandong/supervise.c)
add_test(NAME serve_test
    COMMAND /usr/bin/python3 -B ${CMAKE_CURRENT_SOURCE_DIR}/unit/broker/serve_test.py)
set_tests_properties(serve_test PROPERTIES LABELS unit TIMEOUT 300
    ENVIRONMENT "LIANDONG_BIN=${CMAKE_RUNTIME_OUTPUT_DIRECTORY};LIANDONG_SOURCE=${CMAKE_SOURCE_DIR}")
