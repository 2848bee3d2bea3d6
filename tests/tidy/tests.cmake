set(PYTHON /usr/bin/python3)
add_test(NAME tidy COMMAND ${PYTHON} ${CMAKE_SOURCE_DIR}/tests/tidy/tidy.py ${CMAKE_SOURCE_DIR})
add_test(NAME purity COMMAND ${PYTHON} ${CMAKE_SOURCE_DIR}/tests/tidy/purity.py
    $<TARGET_FILE:ld_core>)
set_tests_properties(tidy purity PROPERTIES LABELS tidy)
