# ld_test(name unit/room/x_test.c ld_room …), one line a test.
ld_test(record_test unit/workers/record_test.c ld_record ld_digest)
