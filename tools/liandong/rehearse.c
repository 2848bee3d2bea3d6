/* `liandong workflow rehearse`: plays stories through a running system whose clock is driven by
 * hand. Every step is published at its own time like any agency would, all stories together in the
 * order of time; beside each fate stand the case's state and next due date, and between them the
 * alerts as a durable subscriber gets them. What a story expects and the system does not show is
 * printed and counted.
 *
 * Each story is played on the core first. So it is known which workflows it takes, which are
 * deployed where the system lacks them, and which events its cases send to each other after a step:
 * the next step waits, within a bound, until they have arrived.
 *
 * Nothing is kept between two runs but what the system itself keeps: stop with --until, do
 * something to the system, go on with --after. */
#include "tools/liandong/command.h"
#include "tools/liandong/commands.h"
#include "tools/liandong/online.h"
#include "tools/liandong/rehearse_deploy.h"
#include "tools/liandong/share.h"
#include "tools/liandong/show.h"
#include "tools/liandong/story_files.h"

#include "proto/ask.h"
#include "workflows/language/yaml.h"

#include <stdlib.h>
#include <time.h>

enum {
    STORIES_MAX = 32,
    STEPS_MAX = 4096,
    ARENA_SIZE = 8 << 20,
    TALK_SIZE = 8 << 20,
    ARRIVAL_WAIT_MS = 20000,
    ASK_AGAIN_MS = 5
};

/* A step of a story; or, without one, the arrival of what a case sent by time alone. */
struct rehearsed_step {
    const struct story_bundle *bundle;
    const struct story_step *step; /* or NULL */
    int64_t at_ms;
    uint32_t number; /* within its story; an arrival comes before all steps of its instant */
    /* The rows of the step in the play: its own event, and what came of it at the same instant
     * before the next step. Empty where it has no event. Of an arrival: the row before it, and
     * itself with what came of it. */
    uint32_t first_row, end_row;
};

struct rehearsal {
    struct command_context *context;
    struct connection *connection;
    struct story_bundle *bundles; /* STORIES_MAX, owned */
    uint32_t bundle_count;
    struct arena stories; /* the calendar; for the whole run */
    struct arena talk;    /* one question and its answer */
    const struct calendar *calendar;
    const char *subscriber;
    struct rehearsed_step steps[STEPS_MAX];
    uint32_t step_count;
    uint32_t events, alerts, held, broken;
};

static int64_t number_of(const struct command_context *context, const char *text, int zone,
                         int64_t fallback)
{
    int64_t instant_ms = fallback;
    if (text && !instant_parse(bytes_from_text(text), zone, &instant_ms))
        usage_error(context, "时间须写作 2025-10-09T12:00:00+08:00",
                    "an instant is written 2025-10-09T12:00:00+08:00");
    return instant_ms;
}

/* To the minute: 2025-10-09 12:00 */
static void print_minute(struct bytes instant)
{
    printf("%.*s %.*s  ", BYTES_PRINTF(bytes_slice(instant, 0, 10)),
           BYTES_PRINTF(bytes_slice(instant, 11, 5)));
}

static void print_instant(const struct rehearsal *rehearsal, int64_t instant_ms)
{
    uint8_t memory[40];
    struct buffer buffer;
    buffer_init(&buffer, memory, sizeof memory);
    buffer_put_instant(&buffer, instant_ms, rehearsal->calendar->zone_minutes);
    print_minute(buffer_bytes(&buffer));
}

/* Asks and complains; false when there was no good answer. */
static bool ask(struct rehearsal *rehearsal, uint32_t partition, struct value question,
                struct value *ret_answer)
{
    return connection_ask(rehearsal->connection, partition, &question, &rehearsal->talk,
                          ret_answer);
}

static bool advance(struct rehearsal *rehearsal, int64_t to_ms)
{
    struct value_entry entries[2];
    struct value_builder builder = {entries, 2, 0};
    struct value answer;
    value_put(&builder, "ask", value_words(ASK_CLOCK));
    value_put(&builder, "to", value_timestamp(to_ms));
    return ask(rehearsal, PARTITION_ALL, value_built(&builder), &answer);
}

/* --- alerts ---------------------------------------------------------------------------------- */

static struct bytes title_of(const struct rehearsal *rehearsal, const struct value *title,
                             struct bytes fallback)
{
    struct bytes named = value_get_text(title, rehearsal->context->is_zh ? "zh" : "en");
    return named.size ? named : fallback;
}

static const char *level_words(const struct rehearsal *rehearsal, struct bytes word)
{
    static const struct {
        const char *word, *zh, *en;
    } levels[] = {
#define X(name, word, zh, en) {word, zh, en},
        ALERT_LEVEL_TABLE(X)
#undef X
    };
    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++) {
        if (bytes_is(word, levels[i].word))
            return say(rehearsal->context, levels[i].zh, levels[i].en);
    }
    return "?"; /* a level that this version does not know */
}

static void print_alert(struct rehearsal *rehearsal, const struct value *item)
{
    const struct command_context *context = rehearsal->context;
    struct bytes named =
        title_of(rehearsal, value_get(item, "title"), value_get_text(item, "clock"));
    bool is_cleared = bytes_is(value_get_text(item, "kind"), "alert-cleared");
    print_minute(value_get_text(item, "at"));
    printf("%.*s    %s %.*s  ", BYTES_PRINTF(value_get_text(item, "case")), is_cleared ? "○" : "●",
           BYTES_PRINTF(named));
    if (is_cleared) {
        printf("%s\n", say(context, "提醒解除", "alert cleared"));
        return;
    }
    rehearsal->alerts++;
    printf("%s  %s %.*s  → ", level_words(rehearsal, value_get_text(item, "level")),
           say(context, "到期", "due"), BYTES_PRINTF(value_get_text(item, "last_day")));
    show_recipients(context, value_get(item, "to"), &rehearsal->talk);
    printf("\n");
}

static bool acknowledge(struct rehearsal *rehearsal, uint32_t partition, int64_t cursor)
{
    struct value_entry entries[3];
    struct value_builder builder = {entries, 3, 0};
    struct value answer;
    value_put(&builder, "ask", value_words(ASK_ACK));
    value_put(&builder, "name", value_words(rehearsal->subscriber));
    value_put(&builder, "cursor", value_int(cursor));
    return ask(rehearsal, partition, value_built(&builder), &answer);
}

/* One fetch; *ret_more: the cursor moved, there may be more behind it. */
static bool fetch(struct rehearsal *rehearsal, uint32_t partition, int64_t *cursor, bool *ret_more)
{
    struct value_entry entries[3];
    struct value_builder builder = {entries, 3, 0};
    struct value answer;
    arena_clear(&rehearsal->talk);
    value_put(&builder, "ask", value_words(ASK_FETCH));
    value_put(&builder, "name", value_words(rehearsal->subscriber));
    value_put(&builder, "wait_ms", value_int(0));
    if (!ask(rehearsal, partition, value_built(&builder), &answer))
        return false;
    const struct value *items = value_get(&answer, "items");
    for (uint32_t i = 0; items && items->kind == VALUE_LIST && i < items->as.list.count; i++)
        print_alert(rehearsal, &items->as.list.items[i]);
    int64_t reached = value_get_int(&answer, "cursor", *cursor);
    *ret_more = reached != *cursor;
    *cursor = reached;
    return !*ret_more || acknowledge(rehearsal, partition, reached);
}

static bool print_alerts(struct rehearsal *rehearsal)
{
    uint32_t partitions = connection_partitions(rehearsal->connection);
    for (uint32_t i = 0; rehearsal->subscriber && i < partitions; i++) {
        int64_t cursor = -1;
        bool is_more = true;
        while (is_more) {
            if (!fetch(rehearsal, i, &cursor, &is_more))
                return false;
        }
    }
    return true;
}

static bool subscribe(struct rehearsal *rehearsal)
{
    struct value_entry entries[3];
    struct value_builder builder = {entries, 3, 0};
    struct value answer;
    if (!rehearsal->subscriber)
        return true;
    value_put(&builder, "ask", value_words(ASK_SUBSCRIBE));
    value_put(&builder, "name", value_words(rehearsal->subscriber));
    value_put(&builder, "from", value_words("start"));
    return ask(rehearsal, PARTITION_ALL, value_built(&builder), &answer);
}

/* --- steps ----------------------------------------------------------------------------------- */

static void hold(struct rehearsal *rehearsal, const struct yaml_node *expect, const char *key,
                 struct bytes seen)
{
    const struct yaml_node *wanted = yaml_get(expect, key);
    if (!wanted || wanted->kind != YAML_SCALAR)
        return;
    if (bytes_equal(wanted->text, seen)) {
        rehearsal->held++;
        return;
    }
    rehearsal->broken++;
    printf("    ✗ %s: %s %.*s, %s %.*s\n", key, say(rehearsal->context, "应为", "expected"),
           BYTES_PRINTF(wanted->text), say(rehearsal->context, "实为", "is"), BYTES_PRINTF(seen));
}

/* The clock of a case by name, in its answer. */
static const struct value *clock_of(const struct value *shown, struct bytes name)
{
    const struct value *clocks = value_get(shown, "clocks");
    for (uint32_t i = 0; clocks && clocks->kind == VALUE_LIST && i < clocks->as.list.count; i++) {
        if (bytes_equal(value_get_text(&clocks->as.list.items[i], "name"), name))
            return &clocks->as.list.items[i];
    }
    return NULL;
}

static void hold_due(struct rehearsal *rehearsal, const struct yaml_node *expect,
                     const struct value *shown)
{
    const struct yaml_node *due = yaml_get(expect, "due");
    for (uint32_t i = 0; due && due->kind == YAML_MAPPING && i < due->count; i++) {
        const struct yaml_entry *entry = &due->entries[i];
        const struct value *clock = clock_of(shown, entry->key);
        bool is_date = entry->value->kind == YAML_SCALAR && entry->value->text.size == 10;
        if (!is_date)
            continue; /* `none` and hours are checked by `workflow test` */
        struct bytes seen = value_get_text(clock, "last_day");
        bool holds = bytes_equal(seen, entry->value->text);
        rehearsal->held += holds;
        rehearsal->broken += !holds;
        if (!holds)
            printf("    ✗ due %.*s: %.*s ≠ %.*s\n", BYTES_PRINTF(entry->key),
                   BYTES_PRINTF(entry->value->text), BYTES_PRINTF(seen));
    }
}

static void hold_clocks(struct rehearsal *rehearsal, const struct yaml_node *expect,
                        const struct value *shown)
{
    const struct yaml_node *clocks = yaml_get(expect, "clocks");
    for (uint32_t i = 0; clocks && clocks->kind == YAML_MAPPING && i < clocks->count; i++) {
        const struct yaml_entry *entry = &clocks->entries[i];
        struct bytes seen = value_get_text(clock_of(shown, entry->key), "status");
        bool holds = entry->value->kind == YAML_SCALAR && bytes_equal(seen, entry->value->text);
        rehearsal->held += holds;
        rehearsal->broken += !holds;
        if (!holds)
            printf("    ✗ clocks %.*s: %.*s ≠ %.*s\n", BYTES_PRINTF(entry->key),
                   BYTES_PRINTF(entry->value->text), BYTES_PRINTF(seen));
    }
}

/* The earliest due date among the clocks that run. */
static const struct value *next_clock(const struct value *shown)
{
    const struct value *clocks = value_get(shown, "clocks");
    const struct value *next = NULL;
    for (uint32_t i = 0; clocks && clocks->kind == VALUE_LIST && i < clocks->as.list.count; i++) {
        const struct value *clock = &clocks->as.list.items[i];
        bool is_running = bytes_is(value_get_text(clock, "status"), "running");
        struct bytes due = value_get_text(clock, "due");
        if (is_running && (!next || bytes_compare(due, value_get_text(next, "due")) < 0))
            next = clock;
    }
    return next;
}

/* *ret_shown is absent where there is no such case. False: there was no good answer. */
static bool ask_case(struct rehearsal *rehearsal, struct bytes id, struct value *ret_shown)
{
    struct value_entry entries[] = {{BYTES_LITERAL("ask"), value_words(ASK_CASE)},
                                    {BYTES_LITERAL("id"), value_text(id)}};
    struct value question = value_map(entries, 2);
    struct connection *connection = rehearsal->connection;
    uint32_t partition = wire_partition(id, connection_partitions(connection));
    enum wire_error error;
    *ret_shown = VALUE_ABSENT;
    enum ld_err err =
        client_ask(connection_client(connection), partition, &question,
                   connection_timeout_ms(connection), &rehearsal->talk, ret_shown, &error);
    if (err == LD_OK && error == WIRE_ERROR_NONE)
        return true;
    if (err == LD_OK && error == WIRE_ERROR_NOT_FOUND) {
        *ret_shown = VALUE_ABSENT;
        return true;
    }
    return ask(rehearsal, partition, question, ret_shown); /* asked again, it complains */
}

static struct bytes sub_id(struct rehearsal *rehearsal, struct bytes parent, struct bytes name)
{
    uint8_t memory[2 * CASE_ID_MAX];
    struct buffer buffer;
    buffer_init(&buffer, memory, sizeof memory);
    buffer_put(&buffer, parent);
    buffer_put_text(&buffer, "/");
    buffer_put(&buffer, name);
    return arena_copy(&rehearsal->talk, buffer_bytes(&buffer));
}

/* The sub-cases of a step's case, each asked for its state. */
static bool hold_subs(struct rehearsal *rehearsal, const struct story_step *step)
{
    const struct yaml_node *subs = yaml_get(step->expect, "subs");
    for (uint32_t i = 0; subs && subs->kind == YAML_MAPPING && i < subs->count; i++) {
        const struct yaml_entry *entry = &subs->entries[i];
        struct value shown;
        arena_clear(&rehearsal->talk);
        if (!ask_case(rehearsal, sub_id(rehearsal, step->case_id, entry->key), &shown))
            return false;
        struct bytes seen = value_get_text(&shown, "state");
        bool holds = entry->value->kind == YAML_SCALAR && bytes_equal(seen, entry->value->text);
        rehearsal->held += holds;
        rehearsal->broken += !holds;
        if (!holds)
            printf("    ✗ subs %.*s: %.*s ≠ %.*s\n", BYTES_PRINTF(entry->key),
                   BYTES_PRINTF(entry->value->text), BYTES_PRINTF(seen));
    }
    return true;
}

/* Whether an event that came of the step may have changed the case, or one beneath it, already. */
static bool has_moved_on(const struct rehearsed_step *row)
{
    struct bytes id = row->step->case_id;
    for (uint32_t i = row->first_row + 1; i < row->end_row; i++) {
        const struct story_row *played = &row->bundle->run.rows[i];
        if (played->kind == STORY_EVENT && bytes_starts_with(played->after->id, id))
            return true;
    }
    return false;
}

static bool print_case(struct rehearsal *rehearsal, const struct rehearsed_step *row)
{
    const struct command_context *context = rehearsal->context;
    const struct story_step *step = row->step;
    struct value shown;
    arena_clear(&rehearsal->talk);
    if (!ask_case(rehearsal, step->case_id, &shown))
        return false;
    const struct value *next = next_clock(&shown);
    struct bytes title =
        title_of(rehearsal, value_get(&shown, "state_title"), value_get_text(&shown, "state"));
    if (shown.kind == VALUE_NONE)
        return true; /* refused, or still to be started */
    print_instant(rehearsal, step->at_ms);
    printf("%.*s    = %.*s", BYTES_PRINTF(step->case_id), BYTES_PRINTF(title));
    if (next)
        printf("  %s %.*s %.*s", say(context, "下一到期:", "next due:"),
               BYTES_PRINTF(
                   title_of(rehearsal, value_get(next, "title"), value_get_text(next, "name"))),
               BYTES_PRINTF(value_get_text(next, "last_day")));
    printf("\n");
    if (has_moved_on(row))
        return true; /* the state was held against the answer */
    if (!step->has_event)
        hold(rehearsal, step->expect, "state", value_get_text(&shown, "state"));
    if (value_get(&shown, "outcome"))
        hold(rehearsal, step->expect, "outcome", value_get_text(&shown, "outcome"));
    hold_due(rehearsal, step->expect, &shown);
    hold_clocks(rehearsal, step->expect, &shown);
    return hold_subs(rehearsal, step);
}

/* The event as the history of its case has it, with titles; without a case, the bare words. False:
 * there was no answer. */
static bool read_event(struct rehearsal *rehearsal, const struct envelope *envelope,
                       const struct fate_answer *fate, struct value *ret_row)
{
    uint64_t position = fate->first_position ? fate->first_position : fate->position;
    struct value_entry entries[4];
    struct value_builder builder = {entries, 4, 0};
    struct value answer;
    *ret_row = VALUE_ABSENT;
    if (fate->state.size == 0 || position == 0)
        return true;
    value_put(&builder, "ask", value_words(ASK_HISTORY));
    value_put(&builder, "id", value_text(envelope->subject));
    value_put(&builder, "after", value_int((int64_t)position - 1));
    value_put(&builder, "max", value_int(1));
    uint32_t partitions = connection_partitions(rehearsal->connection);
    if (!ask(rehearsal, wire_partition(envelope->subject, partitions), value_built(&builder),
             &answer))
        return false;
    const struct value *rows = value_get(&answer, "rows");
    bool is_one = rows && rows->kind == VALUE_LIST && rows->as.list.count == 1;
    if (is_one && bytes_equal(value_get_text(&rows->as.list.items[0], "event_id"), envelope->id))
        *ret_row = rows->as.list.items[0];
    return true;
}

static bool print_event(struct rehearsal *rehearsal, const struct envelope *envelope,
                        const struct fate_answer *fate)
{
    struct value row;
    if (!read_event(rehearsal, envelope, fate, &row))
        return false;
    struct bytes type = title_of(rehearsal, value_get(&row, "type_title"), envelope->type);
    struct bytes source = title_of(rehearsal, value_get(&row, "source_title"), envelope->source);
    print_instant(rehearsal, envelope->time_ms);
    printf("%.*s  %.*s ← %.*s  %s", BYTES_PRINTF(envelope->subject), BYTES_PRINTF(type),
           BYTES_PRINTF(source), show_word(rehearsal->context, fate->fate, &rehearsal->talk));
    if (fate->code.size)
        printf(" (%.*s: %.*s)", BYTES_PRINTF(fate->code),
               BYTES_PRINTF(rehearsal->context->is_zh ? fate->zh : fate->en));
    printf("\n");
    return true;
}

static bool publish(struct rehearsal *rehearsal, const struct rehearsed_step *row)
{
    const struct story_step *step = row->step;
    const struct story *story = row->bundle->story;
    bool is_own = bytes_equal(step->case_id, story->case_id);
    struct fate_answer fate;
    struct envelope envelope = {
        .id = step->event.id,
        .source = step->event.source,
        .type = step->event.type,
        .subject = step->case_id,
        .time_ms = step->at_ms,
        .role = step->event.role_count ? step->event.roles[0] : BYTES_NONE,
        .workflow = step->workflow.size || !is_own ? step->workflow : story->workflow,
        .data = row->bundle->run.rows[row->first_row].event->data,
    };
    arena_clear(&rehearsal->talk);
    if (!connection_publish(rehearsal->connection, &envelope, &rehearsal->talk, &fate))
        return false;
    rehearsal->events++;
    if (!print_event(rehearsal, &envelope, &fate))
        return false;
    hold(rehearsal, step->expect, "fate", fate.fate);
    hold(rehearsal, step->expect, "refusal", fate.code);
    if (fate.state.size)
        hold(rehearsal, step->expect, "state", fate.state);
    return true;
}

/* --- what came of a step ---------------------------------------------------------------------- */

static int64_t steady_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail with this clock */
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Until the case has gone through as many steps as it had in the play. False: no good answer. */
static bool await(struct rehearsal *rehearsal, const struct case_state *played)
{
    const struct timespec pause = {.tv_nsec = ASK_AGAIN_MS * 1000000L};
    int64_t deadline_ms = steady_ms() + ARRIVAL_WAIT_MS;
    struct value shown;
    for (;;) {
        arena_clear(&rehearsal->talk);
        if (!ask_case(rehearsal, played->id, &shown))
            return false;
        if (value_get_int(&shown, "revision", 0) >= (int64_t)played->revision)
            return true;
        if (steady_ms() >= deadline_ms)
            break;
        (void)nanosleep(&pause, NULL); /* woken early it asks early */
    }
    rehearsal->broken++;
    printf("    ✗ %.*s: %s\n", BYTES_PRINTF(played->id),
           say(rehearsal->context, "发给它的事件没有到达", "what was sent to it has not arrived"));
    return true;
}

/* The events that cases sent to each other are on their way: the next step comes behind them. */
static bool settle(struct rehearsal *rehearsal, const struct rehearsed_step *row)
{
    const struct story_row *rows = row->bundle->run.rows;
    bool is_sent = false;
    for (uint32_t i = row->first_row + 1; i < row->end_row; i++)
        is_sent = is_sent || rows[i].kind == STORY_EVENT;
    if (!is_sent)
        return true;
    arena_clear(&rehearsal->talk);
    if (!advance(rehearsal, row->at_ms))
        return false;
    for (uint32_t i = row->first_row + 1; i < row->end_row; i++) {
        if (rows[i].after->is_open && !await(rehearsal, rows[i].after))
            return false;
    }
    return true;
}

/* Before a step's time has come nothing of it is asked; a case that was never started has nothing
 * to show. */
static bool play_step(struct rehearsal *rehearsal, const struct rehearsed_step *row)
{
    arena_clear(&rehearsal->talk);
    if (!advance(rehearsal, row->at_ms) || !print_alerts(rehearsal))
        return false;
    if (!row->step)
        return settle(rehearsal, row);
    if (row->step->has_event && !publish(rehearsal, row))
        return false;
    const struct yaml_node *expect = row->step->expect;
    bool is_asked = row->step->has_event || yaml_get(expect, "state") || yaml_get(expect, "due")
                    || yaml_get(expect, "clocks") || yaml_get(expect, "subs");
    return (!is_asked || print_case(rehearsal, row)) && settle(rehearsal, row);
}

static int by_time(const void *left, const void *right)
{
    const struct rehearsed_step *one = left, *other = right;
    if (one->at_ms != other->at_ms)
        return one->at_ms < other->at_ms ? -1 : 1;
    if (one->bundle != other->bundle)
        return bytes_compare(one->bundle->story->case_id, other->bundle->story->case_id);
    return (one->number > other->number) - (one->number < other->number);
}

/* The row behind the last that came at the instant of a row, before the next step. */
static uint32_t end_of_rows(const struct story_run *run, uint32_t row)
{
    uint32_t end = row + 1;
    while (end < run->row_count && run->rows[end].at_ms == run->rows[row].at_ms
           && !run->rows[end].step)
        end++;
    return end;
}

static void add_step(struct rehearsal *rehearsal, const struct rehearsed_step *row)
{
    if (rehearsal->step_count < STEPS_MAX)
        rehearsal->steps[rehearsal->step_count++] = *row;
}

static void add_steps(struct rehearsal *rehearsal, const struct story_bundle *bundle)
{
    const struct story_run *run = &bundle->run;
    uint32_t played = 0;
    for (uint32_t i = 0; i < bundle->story->step_count; i++) {
        const struct story_step *step = &bundle->story->steps[i];
        struct rehearsed_step row = {
            .bundle = bundle, .step = step, .at_ms = step->at_ms, .number = i + 1};
        while (step->has_event && run->rows[played].step != step)
            played++;
        if (step->has_event) {
            row.first_row = played;
            row.end_row = end_of_rows(run, played);
        }
        add_step(rehearsal, &row);
    }
}

/* What arrives without a step before it at the same instant. */
static void add_arrivals(struct rehearsal *rehearsal, const struct story_bundle *bundle)
{
    const struct story_run *run = &bundle->run;
    for (uint32_t i = 0; i < run->row_count;) {
        bool is_arrival = run->rows[i].kind == STORY_EVENT && !run->rows[i].step;
        uint32_t end = is_arrival || run->rows[i].step ? end_of_rows(run, i) : i + 1;
        if (is_arrival)
            add_step(rehearsal, &(struct rehearsed_step){.bundle = bundle,
                                                         .at_ms = run->rows[i].at_ms,
                                                         .first_row = i - 1,
                                                         .end_row = end});
        i = end;
    }
}

static bool read_story(struct rehearsal *rehearsal, const char *path)
{
    struct story_bundle *bundle = &rehearsal->bundles[rehearsal->bundle_count];
    if (!story_bundle_open(rehearsal->context, path, NULL, NULL, bundle))
        return false;
    rehearsal->bundle_count++;
    if (bundle->error_count) /* played or not: what does not hold here cannot hold there */
        story_bundle_print(rehearsal->context, bundle, stderr);
    if (bundle->is_played) {
        add_steps(rehearsal, bundle);
        add_arrivals(rehearsal, bundle);
    }
    return bundle->is_played;
}

static bool deploy(struct rehearsal *rehearsal)
{
    for (uint32_t i = 0; i < rehearsal->bundle_count; i++) {
        if (!rehearse_deploy(rehearsal->context, rehearsal->connection, &rehearsal->bundles[i],
                             &rehearsal->talk))
            return false;
    }
    return true;
}

static int play(struct rehearsal *rehearsal, int64_t after_ms, int64_t until_ms)
{
    if (!deploy(rehearsal) || !subscribe(rehearsal))
        return EXIT_TROUBLE;
    for (uint32_t i = 0; i < rehearsal->step_count; i++) {
        int64_t at_ms = rehearsal->steps[i].at_ms;
        if (at_ms <= after_ms || at_ms > until_ms)
            continue;
        if (!play_step(rehearsal, &rehearsal->steps[i]))
            return EXIT_TROUBLE;
        (void)fflush(stdout);
    }
    printf(say(rehearsal->context, "%u 个事件,%u 条提醒;%u 项期望成立,%u 项不成立\n",
               "%u events, %u alerts; %u expectations held, %u did not\n"),
           rehearsal->events, rehearsal->alerts, rehearsal->held, rehearsal->broken);
    return rehearsal->broken ? EXIT_NO : EXIT_YES;
}

static int prepare(struct rehearsal *rehearsal)
{
    struct command_context *context = rehearsal->context;
    arena_init(&rehearsal->stories, malloc(ARENA_SIZE), ARENA_SIZE);
    arena_init(&rehearsal->talk, malloc(TALK_SIZE), TALK_SIZE);
    rehearsal->bundles = calloc(STORIES_MAX, sizeof *rehearsal->bundles);
    if (!rehearsal->stories.block || !rehearsal->talk.block || !rehearsal->bundles)
        return EXIT_TROUBLE;
    rehearsal->calendar = share_calendar(context, NULL, &rehearsal->stories);
    if (!rehearsal->calendar)
        return EXIT_TROUBLE;
    for (int i = 0; i < context->argc; i++) {
        if (!read_story(rehearsal, context->argv[i]))
            return EXIT_NO;
    }
    qsort(rehearsal->steps, rehearsal->step_count, sizeof rehearsal->steps[0], by_time);
    return EXIT_YES;
}

int command_workflow_rehearse(struct command_context *context)
{
    const char *url = NULL, *until = NULL, *after = NULL;
    struct rehearsal *rehearsal = calloc(1, sizeof *rehearsal);
    const struct option_row rows[] = {
        CONNECT_OPTION(&url),
        {"subscriber", "NAME", "以此名建立持久订阅并打印提醒",
         "subscribe under this name and print alerts", &rehearsal->subscriber, NULL},
        {"after", "INSTANT", "只走此刻之后的步骤", "only steps after this instant", &after, NULL},
        {"until", "INSTANT", "走到此刻为止", "only steps up to this instant", &until, NULL},
        {0},
    };
    options_parse(context, rows);
    if (context->argc < 1 || context->argc > STORIES_MAX)
        usage_error(context, "至少要一个故事文件", "name at least one story file");
    rehearsal->context = context;
    int exit_code = prepare(rehearsal);
    if (exit_code == EXIT_YES) {
        int zone = rehearsal->calendar->zone_minutes;
        int64_t after_ms = number_of(context, after, zone, INT64_MIN);
        int64_t until_ms = number_of(context, until, zone, INT64_MAX);
        rehearsal->connection = connection_open(context, url, NULL);
        exit_code = rehearsal->connection ? play(rehearsal, after_ms, until_ms) : EXIT_TROUBLE;
    }
    connection_close(rehearsal->connection);
    for (uint32_t i = 0; i < rehearsal->bundle_count; i++)
        story_bundle_close(&rehearsal->bundles[i]);
    free(rehearsal->bundles);
    free(rehearsal->stories.block);
    free(rehearsal->talk.block);
    free(rehearsal);
    return exit_code;
}
