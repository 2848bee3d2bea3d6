/* `liandong calendar due`: one due date by the engine's own arithmetic, without a case and without
 * a server. The last line of the output is the date alone, whatever the language: scripts read it.
 */
#include "tools/liandong/command.h"
#include "tools/liandong/commands.h"
#include "tools/liandong/share.h"
#include "workflows/language/expression.h"
#include "workflows/language/story.h"

#include <stdlib.h>
#include <string.h>

enum { EXPLAIN_SIZE = 1 << 20, ARENA_SIZE = DEFINITION_ARENA_SIZE, TEXT_SIZE = 48 };

struct due_call {
    struct command_context *context;
    const char *from, *period, *calendar_path, *rule, *roll;
    const char *pauses[OPTION_REPEATS_MAX + 1], *extends[OPTION_REPEATS_MAX + 1];
    bool is_explained, is_json;
    const struct calendar *calendar;
    struct period_terms terms;
    struct period_stop stops[OPTION_REPEATS_MAX];
    struct period_extension extensions[OPTION_REPEATS_MAX];
    struct arena arena;
};

static void parse(struct due_call *call)
{
    const struct option_row rows[] = {
        {"from", "DATE", "起算日;以小时计的期间写时刻(2025-05-30T16:20)",
         "the day it counts from; an instant for hours (2025-05-30T16:20)", &call->from, NULL},
        {"period", "PERIOD", "期间:2 months、15 days、10 working days、24 hours、until 2025-03-01",
         "2 months, 15 days, 10 working days, 24 hours, until 2025-03-01", &call->period, NULL},
        {"calendar", "FILE", "日历文件(缺省用随附的)", "a calendar (default: the shipped one)",
         &call->calendar_path, NULL},
        {"rule", "RULE", "civil(缺省)、criminal 或 custody", "civil (default), criminal or custody",
         &call->rule, NULL},
        {"roll", "none", "最后一日遇休息日不顺延", "do not roll on from a day off", &call->roll,
         NULL},
        {"pause", "FROM..UNTIL…", "停止计算的日期,可多次给出", "days not counted; may be repeated",
         call->pauses, NULL},
        {"extend", "PERIOD…", "延长,可多次给出", "an extension; may be repeated", call->extends,
         NULL},
        {"explain", NULL, "逐日说明", "tell it day by day", NULL, &call->is_explained},
        {"json", NULL, "输出一行 JSON", "print one line of JSON", NULL, &call->is_json},
        {0},
    };
    options_parse(call->context, rows);
    if (call->context->argc)
        usage_error(call->context, "多余的参数", "a word too many");
    if (!call->from)
        usage_error(call->context, "缺少 --from", "--from is missing");
    if (!call->period)
        usage_error(call->context, "缺少 --period", "--period is missing");
}

static void read_rule(struct due_call *call)
{
    static const char *const words[] = {
        [RULE_CIVIL] = "civil", [RULE_CRIMINAL] = "criminal", [RULE_CUSTODY] = "custody"};
    call->terms.is_rolled = !call->roll;
    if (call->roll && strcmp(call->roll, "none") != 0)
        usage_error(call->context, "--roll 只能是 none", "--roll can only be none");
    if (!call->rule)
        return;
    for (enum period_rule rule = RULE_CIVIL; rule <= RULE_CUSTODY; rule++) {
        if (strcmp(call->rule, words[rule]) == 0) {
            call->terms.rule = rule;
            return;
        }
    }
    usage_error(call->context, "--rule 须为 civil、criminal 或 custody",
                "--rule is civil, criminal or custody");
}

static struct period read_period(const struct due_call *call, const char *text)
{
    struct period period;
    int32_t date;
    if (strncmp(text, "until ", 6) == 0 && date_parse(bytes_from_text(text + 6), &date))
        return (struct period){date, PERIOD_UNTIL};
    if (period_parse(bytes_from_text(text), &period))
        return period;
    complain(call->context,
             "%s 不是期间:写成 2 months、15 days、10 working days、24 hours 或 1 year",
             "%s is no period: write 2 months, 15 days, 10 working days, 24 hours or 1 year", text);
    exit(EXIT_USAGE);
}

/* A date, or an instant where hours are counted; either gives both. */
static bool read_moment(const struct due_call *call, struct bytes text, int32_t *ret_date,
                        int64_t *ret_instant_ms)
{
    int zone = call->calendar->zone_minutes;
    if (date_parse(text, ret_date)) {
        *ret_instant_ms = instant_of_date(*ret_date, zone);
        return true;
    }
    if (!instant_parse(text, zone, ret_instant_ms))
        return false;
    *ret_date = date_of_instant(*ret_instant_ms, zone);
    return true;
}

static void read_from(struct due_call *call)
{
    struct bytes text = bytes_from_text(call->from);
    int32_t date;
    if (!read_moment(call, text, &call->terms.anchor, &call->terms.anchor_ms))
        usage_error(call->context, "--from 须为日期(2025-08-05)或时刻(2025-05-30T16:20)",
                    "--from is a date (2025-08-05) or an instant (2025-05-30T16:20)");
    if (call->terms.budget.unit == PERIOD_HOURS && date_parse(text, &date))
        usage_error(call->context, "以小时计的期间,--from 须写到时刻(2025-05-30T16:20)",
                    "a period in hours counts from an instant: --from 2025-05-30T16:20");
}

static bool read_pause(const struct due_call *call, const char *text, struct period_stop *ret_stop)
{
    struct bytes whole = bytes_from_text(text);
    size_t dots = bytes_find(whole, BYTES_LITERAL(".."));
    return dots != SIZE_MAX
           && read_moment(call, bytes_slice(whole, 0, dots), &ret_stop->from, &ret_stop->from_ms)
           && read_moment(call, bytes_slice(whole, dots + 2, whole.size), &ret_stop->until,
                          &ret_stop->until_ms);
}

static void read_pauses(struct due_call *call)
{
    uint32_t count = 0;
    for (; call->pauses[count]; count++) {
        struct period_stop *stop = &call->stops[count];
        if (!read_pause(call, call->pauses[count], stop) || stop->until_ms < stop->from_ms)
            usage_error(call->context, "--pause 须写成 2025-10-13..2025-11-10",
                        "write --pause 2025-10-13..2025-11-10");
        if (count && stop->from_ms < call->stops[count - 1].until_ms)
            usage_error(call->context, "--pause 须按先后给出且不重叠",
                        "pauses come in order and do not overlap");
    }
    call->terms.stops = call->stops;
    call->terms.stop_count = count;
}

static void read_extends(struct due_call *call)
{
    uint32_t count = 0;
    for (; call->extends[count]; count++)
        call->extensions[count] = (struct period_extension){
            .by = read_period(call, call->extends[count]), .date = DATE_NONE};
    call->terms.extensions = call->extensions;
    call->terms.extension_count = count;
}

static bool read_terms(struct due_call *call)
{
    read_rule(call);
    call->terms.budget = read_period(call, call->period);
    read_extends(call);
    call->calendar = share_calendar(call->context, call->calendar_path, &call->arena);
    if (!call->calendar)
        return false;
    read_from(call);
    read_pauses(call);
    return true;
}

static void print_explanation(struct due_call *call)
{
    struct buffer buffer;
    uint8_t *memory = arena_alloc(&call->arena, EXPLAIN_SIZE);
    LD_ASSERT(memory); /* the block is sized for it */
    buffer_init(&buffer, memory, EXPLAIN_SIZE);
    explain_period(&call->terms, call->calendar, BYTES_NONE, call->context->is_zh, &call->arena,
                   &buffer);
    (void)fwrite(buffer.ptr, 1, buffer.used, stdout); /* main looks at stdout in the end */
    printf("\n");
}

static struct bytes due_text(const struct due_call *call, const struct period_due *due,
                             uint8_t memory[TEXT_SIZE])
{
    struct buffer buffer;
    buffer_init(&buffer, memory, TEXT_SIZE);
    if (call->terms.budget.unit == PERIOD_HOURS)
        buffer_put_instant(&buffer, due->due_ms, call->calendar->zone_minutes);
    else
        buffer_put_date(&buffer, due->last_day);
    return buffer_bytes(&buffer);
}

static void print_due_json(const struct due_call *call, const struct period_due *due)
{
    enum { KEYS = 5 };
    uint8_t memory[TEXT_SIZE];
    struct value_entry entries[KEYS];
    struct value_builder map = {entries, KEYS, 0};
    value_put(&map, "from", value_words(call->from));
    value_put(&map, "period", value_words(call->period));
    value_put(&map, "unrolled", value_date(due->unrolled));
    value_put(&map, "due", value_text(due_text(call, due, memory)));
    value_put(&map, "is_provisional", value_bool(due->is_provisional));
    struct value built = value_built(&map);
    print_json(stdout, &built);
    printf("\n");
}

static void note_provisional(const struct due_call *call)
{
    const struct calendar *calendar = call->calendar;
    int32_t year = calendar->year_count ? calendar->years[calendar->year_count - 1].year : 0;
    (void)fprintf(stderr,
                  say(call->context,
                      "暂定:放假安排只公布到 %d 年,其后只按周末推算,公布后到期日可能变动\n",
                      "provisional: days off are announced through %d; after it weekends alone "
                      "count, and the date may move\n"),
                  year);
}

static int print_due(struct due_call *call)
{
    uint8_t memory[TEXT_SIZE];
    struct period_due due;
    if (period_derive(&call->terms, call->calendar, &due)) {
        complain(call->context, "期间超出可计算的范围(公元 1 至 9999 年)",
                 "the period lies beyond what can be computed (years 1 to 9999)");
        return EXIT_NO;
    }
    if (due.is_provisional)
        note_provisional(call);
    if (call->is_json) {
        print_due_json(call, &due);
        return EXIT_YES;
    }
    if (call->is_explained)
        print_explanation(call);
    printf("%.*s\n", BYTES_PRINTF(due_text(call, &due, memory)));
    return EXIT_YES;
}

int command_calendar_due(struct command_context *context)
{
    struct due_call call = {.context = context};
    parse(&call);
    void *block = malloc(ARENA_SIZE);
    if (!block) {
        complain(context, "内存不足", "out of memory");
        return EXIT_TROUBLE;
    }
    arena_init(&call.arena, block, ARENA_SIZE);
    int code = read_terms(&call) ? print_due(&call) : EXIT_NO;
    free(block);
    return code;
}
