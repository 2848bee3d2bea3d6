/* The time that a partition acts on: real, or manual for tests and demonstrations. Pure: the shell
 * reads the machine's clocks and hands the readings in. It never falls; a real clock that jumps
 * ahead is not believed until it agrees again or a person confirms. */
#ifndef LD_WORKERS_ENGINE_CLOCK_H
#define LD_WORKERS_ENGINE_CLOCK_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

enum { CLOCK_JUMP_MAX_MS = 30000 };

/* What the machine says: CLOCK_REALTIME, and CLOCK_BOOTTIME, which counts on evenly whatever is
 * done to the other. */
struct clock_reading {
    int64_t real_ms;
    int64_t boot_ms;
};

struct engine_clock {
    bool is_manual;
    bool is_confirmed; /* a person says that the jump is right: the next reading is believed */
    bool is_held;      /* the real clock jumped ahead: time goes on by boot time alone */
    int64_t now_ms;
    struct clock_reading trusted; /* when the two last agreed */
};

/* floor_ms: the last persisted time; the engine's time does not lie before it. */
void engine_clock_real(struct engine_clock *clock, int64_t floor_ms, struct clock_reading reading);
void engine_clock_manual(struct engine_clock *clock, int64_t now_ms);
/* A new reading; of a manual clock nothing changes. The engine's time. */
int64_t engine_clock_observe(struct engine_clock *clock, struct clock_reading reading);
/* Sets a manual clock. LD_INVALID: it is a real one, or the instant lies before now. */
LD_MUST_USE enum ld_err engine_clock_set(struct engine_clock *clock, int64_t to_ms);

#endif
