/* A coverage as a table: of text, of markdown, as JSON. */
#ifndef LD_TOOLS_COVERAGE_SHOW_H
#define LD_TOOLS_COVERAGE_SHOW_H

#include "tools/liandong/catalog.h"

struct coverage_view {
    const struct command_context *context;
    const struct coverage *coverage; /* without a finding: everything that it names is there */
    const struct catalog *catalog;
    const struct definition_context *rules;
    struct arena *arena;
};

/* How many clauses there are, and by what they are served. */
struct coverage_sum {
    uint32_t clauses, outside, services, events, clocks;
};

struct coverage_sum coverage_sum(const struct coverage *coverage);
/* The title in the reader's language, else the name. */
struct bytes coverage_title(const struct command_context *context, const struct title *title,
                            struct bytes name);
const char *coverage_force(const struct command_context *context, enum clock_force force);
const struct event_type *coverage_event(const struct program *program, struct bytes name);
const struct clock_rule *coverage_clock(const struct program *program, struct bytes name);

/* False: memory is short. */
bool coverage_show_table(const struct coverage_view *view);
void coverage_show_markdown(const struct coverage_view *view);
void coverage_show_json(const struct coverage_view *view);

#endif
