# ld_test(name unit/room/x_test.c ld_room …), one line a test.
ld_test(record_test unit/workers/record_test.c ld_record ld_digest)
ld_test(store_test unit/workers/store_test.c ld_store PkgConfig::LMDB)
ld_test(store_crash_test unit/workers/store_crash_test.c ld_store PkgConfig::LMDB Threads::Threads)
