/* What is wrong with a definition, for the person who wrote it: where, a stable code, the text in
 * Chinese and English, and what to write instead. */
#ifndef LD_LANGUAGE_DIAGNOSTIC_H
#define LD_LANGUAGE_DIAGNOSTIC_H

#include "base/arena.h"

enum severity { SEVERITY_ERROR, SEVERITY_WARNING, SEVERITY_NOTE };

struct place {
    uint32_t line;   /* 1-based */
    uint32_t column; /* 1-based, in code points */
};

struct diagnostic {
    enum severity severity;
    const char *code; /* stable: "unknown-state" */
    struct bytes file;
    struct place place;
    struct bytes zh, en;
    struct bytes hint_zh, hint_en; /* may be empty */
};

enum { DIAGNOSTICS_MAX = 200 };

/* Collects at most DIAGNOSTICS_MAX; what came after is only counted. Texts live in the arena. */
struct diagnostics {
    struct arena *arena;
    struct bytes file;
    struct diagnostic rows[DIAGNOSTICS_MAX];
    uint32_t count;
    uint32_t dropped;
    uint32_t error_count;
};

void diagnostics_init(struct diagnostics *diagnostics, struct arena *arena, struct bytes file);

/* Codes and texts stand in one table (diagnostic.c): %1, %2, %3 are replaced by the arguments. */
void diagnose(struct diagnostics *diagnostics, struct place place, const char *code,
              const struct bytes *arguments, uint32_t argument_count);

/* In the order of the text; equal places keep the order in which they were found. */
void diagnostics_sort(struct diagnostics *diagnostics);

/* FILE:LINE:COL: error[CODE]: text, and a line with the hint; in zh or en. */
struct buffer;
void diagnostic_print(const struct diagnostic *diagnostic, bool is_zh, struct buffer *buffer);

#endif
