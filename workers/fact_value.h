/* Facts, alerts and clocks as values for answers, with names and titles of the pinned program. */
#ifndef LD_WORKERS_FACT_VALUE_H
#define LD_WORKERS_FACT_VALUE_H

#include "workers/form.h"
#include "workflows/core/case.h"

/* One fact of a history row: {kind, …}. Without a directory: names and ids without titles. */
struct value fact_value(const struct fact *fact, const struct program *program,
                        const struct directory *directory, struct arena *arena, int zone_minutes);
/* [{unit, title?, reason, name?}]; the titles from the directory, which may be NULL. */
struct value recipients_value(const struct alert *alert, const struct directory *directory,
                              struct arena *arena, int zone_minutes);
/* What anybody may read of a field: a sealed one is there, but not what it says. */
struct value field_value(const struct field *field, const struct value *value);
/* The dates of a clock's run: anchor, last_day, unrolled, due, provisional, breached, days_late. */
void form_run(struct form *form, const struct clock_run *run);

#endif
