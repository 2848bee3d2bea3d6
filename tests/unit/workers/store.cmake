# ld_test(name unit/room/x_test.c ld_room …), one line a test.
