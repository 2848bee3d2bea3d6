# What is promised of the engine and can be counted. Instructions are counted of what is shipped: in a
# release build, and under no sanitizer.
if(CMAKE_BUILD_TYPE STREQUAL Release)
    add_executable(expression_probe proof/expression_probe.c)
    target_link_libraries(expression_probe PRIVATE ld_house ld_language ld_core)
    add_test(NAME expression_cost
        COMMAND ${CMAKE_COMMAND} -E env PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3
            ${CMAKE_CURRENT_SOURCE_DIR}/proof/expression_cost.py $<TARGET_FILE:expression_probe>
            ${CMAKE_CURRENT_SOURCE_DIR}/fuzz/corpus/expression)
    set_tests_properties(expression_cost PROPERTIES LABELS proof TIMEOUT 300)
endif()
