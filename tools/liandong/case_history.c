/* liandong case history: what happened to a case, oldest first, each event once. */
#include "tools/liandong/command.h"
#include "tools/liandong/commands.h"

#include "proto/ask.h"
#include "tools/liandong/online.h"
#include "tools/liandong/rows.h"
#include "tools/liandong/show.h"

#include "workflows/core/case.h"

#include <stdlib.h>
#include <string.h>

enum { CLOCKS_MAX = 128, WORD_SIZE = 16 };

enum { SCRATCH_SIZE = 16 << 20, ROW_SCRATCH_SIZE = 1 << 20, ROW_ENTRIES_MAX = 32 };

/* What was last told of a clock: an alert moves its watermark alone, which is nothing to read. */
struct told {
    char name[NAME_MAX_SIZE + 1], status[WORD_SIZE], last_day[WORD_SIZE];
};

struct timeline {
    const struct command_context *context;
    struct value the_case; /* for the titles of its clocks; may be absent */
    struct arena arena;    /* of one row */
    struct told told[CLOCKS_MAX];
    uint32_t told_count;
};

/* --- people --------------------------------------------------------------------------------- */

static struct bytes clock_title(const struct timeline *timeline, struct bytes name)
{
    const struct value *clocks = value_get(&timeline->the_case, "clocks");
    uint32_t count = clocks && clocks->kind == VALUE_LIST ? clocks->as.list.count : 0;
    for (uint32_t i = 0; i < count; i++) {
        const struct value *clock = &clocks->as.list.items[i];
        if (bytes_equal(value_get_text(clock, "name"), name))
            return show_title(timeline->context, clock, "title");
    }
    return name;
}

static void print_recipients(struct timeline *timeline, const struct value *fact)
{
    const struct value *to = value_get(fact, "to");
    if (!to || to->kind != VALUE_LIST || to->as.list.count == 0)
        return;
    fputs(" → ", stdout);
    show_recipients(timeline->context, to, &timeline->arena);
}

static void print_state(struct timeline *timeline, const struct value *fact)
{
    struct bytes title = show_title(timeline->context, fact, "title");
    struct bytes outcome = value_get_text(fact, "outcome");
    printf("%s %.*s%s%.*s", say(timeline->context, "进入", "enters"),
           BYTES_PRINTF(title.size ? title : value_get_text(fact, "state")),
           outcome.size ? " · " : "", BYTES_PRINTF(outcome));
}

static void print_field(struct timeline *timeline, const struct value *fact)
{
    const struct command_context *context = timeline->context;
    struct arena *arena = &timeline->arena;
    bool is_party = bytes_is(value_get_text(fact, "kind"), "party");
    printf("%s = %s", show_titled(context, fact, "title", "name", arena),
           show_titled(context, fact, "unit_title", is_party ? "unit" : "value", arena));
}

static void print_clock(struct timeline *timeline, const struct value *fact)
{
    const struct command_context *context = timeline->context;
    struct bytes title = clock_title(timeline, value_get_text(fact, "name"));
    struct bytes last_day = value_get_text(fact, "last_day");
    printf("%s%.*s %s", say(context, "期限 ", "clock "), BYTES_PRINTF(title),
           show_status(context, fact, &timeline->arena));
    if (last_day.size)
        printf("%s%.*s", say(context, ",最后一日 ", ", last day "), BYTES_PRINTF(last_day));
}

static void print_alert(struct timeline *timeline, const struct value *fact)
{
    struct bytes title = clock_title(timeline, value_get_text(fact, "clock"));
    printf("%s %s%.*s",
           show_word(timeline->context, value_get_text(fact, "level"), &timeline->arena),
           say(timeline->context, "提醒:", "alert: "), BYTES_PRINTF(title));
    print_recipients(timeline, fact);
}

static void print_cleared(struct timeline *timeline, const struct value *fact)
{
    struct bytes title = clock_title(timeline, value_get_text(fact, "clock"));
    printf("%s%.*s", say(timeline->context, "提醒解除:", "alert cleared: "), BYTES_PRINTF(title));
}

static void print_date(struct timeline *timeline, const struct value *fact)
{
    bool is_late = bytes_is(value_get_text(fact, "kind"), "late-entry");
    printf("%s%s",
           is_late ? say(timeline->context, "补录,法律日期 ", "late entry of ")
                   : say(timeline->context, "立卷,法律日期 ", "opened, legal date "),
           show_cell(fact, "date", &timeline->arena));
}

static void print_notice(struct timeline *timeline, const struct value *fact)
{
    printf("%s%s", say(timeline->context, "通知:", "notice: "),
           show_cell(fact, "text", &timeline->arena));
    print_recipients(timeline, fact);
}

static void print_problem(struct timeline *timeline, const struct value *fact)
{
    struct bytes title = clock_title(timeline, value_get_text(fact, "clock"));
    printf("%s%.*s%s%s", say(timeline->context, "无法推进:", "cannot go on: "), BYTES_PRINTF(title),
           title.size ? "  " : "", show_cell(fact, "text", &timeline->arena));
}

static void print_suspended(struct timeline *timeline, const struct value *fact)
{
    fputs(value_get_bool(fact, "suspended", false) ? say(timeline->context, "中止", "suspended")
                                                   : say(timeline->context, "恢复", "resumed"),
          stdout);
}

static void print_suspended_above(struct timeline *timeline, const struct value *fact)
{
    fputs(value_get_bool(fact, "suspended", false)
              ? say(timeline->context, "随上级案件中止", "suspended with its parent")
              : say(timeline->context, "随上级案件恢复", "resumed with its parent"),
          stdout);
}

static void print_sub_opened(struct timeline *timeline, const struct value *fact)
{
    struct arena *arena = &timeline->arena;
    printf("%s%s · %s", say(timeline->context, "开立下级案件 ", "opens sub-case "),
           show_cell(fact, "name", arena),
           show_titled(timeline->context, fact, "title", "workflow", arena));
}

static void print_sub_closed(struct timeline *timeline, const struct value *fact)
{
    struct arena *arena = &timeline->arena;
    printf("%s%s · %s", say(timeline->context, "下级案件办结 ", "sub-case closed "),
           show_cell(fact, "name", arena), show_cell(fact, "outcome", arena));
}

static void print_emitted(struct timeline *timeline, const struct value *fact)
{
    const struct command_context *context = timeline->context;
    struct arena *arena = &timeline->arena;
    struct bytes subject = value_get_text(fact, "subject");
    printf("%s%s ← %s", say(context, "发出事件 ", "emits "), show_cell(fact, "type", arena),
           show_titled(context, fact, "source_title", "source", arena));
    if (subject.size)
        printf(" → %s", show_text(subject, arena));
}

/* An event that waits, or waits no longer: its id tells which line it was. */
static void print_waiting(struct timeline *timeline, const struct value *fact)
{
    bool is_held = bytes_is(value_get_text(fact, "kind"), "held");
    printf("%s%s",
           is_held ? say(timeline->context, "暂存事件 ", "holds event ")
                   : say(timeline->context, "取出暂存事件 ", "releases event "),
           show_cell(fact, "event_id", &timeline->arena));
}

/* The place for a clock; NULL where there are too many to remember. */
static struct told *told_of(struct timeline *timeline, const char *name)
{
    for (uint32_t i = 0; i < timeline->told_count; i++) {
        if (strcmp(timeline->told[i].name, name) == 0)
            return &timeline->told[i];
    }
    if (timeline->told_count == CLOCKS_MAX)
        return NULL;
    struct told *told = &timeline->told[timeline->told_count++];
    snprintf(told->name, sizeof told->name, "%s", name);
    return told;
}

/* A clock that looks as it did when it was last told of. */
static bool is_known(struct timeline *timeline, const struct value *fact)
{
    if (!bytes_is(value_get_text(fact, "kind"), "clock"))
        return false;
    struct told seen, *told = told_of(timeline, show_cell(fact, "name", &timeline->arena));
    if (!told)
        return false;
    seen = *told;
    snprintf(seen.status, sizeof seen.status, "%s", show_cell(fact, "status", &timeline->arena));
    snprintf(seen.last_day, sizeof seen.last_day, "%s",
             show_cell(fact, "last_day", &timeline->arena));
    bool is_same =
        strcmp(seen.status, told->status) == 0 && strcmp(seen.last_day, told->last_day) == 0;
    *told = seen;
    return is_same;
}

static void print_fact(struct timeline *timeline, const struct value *fact)
{
    static const struct {
        const char *kind;
        void (*print)(struct timeline *timeline, const struct value *fact);
    } rows[] = {{"opened", print_date},           {"late-entry", print_date},
                {"state", print_state},           {"field", print_field},
                {"party", print_field},           {"clock", print_clock},
                {"alert", print_alert},           {"alert-cleared", print_cleared},
                {"notice", print_notice},         {"problem", print_problem},
                {"suspended", print_suspended},   {"held", print_waiting},
                {"released", print_waiting},      {"sub-opened", print_sub_opened},
                {"sub-closed", print_sub_closed}, {"suspended-above", print_suspended_above},
                {"emitted", print_emitted}};
    struct bytes kind = value_get_text(fact, "kind");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (!bytes_is(kind, rows[i].kind))
            continue;
        printf("    ");
        rows[i].print(timeline, fact);
        putchar('\n');
        return;
    }
    printf("    %.*s %s\n", BYTES_PRINTF(kind), show_cell(fact, "text", &timeline->arena));
}

/* What was wrong, and what would have been right or why. A rule's own refusal has two texts. */
static void print_refusal(const struct command_context *context, const struct value *row,
                          struct arena *arena)
{
    struct bytes rest, code = value_get_text(row, "code");
    struct bytes detail = value_get_text(row, "detail"), wanted = value_get_text(row, "wanted");
    const struct word_row *words = reason_words(code, &rest), *why = NULL;
    bool is_by_rule = bytes_is(code, refusal_words(REFUSAL_BY_RULE)->word);
    printf(" [%.*s] %s", BYTES_PRINTF(code), words ? say(context, words->zh, words->en) : "");
    if (is_by_rule && !context->is_zh && wanted.size)
        detail = wanted;
    if (detail.size)
        printf(": %s", show_text(detail, arena));
    if (is_by_rule || wanted.size == 0)
        return;
    if (!refusal_has_reason(code)) {
        printf("%s%s", say(context, ";应为 ", "; wanted: "), show_text(wanted, arena));
        return;
    }
    why = reason_words(wanted, &rest);
    printf("%s%s", say(context, ";原因:", "; because: "),
           why ? say(context, why->zh, why->en) : show_text(wanted, arena));
    if (why && rest.size)
        printf(": %s", show_text(rest, arena));
}

static void print_event_line(struct timeline *timeline, const struct value *row)
{
    const struct command_context *context = timeline->context;
    struct arena *arena = &timeline->arena;
    struct bytes code = value_get_text(row, "code");
    bool is_built_in = bytes_is(value_get_text(row, "type"), EVENT_ACKNOWLEDGED);
    printf("%s ← %s  %s",
           is_built_in ? say(context, "签收提醒", "Alert acknowledged")
                       : show_titled(context, row, "type_title", "type", arena),
           show_titled(context, row, "source_title", "source", arena),
           show_word(context, value_get_text(row, "fate"), arena));
    if (code.size)
        print_refusal(context, row, arena);
    /* Which event it was, where somebody has to find it. */
    if (code.size || bytes_is(value_get_text(row, "fate"), "held"))
        printf("  (%s)", show_cell(row, "event_id", arena));
    putchar('\n');
}

/* What another case of the family did to this one. */
static const char *step_words(const struct timeline *timeline, const struct value *row)
{
    static const struct {
        const char *step, *zh, *en;
    } rows[] = {
        {"opened", "由上级案件开立", "opened by its parent"},
        {"suspended-with-parent", "上级案件中止", "its parent was suspended"},
        {"resumed-with-parent", "上级案件恢复", "its parent was resumed"},
        {"closed-with-parent", "上级案件办结", "its parent ended"},
        {"sub-case-closed", "下级案件办结", "a sub-case closed"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (bytes_is(value_get_text(row, "step"), rows[i].step))
            return say(timeline->context, rows[i].zh, rows[i].en);
    }
    return "";
}

static void print_row(struct timeline *timeline, const struct value *row)
{
    const struct value *facts = value_get(row, "facts");
    uint32_t count = facts && facts->kind == VALUE_LIST ? facts->as.list.count : 0;
    printf("%s  ", show_instant(row, "at", &timeline->arena));
    if (bytes_is(value_get_text(row, "kind"), "event"))
        print_event_line(timeline, row);
    else if (bytes_is(value_get_text(row, "kind"), "family"))
        puts(step_words(timeline, row));
    else
        puts(say(timeline->context, "到时", "time came"));
    for (uint32_t i = 0; i < count; i++) {
        if (!is_known(timeline, &facts->as.list.items[i]))
            print_fact(timeline, &facts->as.list.items[i]);
    }
}

/* --- JSON ----------------------------------------------------------------------------------- */

/* The row as it came, and for an event its id under the name that publishing gives it. */
static void print_row_json(const struct value *row)
{
    struct value_entry entries[ROW_ENTRIES_MAX];
    struct bytes id = value_get_text(row, "event_id");
    uint32_t count = row->as.map.count, first = id.size ? 1 : 0;
    if (count + first > ROW_ENTRIES_MAX)
        first = count = 0; /* more keys than this version knows: the row alone */
    for (uint32_t i = 0; i < count; i++)
        entries[first + i] = row->as.map.entries[i];
    if (first)
        entries[0] = (struct value_entry){BYTES_LITERAL("id"), value_text(id)};
    struct value map = value_map(entries, count + first);
    show_json_line(count ? &map : row);
}

/* --- the command ---------------------------------------------------------------------------- */

static int print_history(struct command_context *context, struct connection *connection,
                         bool is_json)
{
    static uint8_t block[SCRATCH_SIZE], row_block[ROW_SCRATCH_SIZE];
    struct arena arena;
    struct bytes id = bytes_from_text(context->argv[0]);
    struct value_entry entries[2] = {{BYTES_LITERAL("ask"), value_words(ASK_CASE)},
                                     {BYTES_LITERAL("id"), value_text(id)}};
    struct value question = value_map(entries, 2);
    struct timeline timeline = {.context = context};
    const struct value *row;
    uint32_t partition = wire_partition(id, connection_partitions(connection));
    arena_init(&arena, block, sizeof block);
    arena_init(&timeline.arena, row_block, sizeof row_block);
    if (!is_json && !connection_ask(connection, partition, &question, &arena, &timeline.the_case))
        return connection_exit(connection);
    entries[0].value = value_words(ASK_HISTORY);
    struct rows *rows = rows_open(context, connection, partition, &question, "position");
    if (!rows)
        return EXIT_TROUBLE;
    while ((row = rows_next(rows))) {
        arena_clear(&timeline.arena);
        if (is_json)
            print_row_json(row);
        else
            print_row(&timeline, row);
    }
    int exit = rows_failed(rows) ? connection_exit(connection) : EXIT_YES;
    rows_close(rows);
    return exit;
}

int command_case_history(struct command_context *context)
{
    const char *url = NULL, *timeout = NULL;
    bool is_json = false;
    const struct option_row rows[] = {
        CONNECT_OPTION(&url),
        TIMEOUT_OPTION(&timeout),
        {"json", NULL, "每行一个 JSON 对象", "one line of JSON a row", NULL, &is_json},
        {0}};
    options_parse(context, rows);
    if (context->argc != 1)
        usage_error(context, "给一个案件编号", "give one case id");
    struct connection *connection = connection_open(context, url, timeout);
    int exit = connection ? print_history(context, connection, is_json) : EXIT_TROUBLE;
    connection_close(connection);
    return exit;
}
