# ld_test(name unit/room/x_test.c ld_room …), one line a test.
ld_test(expression_test unit/language/expression_test.c ld_language)
ld_test(expr_test unit/core/expr_test.c ld_core)
ld_test(program_test unit/core/program_test.c ld_core)
ld_test(explain_test unit/language/explain_test.c ld_language)
