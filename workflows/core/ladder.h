/* The rungs of one run of a clock as instants. Private to clocks: clock.c asks when the next rung
 * fires and which one it is; nothing is remembered but the run's watermark (ladder_through_ms). */
#ifndef LD_CORE_LADDER_H
#define LD_CORE_LADDER_H

#include "workflows/core/clock.h"

/* The first instant after the watermark at which the ladder wants something, or INSTANT_NONE. */
int64_t ladder_next_ms(const struct clock_rule *rule, const struct rules *rules,
                       const struct clock_run *run);
/* What the ladder does at exactly this instant: of several rungs the highest. False and untouched
 * where it does nothing. */
bool ladder_fires(const struct clock_rule *rule, const struct rules *rules,
                  const struct clock_run *run, int64_t instant_ms, struct clock_firing *ret_firing);
/* The rungs_done of a run that begins, or that has come to its watermark: what lies at or before it
 * is done. */
uint32_t ladder_done(const struct clock_rule *rule, const struct rules *rules,
                     const struct clock_run *run);
/* The rungs_done after what fires at this instant. */
uint32_t ladder_fired(const struct clock_rule *rule, const struct rules *rules,
                      const struct clock_run *run, int64_t instant_ms);
/* The rungs_done of a run whose due date has moved (`before` had the old one): what fired does not
 * fire again unless its new time lies ahead, and what had not fired and now lies behind is still
 * to fire. */
uint32_t ladder_moved(const struct clock_rule *rule, const struct rules *rules,
                      const struct clock_run *before, const struct clock_run *after,
                      int64_t now_ms);

#endif
