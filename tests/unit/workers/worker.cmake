# ld_test(name unit/room/x_test.c ld_room …), one line a test.
ld_test(agenda_test unit/workers/agenda_test.c ld_workers PkgConfig::JANSSON)
target_sources(agenda_test PRIVATE unit/workers/agenda_fixture.c)
ld_test(engine_clock_test unit/workers/engine_clock_test.c ld_workers)
ld_test(feed_test unit/workers/feed_test.c ld_workers)
ld_test(poison_test unit/workers/poison_test.c ld_workers)
ld_test(seed_test unit/workers/seed_test.c ld_workers)
