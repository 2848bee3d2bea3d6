# Each target replays its corpus as a test, with any compiler. With the preset fuzz (clang) it is also
# a search: build/fuzz/bin/search_X tests/fuzz/corpus/X.
foreach(target definition expression story)
    add_executable(fuzz_${target} fuzz/fuzz_${target}.c fuzz/replay.c)
    target_link_libraries(fuzz_${target} PRIVATE ld_house ld_language ld_core)
    target_compile_definitions(fuzz_${target} PRIVATE LIANDONG_SOURCE="${CMAKE_SOURCE_DIR}")
    add_test(NAME fuzz_${target}
        COMMAND fuzz_${target} ${CMAKE_CURRENT_SOURCE_DIR}/fuzz/corpus/${target})
    set_tests_properties(fuzz_${target} PROPERTIES LABELS fuzz TIMEOUT 300)
    if(LIANDONG_FUZZ)
        add_executable(search_${target} fuzz/fuzz_${target}.c)
        target_link_libraries(search_${target} PRIVATE ld_house ld_language ld_core)
        target_link_options(search_${target} PRIVATE -fsanitize=fuzzer)
        target_compile_definitions(search_${target} PRIVATE LIANDONG_SOURCE="${CMAKE_SOURCE_DIR}")
    endif()
endforeach()
