/* Numbers among a benchmark's options, and the end that a person can put to it. */
#ifndef LD_BENCH_OPTIONS_H
#define LD_BENCH_OPTIONS_H

#include "tools/liandong/command.h"

struct bench_number {
    const char *name; /* of the option */
    uint32_t min, max, fallback;
};

/* A whole number within its bounds, the fallback where text is NULL; else a usage error. */
uint32_t bench_number(const struct command_context *context, const struct bench_number *number,
                      const char *text);
/* Seconds, fractions among them, from 0.01 to max, as nanoseconds. */
uint64_t bench_seconds(const struct command_context *context, const char *text, double fallback,
                       double max);

/* From here on SIGINT, SIGTERM and SIGHUP only say that it shall end. */
void bench_catch_signals(void);
bool bench_is_ended(void);

/* The row of a table. */
struct bench_cells {
    struct arena *arena;
    const char **cells;
    uint32_t count;
};

/* A printed number in the arena, as the next cell. */
void bench_put_cell(struct bench_cells *cells, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* What is true of the machine while it is measured. */
struct bench_machine {
    uint32_t cores, load_before, load_after; /* in hundredths */
    char filesystem[32];
};

void bench_look_at_machine(const char *folder, struct bench_machine *machine);
/* {cores, load_before, load_after, filesystem} */
struct value bench_machine_value(const struct bench_machine *machine, struct arena *arena);
/* One line; on memory alone a sync costs nothing, which is then said too. */
void bench_print_machine(const struct command_context *context,
                         const struct bench_machine *machine);

#endif
