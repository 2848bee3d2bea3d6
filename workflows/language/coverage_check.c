/* Holds a coverage against the workflows. It is judged in both directions: what a clause names must
 * exist, and what exists must be named, since a workflow that serves no clause is either a mistake
 * of the coverage or of the catalogue, and nobody would notice it otherwise. */
#include "workflows/language/coverage.h"
#include "workflows/language/keys.h"

struct checker {
    const struct coverage *coverage;
    const struct coverage_world *world;
    struct sheet sheet;
    const struct bytes *ids; /* of the workflows, for what was meant */
};

static const struct program *find_workflow(const struct checker *checker, struct bytes id)
{
    for (uint32_t i = 0; i < checker->world->workflow_count; i++) {
        if (bytes_equal(checker->world->workflows[i]->id, id))
            return checker->world->workflows[i];
    }
    return NULL;
}

static void check_names(const struct checker *checker, const struct coverage_name *names,
                        uint32_t count, struct names known, const char *unknown_code)
{
    for (uint32_t i = 0; i < count; i++) {
        if (names_find(known, names[i].name) < 0)
            sheet_report_unknown(&checker->sheet, names[i].place, unknown_code, names[i].name,
                                 known);
    }
}

static bool has_label(const struct program *program, struct bytes label)
{
    for (uint32_t i = 0; i < program->label_count; i++) {
        if (bytes_equal(program->labels[i], label))
            return true;
    }
    return false;
}

static void check_service(const struct checker *checker, const struct coverage_clause *clause,
                          const struct coverage_service *service)
{
    const struct program *program = find_workflow(checker, service->workflow.name);
    struct bytes label = coverage_label(checker->coverage, clause);
    if (!program) {
        sheet_report_unknown(&checker->sheet, service->workflow.place, "clause-workflow",
                             service->workflow.name,
                             NAMES_OF(checker->ids, checker->world->workflow_count));
        return;
    }
    check_names(checker, service->events, service->event_count,
                NAMES_OF(program->events, program->event_count), "unknown-event");
    check_names(checker, service->clocks, service->clock_count,
                NAMES_OF(program->clocks, program->clock_count), "unknown-clock");
    if (label.size && !has_label(program, label))
        diagnose(checker->sheet.diagnostics, service->workflow.place, "clause-label",
                 (struct bytes[]){program->id, label}, 2);
}

static void check_clause(const struct checker *checker, const struct coverage_clause *clause)
{
    const struct coverage_world *world = checker->world;
    uint32_t events = 0;
    for (uint32_t i = 0; i < clause->service_count; i++) {
        check_service(checker, clause, &clause->services[i]);
        events += clause->services[i].event_count;
    }
    check_names(checker, clause->reports, clause->report_count,
                NAMES_OF(world->reports, world->report_count), "unknown-report");
    if (clause->is_heading)
        return;
    if (clause->outside.zh.size && clause->service_count)
        sheet_report(&checker->sheet, clause->outside_place, "clause-outside", clause->id.name);
    else if (!clause->outside.zh.size && events == 0)
        sheet_report(&checker->sheet, clause->id.place, "clause-unserved", clause->id.name);
}

/* "mechanism" of "mechanism-4": a label of the plan is told from the others by its stem. */
static struct bytes stem_of(struct bytes label)
{
    size_t size = label.size;
    while (size > 0 && label.ptr[size - 1] >= '0' && label.ptr[size - 1] <= '9')
        size--;
    return bytes_slice(label, 0, size);
}

/* The heading with the label; else any with the same stem, so that the label is one of the plan's;
 * else NULL. */
static const struct coverage_clause *find_heading(const struct coverage *coverage,
                                                  struct bytes label)
{
    const struct coverage_clause *akin = NULL;
    for (uint32_t i = 0; i < coverage->clause_count; i++) {
        const struct coverage_clause *clause = &coverage->clauses[i];
        if (clause->label.name.size && bytes_equal(clause->label.name, label))
            return clause;
        if (clause->label.name.size && bytes_equal(stem_of(clause->label.name), stem_of(label)))
            akin = akin ? akin : clause;
    }
    return akin;
}

static void check_labels(const struct checker *checker, const struct program *program)
{
    for (uint32_t i = 0; i < program->label_count; i++) {
        struct bytes label = program->labels[i];
        const struct coverage_clause *heading = find_heading(checker->coverage, label);
        if (heading && !coverage_names(checker->coverage, label, program->id))
            diagnose(checker->sheet.diagnostics, heading->label.place, "label-unserved",
                     (struct bytes[]){program->id, label}, 2);
    }
}

static bool is_named(const struct coverage *coverage, struct bytes workflow)
{
    for (uint32_t i = 0; i < coverage->clause_count; i++) {
        const struct coverage_clause *clause = &coverage->clauses[i];
        for (uint32_t j = 0; j < clause->service_count; j++) {
            if (bytes_equal(clause->services[j].workflow.name, workflow))
                return true;
        }
    }
    return false;
}

bool coverage_check(const struct coverage *coverage, const struct coverage_world *world,
                    struct arena *arena, struct diagnostics *diagnostics)
{
    struct bytes *ids = arena_alloc_array(arena, world->workflow_count + 1, sizeof *ids);
    struct checker checker = {coverage, world, {arena, diagnostics}, ids};
    struct sheet_watch watch = sheet_begin(&checker.sheet);
    for (uint32_t i = 0; ids && i < world->workflow_count; i++)
        ids[i] = world->workflows[i]->id;
    for (uint32_t i = 0; ids && i < coverage->clause_count; i++)
        check_clause(&checker, &coverage->clauses[i]);
    for (uint32_t i = 0; ids && i < world->workflow_count; i++) {
        if (!is_named(coverage, ids[i]))
            sheet_report(&checker.sheet, coverage->clauses_place, "workflow-unserved", ids[i]);
        else
            check_labels(&checker, world->workflows[i]);
    }
    return sheet_finish(&checker.sheet, watch) && ids;
}

/* --- the words against the text -------------------------------------------------------------- */

enum { EXCERPT_SIZE = 60 };

static bool is_blank(uint8_t byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

static size_t skip_blanks(struct bytes text, size_t at)
{
    while (at < text.size && is_blank(text.ptr[at]))
        at++;
    return at;
}

/* Back to the beginning of a code point. */
static size_t point_at(struct bytes text, size_t at)
{
    while (at > 0 && at < text.size && (text.ptr[at] & 0xC0) == 0x80)
        at--;
    return at;
}

/* What stands in a text from there on, as much as a line has room for. */
static struct bytes excerpt(struct bytes text, size_t at)
{
    size_t begin = point_at(text, at);
    size_t end = point_at(text, begin + EXCERPT_SIZE);
    return bytes_slice(text, begin, end > begin ? end - begin : 0);
}

bool coverage_compare(const struct coverage *coverage, struct bytes text,
                      struct diagnostics *diagnostics)
{
    size_t at = skip_blanks(text, 0);
    for (uint32_t i = 0; i < coverage->clause_count; i++) {
        const struct coverage_clause *clause = &coverage->clauses[i];
        struct bytes words = clause->words;
        for (size_t own = skip_blanks(words, 0); own < words.size;
             own = skip_blanks(words, own + 1), at = skip_blanks(text, at + 1)) {
            if (at < text.size && text.ptr[at] == words.ptr[own])
                continue;
            diagnose(diagnostics, clause->words_place, "clause-words",
                     (struct bytes[]){clause->id.name, excerpt(words, own), excerpt(text, at)}, 3);
            return false;
        }
    }
    if (at < text.size)
        diagnose(diagnostics, coverage->clauses_place, "clause-missing",
                 (struct bytes[]){excerpt(text, at)}, 1);
    return at >= text.size;
}
