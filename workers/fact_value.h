/* Facts, alerts and clocks as values for answers, with names and titles of the pinned program. */
#ifndef LD_WORKERS_FACT_VALUE_H
#define LD_WORKERS_FACT_VALUE_H

#include "workers/form.h"
#include "workers/shelf.h"
#include "workflows/core/case.h"

/* What a fact's numbers and names mean. */
struct fact_context {
    const struct program *program;
    const struct directory *directory; /* NULL: names and ids without titles */
    const struct shelf *shelf;         /* other workflows' titles */
    const struct case_state *state;    /* the case as it stands now */
    uint64_t position;                 /* of the fact's row */
    struct arena *arena;
    int zone_minutes;
};

/* One fact of a history row: {kind, …}. */
struct value fact_value(const struct fact *fact, const struct fact_context *context);
/* [{unit, title?, reason, name?}]; the titles from the directory, which may be NULL. */
struct value recipients_value(const struct alert *alert, const struct directory *directory,
                              struct arena *arena, int zone_minutes);
/* What anybody may read of a field: a sealed one is there, but not what it says. */
struct value field_value(const struct field *field, const struct value *value);
/* A clock's run: status, runs, right and lapsed where they are so, and its dates: anchor, last_day,
 * unrolled, due, provisional, breached, ended, days_late. rule NULL: not known. */
void form_run(struct form *form, const struct clock_rule *rule, const struct clock_run *run);

#endif
