/* `liandong workflow explain FILE --story STORY`: what happens in a story and why each date is the
 * date it is. As text it is for people; with --json each row of the timeline and each run of a
 * clock is one object a line, dates and words as the engine has them. */
#include "tools/liandong/commands.h"
#include "tools/liandong/story_files.h"

#include <stdlib.h>

enum { TEXT_SIZE = 8 << 20, MAP_KEYS = 20, TRACE_STEPS_MAX = 4096 };

static const char *const trace_words[] = {
    [TRACE_ANCHOR] = "anchor",     [TRACE_COUNTED] = "counted",
    [TRACE_STOPPED] = "stopped",   [TRACE_DAY_OFF] = "day-off",
    [TRACE_MONTH] = "month",       [TRACE_MONTH_END] = "month-end",
    [TRACE_EXTENDED] = "extended", [TRACE_SHIFTED] = "shifted",
    [TRACE_UNTIL] = "until",       [TRACE_ROLLED_OVER] = "rolled-over",
    [TRACE_LAST] = "last",         [TRACE_HOURS] = "hours",
};

/* Values are built in the bundle's arena and printed at once; the arena is then wound back. */
struct printer {
    const struct story_bundle *bundle;
    struct arena *arena;
    int zone_minutes;
    const struct story_actor *actor; /* of the row that is printed; NULL: there is no such case */
};

static struct value_builder new_map(const struct printer *printer)
{
    struct value_entry *entries = arena_alloc_array(printer->arena, MAP_KEYS, sizeof *entries);
    return (struct value_builder){entries, entries ? MAP_KEYS : 0, 0};
}

static struct value date_value(const struct printer *printer, int32_t date)
{
    uint8_t memory[16];
    struct buffer buffer;
    buffer_init(&buffer, memory, sizeof memory);
    buffer_put_date(&buffer, date);
    return value_text(arena_copy(printer->arena, buffer_bytes(&buffer)));
}

static struct value instant_value(const struct printer *printer, int64_t instant_ms)
{
    uint8_t memory[48];
    struct buffer buffer;
    buffer_init(&buffer, memory, sizeof memory);
    buffer_put_instant(&buffer, instant_ms, printer->zone_minutes);
    return value_text(arena_copy(printer->arena, buffer_bytes(&buffer)));
}

static void print_line(const struct value_builder *map)
{
    struct value built = value_built(map);
    print_json(stdout, &built);
    (void)putchar('\n');
}

static struct value change_value(const struct printer *printer, const struct fact *fact,
                                 enum clock_change change)
{
    const struct clock_rule *rule = &printer->actor->program->clocks[fact->index];
    struct value_builder map = new_map(printer);
    value_put(&map, "clock", value_text(rule->name));
    value_put(&map, "change", value_words(clock_change_word(change)));
    value_put(&map, "status", value_words(clock_status_word(fact->run->status)));
    value_put(&map, "force", value_words(clock_force_word(rule->force)));
    if (fact->run->status == CLOCK_RUNNING || fact->run->status == CLOCK_OVERDUE)
        value_put(&map, "due", date_value(printer, fact->run->due.last_day));
    if (fact->run->status == CLOCK_MET_LATE)
        value_put(&map, "days_late", value_int(fact->run->days_late));
    return value_built(&map);
}

static struct value changes_value(const struct printer *printer, uint32_t index)
{
    const struct story_row *row = &printer->bundle->run.rows[index];
    const struct case_state *before = story_before(&printer->bundle->run, index);
    uint32_t count = 0;
    struct value *items = arena_alloc_array(printer->arena, row->effects.fact_count, sizeof *items);
    for (uint32_t i = 0; items && i < row->effects.fact_count; i++) {
        const struct fact *fact = &row->effects.facts[i];
        if (fact->kind != FACT_CLOCK)
            continue;
        const struct clock_rule *rule = &printer->actor->program->clocks[fact->index];
        enum clock_change change =
            story_clock_change(rule, before ? &before->clocks[fact->index] : NULL, fact->run);
        if (change != CLOCK_UNCHANGED)
            items[count++] = change_value(printer, fact, change);
    }
    return value_list(items, count);
}

static struct value alert_value(const struct printer *printer, const struct fact *fact)
{
    const struct alert *alert = fact->alert;
    struct value_builder map = new_map(printer);
    struct value *to = arena_alloc_array(printer->arena, alert->recipient_count, sizeof *to);
    for (uint32_t i = 0; to && i < alert->recipient_count; i++)
        to[i] = value_text(alert->recipients[i].unit);
    value_put(&map, "clock", value_text(printer->actor->program->clocks[fact->index].name));
    value_put(&map, "level", value_words(alert_level_word(alert->level)));
    value_put(&map, "is_unacknowledged", value_bool(alert->is_unacknowledged));
    value_put(&map, "to", value_list(to, to ? alert->recipient_count : 0));
    return value_built(&map);
}

static struct value alerts_value(const struct printer *printer, const struct story_row *row)
{
    uint32_t count = 0;
    struct value *items = arena_alloc_array(printer->arena, row->effects.fact_count, sizeof *items);
    for (uint32_t i = 0; items && i < row->effects.fact_count; i++) {
        if (row->effects.facts[i].kind == FACT_ALERT)
            items[count++] = alert_value(printer, &row->effects.facts[i]);
    }
    return value_list(items, count);
}

static void put_event(struct value_builder *map, const struct story_row *row)
{
    const struct case_event *event = row->event;
    value_put(map, "event", value_text(event->type));
    value_put(map, "from", value_text(event->source));
    if (event->role_count)
        value_put(map, "role", value_text(event->roles[0]));
    value_put(map, "fate", value_words(fate_words(row->effects.fate)->word));
    if (row->effects.refusal == REFUSAL_NONE)
        return;
    value_put(map, "code", value_words(refusal_words(row->effects.refusal)->word));
    value_put(map, "detail", value_text(row->effects.detail));
    value_put(map, "wanted", value_text(row->effects.detail_wanted));
}

static struct value sub_value(const struct printer *printer, const struct fact *fact,
                              const struct case_state *before)
{
    struct value_builder map = new_map(printer);
    bool is_opened = fact->kind == FACT_SUB_OPENED;
    value_put(&map, "name", value_text(is_opened ? fact->text : before->subs[fact->index].name));
    value_put(&map, "change", value_words(is_opened ? "opened" : "closed"));
    if (is_opened)
        value_put(&map, "workflow", fact->value);
    else
        value_put(&map, "outcome", value_text(fact->text));
    return value_built(&map);
}

static struct value subs_value(const struct printer *printer, uint32_t index)
{
    const struct story_row *row = &printer->bundle->run.rows[index];
    const struct case_state *before = story_before(&printer->bundle->run, index);
    uint32_t count = 0;
    struct value *items = arena_alloc_array(printer->arena, row->effects.fact_count, sizeof *items);
    for (uint32_t i = 0; items && i < row->effects.fact_count; i++) {
        const struct fact *fact = &row->effects.facts[i];
        bool is_closed = fact->kind == FACT_SUB_CLOSED && before;
        if (fact->kind == FACT_SUB_OPENED || is_closed)
            items[count++] = sub_value(printer, fact, before);
    }
    return value_list(items, count);
}

static struct value emitted_value(const struct printer *printer, const struct story_row *row)
{
    uint32_t count = 0;
    struct value *items = arena_alloc_array(printer->arena, row->effects.fact_count, sizeof *items);
    for (uint32_t i = 0; items && i < row->effects.fact_count; i++) {
        const struct fact *fact = &row->effects.facts[i];
        struct value_builder map = new_map(printer);
        if (fact->kind != FACT_EMITTED)
            continue;
        value_put(&map, "type", value_text(fact->text));
        if (value_get(&fact->value, "subject"))
            value_put(&map, "subject", *value_get(&fact->value, "subject"));
        items[count++] = value_built(&map);
    }
    return value_list(items, count);
}

/* What brought a row about, where it was another: rows count from one. */
static void put_cause(struct value_builder *map, const struct story_row *row)
{
    static const char *const inputs[] = {
        [INPUT_OPEN] = "open",   [INPUT_SUSPEND] = "suspend", [INPUT_RESUME] = "resume",
        [INPUT_CLOSE] = "close", [INPUT_JOIN] = "join",
    };
    if (row->kind == STORY_FAMILY)
        value_put(map, "input", value_words(inputs[row->input]));
    if (row->cause != ROW_NONE)
        value_put(map, "cause", value_int(row->cause + 1));
}

static void print_row(struct printer *printer, uint32_t index)
{
    static const char *const kinds[] = {
        [STORY_EVENT] = "event", [STORY_TIME] = "time", [STORY_FAMILY] = "family"};
    const struct story_row *row = &printer->bundle->run.rows[index];
    struct value_builder map = new_map(printer);
    printer->actor = row->actor;
    value_put(&map, "kind", value_words(kinds[row->kind]));
    value_put(&map, "row", value_int(index + 1));
    value_put(&map, "at", instant_value(printer, row->at_ms));
    value_put(&map, "case", value_text(row->after->id));
    put_cause(&map, row);
    if (row->kind == STORY_EVENT)
        put_event(&map, row);
    if (row->after->is_open)
        value_put(&map, "state", value_text(row->actor->program->states[row->after->state].name));
    value_put(&map, "clocks", changes_value(printer, index));
    value_put(&map, "alerts", alerts_value(printer, row));
    value_put(&map, "subs", subs_value(printer, index));
    value_put(&map, "emitted", emitted_value(printer, row));
    print_line(&map);
}

static struct value trace_value(const struct printer *printer, const struct period_terms *terms)
{
    const struct trace_step *steps = NULL;
    uint32_t count = 0;
    enum ld_err err = period_trace(terms, printer->actor->rules.calendar, printer->arena,
                                   TRACE_STEPS_MAX, &steps, &count);
    if (err != LD_OK)
        return VALUE_ABSENT; /* longer than anybody reads: the due date stands beside it */
    struct value *items = arena_alloc_array(printer->arena, count, sizeof *items);
    for (uint32_t i = 0; items && i < count; i++) {
        struct value_builder map = new_map(printer);
        value_put(&map, "date", date_value(printer, steps[i].date));
        value_put(&map, "what", value_words(trace_words[steps[i].kind]));
        value_put(&map, "number", value_int(steps[i].number));
        value_put(&map, "is_provisional", value_bool(steps[i].is_provisional));
        items[i] = value_built(&map);
    }
    return value_list(items, items ? count : 0);
}

static void print_run(const struct printer *printer, const struct case_state *state, int32_t clock,
                      const struct clock_run *run)
{
    const struct clock_rule *rule = &printer->actor->program->clocks[clock];
    const struct value *who = &state->parties[rule->who];
    struct period_terms terms = clock_terms(rule, run);
    struct value_builder map = new_map(printer);
    value_put(&map, "kind", value_words("clock"));
    value_put(&map, "case", value_text(state->id));
    value_put(&map, "clock", value_text(rule->name));
    value_put(&map, "run", value_int(run->runs));
    value_put(&map, "force", value_words(clock_force_word(rule->force)));
    if (rule->is_right)
        value_put(&map, "is_right", value_bool(true));
    if (rule->basis.size)
        value_put(&map, "basis", value_text(rule->basis));
    if (who->kind == VALUE_UNIT)
        value_put(&map, "who", value_text(who->as.text));
    value_put(&map, "status", value_words(clock_status_word(run->status)));
    value_put(&map, "last_day", date_value(printer, run->due.last_day));
    value_put(&map, "due_at", instant_value(printer, run->due.due_ms));
    value_put(&map, "is_provisional", value_bool(run->due.is_provisional));
    value_put(&map, "is_breached", value_bool(run->breached_ms != INSTANT_NONE));
    value_put(&map, "steps", trace_value(printer, &terms));
    print_line(&map);
}

static void print_runs(struct printer *printer, uint32_t index)
{
    const struct story_run *run = &printer->bundle->run;
    const struct story_row *row = &run->rows[index];
    printer->actor = row->actor;
    const struct case_state *before = story_before(run, index);
    for (uint32_t i = 0; i < row->effects.fact_count; i++) {
        const struct fact *fact = &row->effects.facts[i];
        if (fact->kind != FACT_CLOCK)
            continue;
        const struct clock_run *old = before ? &before->clocks[fact->index] : NULL;
        const struct clock_rule *rule = &row->actor->program->clocks[fact->index];
        if (story_clock_change(rule, old, fact->run) == CLOCK_STARTED)
            print_run(printer, row->after, fact->index, story_last_of_run(run, index, fact));
    }
}

static void explain_json(struct story_bundle *bundle)
{
    struct printer printer = {bundle, &bundle->arena, bundle->rules.calendar->zone_minutes, NULL};
    size_t mark = arena_mark(&bundle->arena);
    for (uint32_t i = 0; i < bundle->run.row_count; i++) {
        print_row(&printer, i);
        arena_rewind(&bundle->arena, mark);
    }
    for (uint32_t i = 0; i < bundle->run.row_count; i++) {
        print_runs(&printer, i);
        arena_rewind(&bundle->arena, mark);
    }
}

static int explain_text(const struct command_context *context, struct story_bundle *bundle)
{
    struct buffer buffer;
    uint8_t *memory = malloc(TEXT_SIZE);
    const struct title *title = &bundle->program->title;
    struct bytes name = context->is_zh || !title->en.size ? title->zh : title->en;
    if (!memory) {
        complain(context, "内存不足", "out of memory");
        return EXIT_TROUBLE;
    }
    buffer_init(&buffer, memory, TEXT_SIZE);
    story_explain(&bundle->run, context->is_zh, &bundle->arena, &buffer);
    printf("%.*s · %.*s · %.*s\n\n", BYTES_PRINTF(name), BYTES_PRINTF(bundle->story->name),
           BYTES_PRINTF(bundle->story->case_id));
    (void)fwrite(memory, 1, buffer.used, stdout); /* standard output: nobody to tell */
    if (buffer.is_full)
        complain(context, "故事太长,后面的没有写出", "the story is too long: the end is left out");
    free(memory);
    return EXIT_YES;
}

int command_workflow_explain(struct command_context *context)
{
    const char *story_path = NULL;
    bool is_json = false;
    struct story_bundle bundle;
    const struct option_row rows[] = {
        {"story", "STORY", "要说明的故事", "the story to explain", &story_path, NULL},
        {"json", NULL, "每步一行 JSON", "one line of JSON a step", NULL, &is_json},
        {0},
    };
    options_parse(context, rows);
    if (context->argc != 1 || !story_path)
        usage_error(context, "要写一个流程定义和 --story 故事", "one definition and --story STORY");
    if (!story_bundle_open(context, story_path, context->argv[0], NULL, &bundle)) {
        complain(context, "内存不足", "out of memory");
        return EXIT_TROUBLE;
    }
    int result = bundle.error_count ? EXIT_NO : EXIT_YES;
    if (bundle.is_played && is_json)
        explain_json(&bundle);
    else if (bundle.is_played && explain_text(context, &bundle) != EXIT_YES)
        result = EXIT_TROUBLE;
    story_bundle_print(context, &bundle, stderr);
    story_bundle_close(&bundle);
    return result;
}
