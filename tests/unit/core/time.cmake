# ld_test(name unit/room/x_test.c ld_room …), one line a test.
ld_test(calendar_test unit/core/calendar_test.c ld_core)
ld_test(period_test unit/core/period_test.c ld_core)
ld_test(clock_test unit/core/clock_test.c ld_core)
ld_test(ladder_test unit/core/ladder_test.c ld_core)
ld_test(rules_test unit/core/rules_test.c ld_core)
