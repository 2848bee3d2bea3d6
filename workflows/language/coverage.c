/* Reads a coverage. A sentence belongs to the heading that stands above it, so that a label is
 * written once, where the plan itself names the mechanism or the task. */
#include "workflows/language/coverage.h"

#include "base/civil.h"
#include "workflows/language/keys.h"

enum { CLAUSES_MAX = 512, SERVICES_MAX = 64 };

static const struct key coverage_keys[] = {
    KEY("coverage", SHAPE_SCALAR | SHAPE_REQUIRED),
    KEY("title", SHAPE_SCALAR | SHAPE_MAP),
    KEY("source", SHAPE_SCALAR),
    KEY("date", SHAPE_SCALAR),
    KEY("text", SHAPE_SCALAR),
    KEY("clauses", SHAPE_LIST | SHAPE_REQUIRED),
};

static const struct key clause_keys[] = {
    KEY("id", SHAPE_SCALAR | SHAPE_REQUIRED),
    KEY("heading", SHAPE_SCALAR),
    KEY("label", SHAPE_SCALAR),
    KEY("words", SHAPE_SCALAR),
    KEY("serves", SHAPE_LIST),
    KEY("reports", SHAPE_SCALAR | SHAPE_LIST),
    KEY("outside", SHAPE_SCALAR | SHAPE_MAP),
};

static const struct key service_keys[] = {
    KEY("workflow", SHAPE_SCALAR | SHAPE_REQUIRED),
    KEY("events", SHAPE_SCALAR | SHAPE_LIST),
    KEY("clocks", SHAPE_SCALAR | SHAPE_LIST),
};

static struct coverage_name read_name(const struct sheet *sheet, const struct yaml_node *node)
{
    if (!node)
        return (struct coverage_name){0};
    return (struct coverage_name){sheet_text(sheet, node), node->place};
}

static const struct coverage_name *read_names(const struct sheet *sheet,
                                              const struct yaml_node *node, uint32_t *ret_count)
{
    uint32_t count = node ? sheet_many(node) : 0;
    struct coverage_name *names = sheet_rows(sheet, count, sizeof *names);
    *ret_count = names ? count : 0;
    for (uint32_t i = 0; i < *ret_count; i++)
        names[i] = read_name(sheet, sheet_many_at(node, i));
    return names;
}

static void read_service(const struct sheet *sheet, const struct yaml_node *node,
                         struct coverage_service *service)
{
    const unsigned many = SHAPE_SCALAR | SHAPE_LIST;
    if (!sheet_keys(sheet, node, service_keys, KEY_COUNT(service_keys)))
        return;
    service->workflow = read_name(sheet, sheet_get(node, "workflow", SHAPE_SCALAR));
    service->events = read_names(sheet, sheet_get(node, "events", many), &service->event_count);
    service->clocks = read_names(sheet, sheet_get(node, "clocks", many), &service->clock_count);
}

static void read_services(const struct sheet *sheet, const struct yaml_node *node,
                          struct coverage_clause *clause)
{
    if (!node)
        return;
    uint32_t count = sheet_bound(sheet, node, node->count, SERVICES_MAX, "serves");
    struct coverage_service *services = sheet_rows(sheet, count, sizeof *services);
    for (uint32_t i = 0; services && i < count; i++)
        read_service(sheet, node->items[i], &services[i]);
    clause->services = services;
    clause->service_count = services ? count : 0;
}

static void report_pair(const struct sheet *sheet, struct place place, const char *key,
                        const char *with)
{
    diagnose(sheet->diagnostics, place, "key-not-here",
             (struct bytes[]){bytes_from_text(key), bytes_from_text(with)}, 2);
}

/* A heading has its words and its label, and a sentence all the rest. */
static void check_keys(const struct sheet *sheet, const struct yaml_node *node, bool is_heading)
{
    static const char *const of_sentence[] = {"words", "serves", "reports", "outside"};
    const struct yaml_node *label = yaml_get(node, "label");
    if (!is_heading && label)
        report_pair(sheet, label->place, "label", "words");
    if (!is_heading && !yaml_get(node, "words"))
        sheet_report(sheet, node->place, "missing-key", BYTES_LITERAL("words"));
    for (size_t i = 0; is_heading && i < sizeof of_sentence / sizeof of_sentence[0]; i++) {
        const struct yaml_node *other = yaml_get(node, of_sentence[i]);
        if (other)
            report_pair(sheet, other->place, of_sentence[i], "heading");
    }
}

static void read_clause(const struct sheet *sheet, const struct yaml_node *node,
                        struct coverage_clause *clause)
{
    if (!sheet_keys(sheet, node, clause_keys, KEY_COUNT(clause_keys)))
        return;
    const struct yaml_node *heading = sheet_get(node, "heading", SHAPE_SCALAR);
    const struct yaml_node *words = heading ? heading : sheet_get(node, "words", SHAPE_SCALAR);
    const struct yaml_node *outside = sheet_get(node, "outside", SHAPE_SCALAR | SHAPE_MAP);
    check_keys(sheet, node, heading != NULL);
    clause->id = read_name(sheet, sheet_get(node, "id", SHAPE_SCALAR));
    clause->is_heading = heading;
    clause->words = sheet_text(sheet, words);
    clause->words_place = words ? sheet_content_place(words) : node->place;
    clause->label = read_name(sheet, sheet_get(node, "label", SHAPE_SCALAR));
    read_services(sheet, sheet_get(node, "serves", SHAPE_LIST), clause);
    clause->reports = read_names(sheet, sheet_get(node, "reports", SHAPE_SCALAR | SHAPE_LIST),
                                 &clause->report_count);
    clause->outside = sheet_title(sheet, outside, BYTES_NONE);
    clause->outside_place = outside ? outside->place : node->place;
}

static void read_clauses(const struct sheet *sheet, const struct yaml_node *node,
                         struct coverage *coverage)
{
    if (!node)
        return;
    int32_t heading = INDEX_NONE;
    uint32_t count = sheet_bound(sheet, node, node->count, CLAUSES_MAX, "clauses");
    struct coverage_clause *clauses = sheet_rows(sheet, count, sizeof *clauses);
    for (uint32_t i = 0; clauses && i < count; i++) {
        read_clause(sheet, node->items[i], &clauses[i]);
        clauses[i].heading = clauses[i].is_heading ? INDEX_NONE : heading;
        heading = clauses[i].is_heading ? (int32_t)i : heading;
        for (uint32_t j = 0; j < i; j++) {
            if (bytes_equal(clauses[j].id.name, clauses[i].id.name) && clauses[i].id.name.size)
                sheet_report(sheet, clauses[i].id.place, "duplicate-clause", clauses[i].id.name);
        }
    }
    coverage->clauses = clauses;
    coverage->clause_count = clauses ? count : 0;
    coverage->clauses_place = node->place;
}

static void read_coverage(const struct sheet *sheet, const struct yaml_node *root,
                          struct coverage *coverage)
{
    const struct yaml_node *id = sheet_get(root, "coverage", SHAPE_SCALAR);
    const struct yaml_node *title = sheet_get(root, "title", SHAPE_SCALAR | SHAPE_MAP);
    if (id)
        coverage->id = sheet_name(sheet, id->text, id->place, NAME_PLAIN);
    coverage->title = sheet_title(sheet, title, coverage->id);
    coverage->source = sheet_text(sheet, sheet_get(root, "source", SHAPE_SCALAR));
    coverage->date = sheet_date(sheet, sheet_get(root, "date", SHAPE_SCALAR));
    coverage->text = read_name(sheet, sheet_get(root, "text", SHAPE_SCALAR));
    read_clauses(sheet, sheet_get(root, "clauses", SHAPE_LIST), coverage);
}

const struct coverage *definition_coverage(struct bytes text, struct arena *arena,
                                           struct diagnostics *diagnostics)
{
    struct sheet sheet = {arena, diagnostics};
    struct sheet_watch watch = sheet_begin(&sheet);
    struct coverage *coverage = sheet_rows(&sheet, 1, sizeof *coverage);
    const struct yaml_node *root = yaml_read(text, arena, diagnostics);
    bool is_read =
        coverage && root && sheet_keys(&sheet, root, coverage_keys, KEY_COUNT(coverage_keys));
    if (is_read)
        read_coverage(&sheet, root, coverage);
    return sheet_finish(&sheet, watch) && is_read ? coverage : NULL;
}

struct bytes coverage_label(const struct coverage *coverage, const struct coverage_clause *clause)
{
    bool is_under = clause->heading != INDEX_NONE;
    return is_under ? coverage->clauses[clause->heading].label.name : BYTES_NONE;
}

static bool clause_names(const struct coverage_clause *clause, struct bytes workflow)
{
    for (uint32_t i = 0; i < clause->service_count; i++) {
        if (bytes_equal(clause->services[i].workflow.name, workflow))
            return true;
    }
    return false;
}

bool coverage_names(const struct coverage *coverage, struct bytes label, struct bytes workflow)
{
    for (uint32_t i = 0; i < coverage->clause_count; i++) {
        const struct coverage_clause *clause = &coverage->clauses[i];
        if (bytes_equal(coverage_label(coverage, clause), label) && clause_names(clause, workflow))
            return true;
    }
    return false;
}
