# The engine against what others have written: clocks once more from the text, working days from two
# packages, expressions from CEL's own cases. The packages come from tests/oracles, on demand.
add_executable(clock_probe oracle/clock_probe.c)
target_link_libraries(clock_probe PRIVATE ld_house ld_record ld_core)
add_executable(cel_probe oracle/cel_probe.c)
target_link_libraries(cel_probe PRIVATE ld_house ld_language ld_core)

set(oracle ${CMAKE_CURRENT_SOURCE_DIR}/oracle)
set(packages ${CMAKE_SOURCE_DIR}/build/oracles)
set(oracle_python ${CMAKE_COMMAND} -E env PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3)
add_test(NAME clock_oracle COMMAND ${oracle_python} ${oracle}/oracle.py $<TARGET_FILE:clock_probe>)
add_test(NAME calendar_oracle COMMAND ${oracle_python} ${oracle}/calendars.py
    $<TARGET_FILE:clock_probe> $<TARGET_FILE:liandong>
    ${CMAKE_SOURCE_DIR}/workflows/calendars/cn.yaml ${packages})
add_test(NAME cel_oracle COMMAND ${oracle_python} ${oracle}/cel.py $<TARGET_FILE:cel_probe>
    ${packages})
set_tests_properties(clock_oracle calendar_oracle cel_oracle PROPERTIES LABELS oracle TIMEOUT 1800)
set_tests_properties(calendar_oracle cel_oracle PROPERTIES FIXTURES_REQUIRED oracles)
