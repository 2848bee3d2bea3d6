/* The fate of an event for people or as one line of JSON. */
#ifndef LD_TOOLS_PUBLISH_SHOW_H
#define LD_TOOLS_PUBLISH_SHOW_H

#include "proto/envelope.h"
#include "tools/liandong/command.h"
#include "tools/liandong/publish_event.h"

struct fate_printer {
    const struct command_context *context;
    bool is_json;
    struct arena *arena;
};

void print_fate(FILE *file, const struct fate_printer *printer, const struct fate_answer *answer);
/* A line that was refused here; event: what could be read of it, or NULL. */
void print_malformed(FILE *file, const struct fate_printer *printer, uint64_t line,
                     const struct value *event, const struct event_problem *problem);
/* An event without a fate; why may be NULL (no answer in time). */
void print_fateless(FILE *file, const struct fate_printer *printer, const struct value *event,
                    const char *why);
/* Was it refused, now or the first time? */
bool fate_is_refusal(const struct fate_answer *answer);

#endif
