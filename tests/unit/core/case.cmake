ld_test(case_test unit/core/case_test.c ld_language)
