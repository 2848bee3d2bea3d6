# ld_test(name unit/room/x_test.c ld_room …), one line a test.
ld_test(story_test unit/language/story_test.c ld_language)
ld_test(diagram_test unit/language/diagram_test.c ld_language)

# The commands as an administrator calls them. C.UTF-8 is on every machine, and speaks English.
set(catalog ${CMAKE_SOURCE_DIR}/workflows/catalog)
add_test(NAME catalog_stories COMMAND liandong workflow test ${catalog})
add_test(NAME failing_story
    COMMAND liandong workflow test ${CMAKE_CURRENT_SOURCE_DIR}/unit/language/fails.story.yaml)
set_tests_properties(failing_story PROPERTIES PASS_REGULAR_EXPRESSION
    "fails.story.yaml:10:43: error.story-due.: .*2025-07-04.*2025-07-03.*0 passed, 1 failed")
add_test(NAME explained_story
    COMMAND liandong workflow explain ${catalog}/administrative-public-interest.yaml --story
        ${catalog}/administrative-public-interest/b-overdue-and-escalation.story.yaml)
set_tests_properties(explained_story PROPERTIES PASS_REGULAR_EXPRESSION
    "reply .statutory..*2025-10-05 Sun to 2025-10-08 Wed .*rolls on.*2025-10-09 Thu .*last day")
set_tests_properties(catalog_stories failing_story explained_story PROPERTIES
    LABELS story TIMEOUT 300 ENVIRONMENT "LC_ALL=C.UTF-8")

# The reference for people: its examples hold, and it leaves no word of the language out.
add_test(NAME reference_test COMMAND ${CMAKE_COMMAND} -E env
    LIANDONG_BIN=${CMAKE_RUNTIME_OUTPUT_DIRECTORY} LIANDONG_SOURCE=${CMAKE_SOURCE_DIR}
    PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 -m pytest -q -p no:cacheprovider
        ${CMAKE_CURRENT_SOURCE_DIR}/unit/language/reference_test.py)
set_tests_properties(reference_test PROPERTIES LABELS unit TIMEOUT 300)

# What waits: early events, suspended cases, notices.
add_test(NAME waiting_stories COMMAND liandong workflow test ${CMAKE_CURRENT_SOURCE_DIR}/story)
set_tests_properties(waiting_stories PROPERTIES LABELS story TIMEOUT 300 ENVIRONMENT "LC_ALL=C.UTF-8")

# Pictures, read back by what they are made of.
add_test(NAME diagram_command_test COMMAND ${CMAKE_COMMAND} -E env
    LIANDONG_BIN=${CMAKE_RUNTIME_OUTPUT_DIRECTORY} LIANDONG_SOURCE=${CMAKE_SOURCE_DIR}
    PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 -m pytest -q -p no:cacheprovider
        ${CMAKE_CURRENT_SOURCE_DIR}/unit/language/diagram_test.py)
set_tests_properties(diagram_command_test PROPERTIES LABELS unit TIMEOUT 300)
