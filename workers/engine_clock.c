/* Firing early cannot be undone, firing late can be explained: so a step back makes the engine's
 * time stand still until the real clock has caught up, and a jump ahead makes it go on evenly, by
 * boot time, as if the jump had not been.
 *
 * Invariant: now_ms never falls. */
#include "workers/engine_clock.h"

static int64_t later(int64_t left_ms, int64_t right_ms)
{
    return left_ms > right_ms ? left_ms : right_ms;
}

void engine_clock_real(struct engine_clock *clock, int64_t floor_ms, struct clock_reading reading)
{
    *clock = (struct engine_clock){.now_ms = later(floor_ms, reading.real_ms), .trusted = reading};
}

void engine_clock_manual(struct engine_clock *clock, int64_t now_ms)
{
    *clock = (struct engine_clock){.is_manual = true, .now_ms = now_ms};
}

int64_t engine_clock_observe(struct engine_clock *clock, struct clock_reading reading)
{
    if (clock->is_manual)
        return clock->now_ms;
    int64_t expected_ms = clock->trusted.real_ms + (reading.boot_ms - clock->trusted.boot_ms);
    bool is_jump = reading.real_ms > later(expected_ms, clock->now_ms) + CLOCK_JUMP_MAX_MS;
    clock->is_held = is_jump && !clock->is_confirmed;
    clock->is_confirmed = false;
    if (!clock->is_held)
        clock->trusted = reading;
    clock->now_ms = later(clock->now_ms, clock->is_held ? expected_ms : reading.real_ms);
    return clock->now_ms;
}

enum ld_err engine_clock_set(struct engine_clock *clock, int64_t to_ms)
{
    if (!clock->is_manual || to_ms < clock->now_ms)
        return LD_INVALID;
    clock->now_ms = to_ms;
    return LD_OK;
}
