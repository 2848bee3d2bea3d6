# ld_test(name unit/room/x_test.c ld_room …), one line a test.
ld_test(expression_test unit/language/expression_test.c ld_language)
