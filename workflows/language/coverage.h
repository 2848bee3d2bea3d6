/* How a plan of the city is served by the workflows: clause by clause, in the plan's own words,
 * which workflows, events and clocks serve it and which reports tell of it. A coverage is read and
 * checked like a definition, and never deployed: nothing runs by it. */
#ifndef LD_LANGUAGE_COVERAGE_H
#define LD_LANGUAGE_COVERAGE_H

#include "workflows/language/definition.h"

struct coverage_name {
    struct bytes name;
    struct place place;
};

struct coverage_service {
    struct coverage_name workflow;
    const struct coverage_name *events, *clocks;
    uint32_t event_count, clock_count;
};

/* A sentence of the plan, or one of its headings. */
struct coverage_clause {
    struct coverage_name id;
    struct bytes words;
    struct place words_place;
    bool is_heading;
    struct coverage_name label; /* of a heading: what its workflows carry; or empty */
    int32_t heading;            /* of a sentence: the heading above it, or INDEX_NONE */
    const struct coverage_service *services;
    uint32_t service_count;
    const struct coverage_name *reports;
    uint32_t report_count;
    struct title outside; /* why software cannot serve it; zh empty: it can */
    struct place outside_place;
};

struct coverage {
    struct bytes id;
    struct title title;
    struct bytes source;       /* the document */
    int32_t date;              /* its date, or DATE_NONE */
    struct coverage_name text; /* a file beside it with the same words, or empty */
    const struct coverage_clause *clauses;
    uint32_t clause_count;
    struct place clauses_place;
};

/* The shape alone. NULL when there was any error; the result lives in the arena, the text is copied
 * into it. */
const struct coverage *definition_coverage(struct bytes text, struct arena *arena,
                                           struct diagnostics *diagnostics);

/* What a coverage is held against: every workflow there is, newest versions, and the names of the
 * commands that report. */
struct coverage_world {
    const struct program *const *workflows;
    uint32_t workflow_count;
    const struct bytes *reports;
    uint32_t report_count;
};

/* Everything that it names exists; every sentence is served or says why not; labels and clauses
 * agree both ways; no workflow is left out. True: nothing was found. O(names * workflows). */
bool coverage_check(const struct coverage *coverage, const struct coverage_world *world,
                    struct arena *arena, struct diagnostics *diagnostics);
/* Its words, one after the other, are the text; blanks and line ends aside. True: they are. */
bool coverage_compare(const struct coverage *coverage, struct bytes text,
                      struct diagnostics *diagnostics);

/* The label of the heading that a sentence stands under; empty: none. */
struct bytes coverage_label(const struct coverage *coverage, const struct coverage_clause *clause);
/* Is the workflow named by a clause beneath the heading with this label? */
bool coverage_names(const struct coverage *coverage, struct bytes label, struct bytes workflow);

#endif
