/* A coverage for programs: one object a line, a clause each, headings too, with the alerts of each
 * clock in full; then one with the counts. */
#include "tools/liandong/coverage_show.h"

enum { KEYS = 12 };

static struct value_builder new_map(const struct coverage_view *view)
{
    struct value_entry *entries = arena_alloc_array(view->arena, KEYS, sizeof *entries);
    return (struct value_builder){entries, entries ? KEYS : 0, 0};
}

static struct value *new_list(const struct coverage_view *view, uint32_t count)
{
    return arena_alloc_array(view->arena, count + 1, sizeof(struct value));
}

static void put_title(struct value_builder *map, const struct title *title)
{
    value_put(map, "zh", value_text(title->zh));
    value_put(map, "en", value_text(title->en));
}

static const char *tell_word(enum tell_kind kind)
{
    static const char *const words[] = {"who", "party", "unit", "role"};
    return words[kind];
}

static struct value tell_value(const struct coverage_view *view, const struct tell *tell)
{
    struct value_builder map = new_map(view);
    value_put(&map, "tell", value_words(tell_word(tell->kind)));
    if (tell->name.size)
        value_put(&map, "name", value_text(tell->name));
    value_put(&map, "is_supervisor", value_bool(tell->is_supervisor));
    return value_built(&map);
}

static struct value rung_value(const struct coverage_view *view, const struct rung *rung)
{
    static const char *const units[] = {[PERIOD_HOURS] = "hours",
                                        [PERIOD_DAYS] = "days",
                                        [PERIOD_WORKING_DAYS] = "working-days",
                                        [PERIOD_MONTHS] = "months",
                                        [PERIOD_YEARS] = "years",
                                        [PERIOD_UNTIL] = "due"};
    struct value_builder map = new_map(view);
    struct value *told = new_list(view, rung->tell_count);
    for (uint32_t i = 0; told && i < rung->tell_count; i++)
        told[i] = tell_value(view, &rung->tell[i]);
    value_put(&map, "level", value_words(alert_level_word(rung->level)));
    value_put(&map, "amount", value_int(rung->is_before ? -(int64_t)rung->amount : rung->amount));
    value_put(&map, "unit", value_words(units[rung->unit]));
    value_put(&map, "told", value_list(told, told ? rung->tell_count : 0));
    if (rung->draft)
        value_put(&map, "opens", value_text(rung->draft->workflow));
    return value_built(&map);
}

static struct value alerts_value(const struct coverage_view *view, struct bytes name)
{
    const struct ladder *ladder = name.size ? policy_ladder(view->rules->policy, name) : NULL;
    uint32_t count = ladder ? ladder->rung_count : 0;
    struct value *rungs = new_list(view, count);
    for (uint32_t i = 0; rungs && i < count; i++)
        rungs[i] = rung_value(view, &ladder->rungs[i]);
    return value_list(rungs, rungs ? count : 0);
}

static struct value clock_value(const struct coverage_view *view, const struct program *program,
                                const struct clock_rule *clock)
{
    struct value_builder map = new_map(view);
    value_put(&map, "clock", value_text(clock->name));
    put_title(&map, &clock->title);
    value_put(&map, "force", value_words(clock_force_word(clock->force)));
    value_put(&map, "basis", value_text(clock->basis));
    if (clock->who != INDEX_NONE)
        value_put(&map, "who", value_text(program->parties[clock->who].name));
    value_put(&map, "ladder", value_text(clock->ladder));
    value_put(&map, "alerts", alerts_value(view, clock->ladder));
    return value_built(&map);
}

static struct value event_value(const struct coverage_view *view, const struct event_type *event)
{
    struct value_builder map = new_map(view);
    value_put(&map, "event", value_text(event->name));
    put_title(&map, &event->title);
    if (event->role.size)
        value_put(&map, "role", value_text(event->role));
    return value_built(&map);
}

static struct value service_value(const struct coverage_view *view,
                                  const struct coverage_service *service)
{
    const struct program *program = catalog_find(view->catalog, service->workflow.name);
    struct value_builder map = new_map(view);
    struct value *events = new_list(view, service->event_count);
    struct value *clocks = new_list(view, service->clock_count);
    for (uint32_t i = 0; events && i < service->event_count; i++)
        events[i] = event_value(view, coverage_event(program, service->events[i].name));
    for (uint32_t i = 0; clocks && i < service->clock_count; i++)
        clocks[i] = clock_value(view, program, coverage_clock(program, service->clocks[i].name));
    value_put(&map, "workflow", value_text(program->id));
    put_title(&map, &program->title);
    value_put(&map, "events", value_list(events, events ? service->event_count : 0));
    value_put(&map, "clocks", value_list(clocks, clocks ? service->clock_count : 0));
    return value_built(&map);
}

static void print_line(const struct value_builder *map)
{
    struct value built = value_built(map);
    print_json(stdout, &built);
    (void)putchar('\n');
}

static void put_sentence(const struct coverage_view *view, struct value_builder *map,
                         const struct coverage_clause *clause)
{
    struct value *services = new_list(view, clause->service_count);
    struct value *reports = new_list(view, clause->report_count);
    for (uint32_t i = 0; services && i < clause->service_count; i++)
        services[i] = service_value(view, &clause->services[i]);
    for (uint32_t i = 0; reports && i < clause->report_count; i++)
        reports[i] = value_text(clause->reports[i].name);
    value_put(map, "serves", value_list(services, services ? clause->service_count : 0));
    value_put(map, "reports", value_list(reports, reports ? clause->report_count : 0));
    if (clause->outside.zh.size)
        value_put(map, "outside", value_text(clause->outside.zh));
    if (clause->outside.en.size)
        value_put(map, "outside_en", value_text(clause->outside.en));
}

void coverage_show_json(const struct coverage_view *view)
{
    const struct coverage *coverage = view->coverage;
    struct coverage_sum sum = coverage_sum(coverage);
    size_t mark = arena_mark(view->arena);
    for (uint32_t i = 0; i < coverage->clause_count; i++) {
        const struct coverage_clause *clause = &coverage->clauses[i];
        struct bytes label =
            clause->is_heading ? clause->label.name : coverage_label(coverage, clause);
        struct value_builder map = new_map(view);
        value_put(&map, "kind", value_words(clause->is_heading ? "heading" : "clause"));
        value_put(&map, "id", value_text(clause->id.name));
        value_put(&map, "words", value_text(clause->words));
        if (label.size)
            value_put(&map, "label", value_text(label));
        if (!clause->is_heading)
            put_sentence(view, &map, clause);
        print_line(&map);
        arena_rewind(view->arena, mark);
    }
    struct value_builder map = new_map(view);
    value_put(&map, "kind", value_words("summary"));
    value_put(&map, "clauses", value_int(sum.clauses));
    value_put(&map, "served", value_int(sum.clauses - sum.outside));
    value_put(&map, "outside", value_int(sum.outside));
    value_put(&map, "workflows", value_int(view->catalog->count));
    print_line(&map);
}
