# Real processes: one pytest file a subject.
foreach(subject stories rehearse durability family alerts emit input adversary words bench)
    add_test(NAME e2e_${subject}
        COMMAND /usr/bin/python3 -m pytest -q -x -p no:cacheprovider
            ${CMAKE_SOURCE_DIR}/tests/e2e/test_${subject}.py)
    set_tests_properties(e2e_${subject} PROPERTIES LABELS e2e TIMEOUT 900
        ENVIRONMENT "LIANDONG_BIN=${CMAKE_RUNTIME_OUTPUT_DIRECTORY};LIANDONG_SOURCE=${CMAKE_SOURCE_DIR};PYTHONDONTWRITEBYTECODE=1")
endforeach()
