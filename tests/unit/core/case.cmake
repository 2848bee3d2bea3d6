ld_test(case_test unit/core/case_test.c ld_language)
ld_test(family_test unit/core/family_test.c ld_language)
