# Against what others have written: installed on demand, by whichever test asks first. Where that is
# impossible these tests fail, and oracles_install says why.
set(ORACLES ${CMAKE_SOURCE_DIR}/build/oracles)
add_test(NAME oracles_install COMMAND ${CMAKE_SOURCE_DIR}/tests/oracles/install ${ORACLES})
set_tests_properties(oracles_install PROPERTIES LABELS oracle TIMEOUT 900 FIXTURES_SETUP oracles)
add_test(NAME asyncapi_parser
    COMMAND node ${CMAKE_SOURCE_DIR}/tests/oracles/asyncapi.cjs ${ORACLES}
        $<TARGET_FILE:liandong> ${CMAKE_SOURCE_DIR}/workflows)
set_tests_properties(asyncapi_parser PROPERTIES LABELS oracle TIMEOUT 600 FIXTURES_REQUIRED oracles)
# What is shipped may emit nothing of some kind; these emit everything.
add_test(NAME asyncapi_parser_family
    COMMAND node ${CMAKE_SOURCE_DIR}/tests/oracles/asyncapi.cjs ${ORACLES}
        $<TARGET_FILE:liandong> ${CMAKE_SOURCE_DIR}/tests/unit/language/family)
set_tests_properties(asyncapi_parser_family PROPERTIES
    LABELS oracle TIMEOUT 600 FIXTURES_REQUIRED oracles)
