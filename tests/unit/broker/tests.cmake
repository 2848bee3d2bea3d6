# ld_test(name unit/room/x_test.c ld_room …), one line a test.
ld_test(router_test unit/broker/router_test.c ld_router)
ld_test(router_walk_test unit/broker/router_walk_test.c ld_router)
