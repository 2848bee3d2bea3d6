/* `liandong workflow paths FILE`: every way of a case from the start to an end, the longest lawful
 * time that it can take and the clocks that take it. The longest first, at most --max of them; the
 * ends, the states in which a case can wait for ever and the ways back are listed whole. With
 * --from the times are dates too, derived by the engine's own calendar. */
#include "tools/liandong/commands.h"
#include "tools/liandong/share.h"
#include "workflows/language/paths.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN_DEFAULT = 10, LINE_SIZE = 4096, MAP_KEYS = 16, HOURS_OF_DAY = 24 };

struct path_call {
    struct command_context *context;
    const char *max_text, *from_text, *calendar_path;
    bool is_json;
    struct paths_request request;
    const struct program *program;
    struct paths paths;
    struct arena arena;
};

static void parse(struct path_call *call)
{
    const struct option_row rows[] = {
        {"max", "N", "最多列出几条路径(缺省 10)", "list at most so many paths (default 10)",
         &call->max_text, NULL},
        {"from", "DATE", "立案日期:按日历推算最后一日", "the starting date: derive last days too",
         &call->from_text, NULL},
        {"calendar", "FILE", "日历文件(缺省用随附的)", "a calendar (default: the shipped one)",
         &call->calendar_path, NULL},
        {"json", NULL, "每项一行 JSON", "one line of JSON each", NULL, &call->is_json},
        {0},
    };
    options_parse(call->context, rows);
    if (call->context->argc != 1)
        usage_error(call->context, "须给出一个流程文件", "one workflow, please");
    call->request.max = SHOWN_DEFAULT;
    call->request.from = DATE_NONE;
    if (call->from_text && !date_parse(bytes_from_text(call->from_text), &call->request.from))
        usage_error(call->context, "--from 须为日期(2025-08-05)", "--from is a date (2025-08-05)");
    if (!call->max_text)
        return;
    char *end;
    errno = 0;
    unsigned long max = strtoul(call->max_text, &end, 10);
    if (*end || end == call->max_text || *call->max_text == '-' || errno || max > PATHS_SHOWN_MAX)
        usage_error(call->context, "--max 须为 0 至 1000 的整数",
                    "--max is a number from 0 to 1000");
    call->request.max = (uint32_t)max;
}

/* The exit code: EXIT_YES where there is a program. */
static int load(struct path_call *call)
{
    struct share_choice choice = {.calendar = call->calendar_path};
    struct definition_context rules;
    struct diagnostics *diagnostics = arena_alloc(&call->arena, sizeof *diagnostics);
    const char *path = call->context->argv[0];
    size_t size;
    uint8_t *whole =
        diagnostics ? read_whole_file(call->context, path, DEFINITION_SIZE_MAX, &size) : NULL;
    struct bytes text = whole ? arena_copy(&call->arena, (struct bytes){whole, size}) : BYTES_NONE;
    free(whole);
    if (!whole || !share_load(call->context, &choice, &call->arena, &rules))
        return EXIT_TROUBLE;
    diagnostics_init(diagnostics, &call->arena, bytes_from_text(path));
    call->program = definition_workflow(text, &rules, &call->arena, diagnostics);
    call->request.calendar = rules.calendar;
    if (!call->program)
        share_print_diagnostics(call->context, stderr, diagnostics);
    return call->program ? EXIT_YES : EXIT_NO;
}

/* One line of text on the way; what does not fit is cut. */
struct line {
    const struct path_call *call;
    struct buffer buffer;
    uint8_t memory[LINE_SIZE];
};

static void begin(struct line *line, const struct path_call *call)
{
    line->call = call;
    buffer_init(&line->buffer, line->memory, sizeof line->memory);
}

static void put(struct line *line, const char *zh, const char *en)
{
    buffer_put_text(&line->buffer, say(line->call->context, zh, en));
}

static void put_title(struct line *line, struct bytes name, const struct title *title)
{
    bool is_zh = line->call->context->is_zh || !title->en.size;
    struct bytes shown = is_zh ? title->zh : title->en;
    buffer_put(&line->buffer, name);
    if (!shown.size || bytes_equal(shown, name))
        return;
    put(line, "(", " (");
    buffer_put(&line->buffer, shown);
    put(line, ")", ")");
}

static void put_state(struct line *line, int32_t state)
{
    const struct state *row = &line->call->program->states[state];
    put_title(line, row->name, &row->title);
}

static void put_clock(struct line *line, int32_t clock)
{
    const struct clock_rule *row = &line->call->program->clocks[clock];
    put_title(line, row->name, &row->title);
}

static void put_mover(struct line *line, int32_t event, int32_t clock)
{
    if (event != INDEX_NONE) {
        const struct title joined = {BYTES_LITERAL("下级案件全部办结"),
                                     BYTES_LITERAL("all sub-cases closed")};
        const struct event_type *row = &line->call->program->events[event];
        bool is_joined = event == line->call->program->joined_event;
        put_title(line, row->name, is_joined ? &joined : &row->title);
        return;
    }
    put(line, "期限到期:", "expiry of ");
    put_clock(line, clock);
}

static void put_force(struct line *line, int32_t clock)
{
    static const char *const zh[] = {
        [FORCE_STATUTORY] = "法定", [FORCE_REFERENCE] = "参照", [FORCE_AGREED] = "约定"};
    enum clock_force force = line->call->program->clocks[clock].force;
    put(line, zh[force], clock_force_word(force));
}

/* "2 months + 7 days"; true: there was something. */
static bool put_sum(struct line *line, const struct path_sum *sum)
{
    const struct {
        int64_t amount;
        const char *zh, *one, *many;
    } parts[] = {
        {sum->years, " 年", " year", " years"},
        {sum->months, " 个月", " month", " months"},
        {sum->days, " 日", " day", " days"},
        {sum->working_days, " 个工作日", " working day", " working days"},
        {sum->hours, " 小时", " hour", " hours"},
    };
    bool is_any = false;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (parts[i].amount == 0)
            continue;
        buffer_put_text(&line->buffer, is_any ? " + " : "");
        buffer_put_decimal(&line->buffer, parts[i].amount);
        put(line, parts[i].zh, parts[i].amount == 1 ? parts[i].one : parts[i].many);
        is_any = true;
    }
    return is_any;
}

static const struct {
    enum path_open flag;
    const char *word, *zh, *en;
    const char *by_parent_zh, *by_parent_en; /* where whoever opens the case gives things too */
} opens[] = {
    {PATH_WAITS, "waits", "可以无限期等待", "can wait for ever", NULL, NULL},
    {PATH_SUBS, "sub-cases", "等待下级案件", "waits for its sub-cases", NULL, NULL},
    {PATH_PAUSE, "pause", "停止计算的时间没有上限", "a pause has no limit", NULL, NULL},
    {PATH_ANY_LENGTH, "any-length", "由事件给出的长度没有上限",
     "an event gives a length without limit", "由事件或上级案件给出的长度没有上限",
     "an event or the parent case gives a length without limit"},
    {PATH_GIVEN_DATE, "given-date", "取决于事件给出的日期",
     "it depends on a date that an event gives", "取决于事件或上级案件给出的日期",
     "it depends on a date that an event or the parent case gives"},
};

enum { OPEN_COUNT = sizeof opens / sizeof opens[0] };

static void put_time(struct line *line, const struct path_time *time)
{
    bool is_any = put_sum(line, &time->base);
    struct path_sum none = {0};
    if (memcmp(&time->plus, &none, sizeof none) != 0) {
        put(line, is_any ? ",最多另加 " : "最多另加 ", is_any ? ", plus up to " : "plus up to ");
        is_any = put_sum(line, &time->plus);
    }
    for (size_t i = 0; i < OPEN_COUNT; i++) {
        if (!(time->open & (unsigned)opens[i].flag))
            continue;
        put(line, is_any ? ";" : "", is_any ? "; " : "");
        if (opens[i].by_parent_zh && line->call->program->start_event == INDEX_NONE)
            put(line, opens[i].by_parent_zh, opens[i].by_parent_en);
        else
            put(line, opens[i].zh, opens[i].en);
        is_any = true;
    }
    if (!is_any)
        put(line, "不需要时间", "no time");
}

/* Else there are only words for why it has no bound. */
static bool has_length(const struct path_time *time)
{
    return time->hours > 0 || time->open == 0;
}

static void put_days(struct line *line, const char *zh, const char *en, int64_t days)
{
    put(line, zh, en);
    buffer_put_decimal(&line->buffer, days);
    put(line, " 天", days == 1 ? " day" : " days");
}

/* In calendar days: nominal, or to the last day. */
static void put_calendar(struct line *line, const struct path_time *time)
{
    int32_t from = line->call->request.from;
    if (time->waits || (time->hours == 0 && time->last == DATE_NONE))
        return;
    if (from == DATE_NONE) {
        put_days(line, "(至多约 ", " (at most about ",
                 (time->hours + HOURS_OF_DAY - 1) / HOURS_OF_DAY);
        put(line, ")", ")");
        return;
    }
    put(line, "(至 ", " (until ");
    buffer_put_date(&line->buffer, time->base_last);
    put_days(line, ",", ", ", time->base_last - from);
    if (time->last != time->base_last) {
        put(line, ";连同可加的至 ", "; with what may be added ");
        buffer_put_date(&line->buffer, time->last);
        put_days(line, ",", ", ", time->last - from);
    }
    put(line, ")", ")");
}

static void put_anchor(struct line *line, int32_t anchor)
{
    if (anchor == INDEX_NONE)
        return;
    put(line, ",从 ", ", counted from the due date of ");
    put_clock(line, anchor);
    put(line, " 的到期日起算", "");
}

static void put_bound(struct line *line, const struct path_step *step)
{
    if (step->wait == PATH_WAIT_SUBS) {
        put(line, "等待下级案件,本身没有上限",
            "waits for its sub-cases, without a bound of its own");
        return;
    }
    if (step->wait != PATH_WAIT_ENDS) {
        put(line, "可以无限期等待", "can wait for ever");
        return;
    }
    if (has_length(&step->bound.time))
        put(line, "至多 ", "at most ");
    put_time(line, &step->bound.time);
    put(line, ":", ": ");
    put_clock(line, step->bound.clock);
    put(line, ",", ", ");
    put_force(line, step->bound.clock);
    if (step->bound.to - step->bound.from > 1) {
        put(line, ",第 ", ", over steps ");
        buffer_put_decimal(&line->buffer, step->bound.from + 1);
        put(line, " 至 ", " to ");
        buffer_put_decimal(&line->buffer, step->bound.to);
        put(line, " 步合计", "");
    }
    put_anchor(line, step->bound.anchor);
}

static void end_line(struct line *line)
{
    buffer_put_text(&line->buffer, "\n");
    (void)fwrite(line->buffer.ptr, 1, line->buffer.used, stdout); /* main looks at stdout */
}

static void print_step(const struct path_call *call, const struct path *path, uint32_t index)
{
    const struct path_step *step = &path->steps[index];
    struct line line;
    begin(&line, call);
    buffer_put_text(&line.buffer, "   ");
    buffer_put_padded(&line.buffer, index + 1, 1);
    buffer_put_text(&line.buffer, ". ");
    put_state(&line, step->state);
    buffer_put_text(&line.buffer, " → ");
    put_mover(&line, step->event, step->clock);
    end_line(&line);
    begin(&line, call);
    buffer_put_text(&line.buffer, "      ");
    put_bound(&line, step);
    end_line(&line);
}

static void print_link(const struct path_call *call, const struct path_link *link)
{
    struct line line;
    if (link->clock == INDEX_NONE || (link->time.hours == 0 && link->time.open == 0))
        return;
    begin(&line, call);
    put(&line, "   由 ", "   taken by ");
    put_clock(&line, link->clock);
    put(&line, ":", ": ");
    put_time(&line, &link->time);
    put(&line, ",", ", ");
    put_force(&line, link->clock);
    put_anchor(&line, link->anchor);
    end_line(&line);
}

static void print_path(const struct path_call *call, uint32_t index)
{
    const struct path *path = &call->paths.rows[index];
    struct line line;
    begin(&line, call);
    buffer_put_text(&line.buffer, "\n");
    buffer_put_decimal(&line.buffer, index + 1);
    buffer_put_text(&line.buffer, ") → ");
    put_state(&line, path->end);
    put(&line, ":", ": ");
    put_time(&line, &path->time);
    put_calendar(&line, &path->time);
    end_line(&line);
    for (uint32_t i = 0; i < path->step_count; i++)
        print_step(call, path, i);
    for (uint32_t i = 0; i < path->link_count; i++)
        print_link(call, &path->links[i]);
}

static void print_end(const struct path_call *call, const struct path_end *end)
{
    struct line line;
    begin(&line, call);
    buffer_put_text(&line.buffer, "  ");
    put_state(&line, end->state);
    put(&line, ":", ": ");
    buffer_put_decimal(&line.buffer, (int64_t)end->count);
    put(&line, end->is_capped ? " 条以上路径" : " 条路径",
        end->is_capped ? " paths or more" : (end->count == 1 ? " path" : " paths"));
    if (!end->count && end->state == call->program->cascade_end)
        put(&line, ",只随上级案件办结而到达", ", only reached when the parent case closes it");
    if (end->count) {
        put(&line, has_length(&end->longest) ? ",最长 " : ",",
            has_length(&end->longest) ? ", longest " : ", ");
        put_time(&line, &end->longest);
        put_calendar(&line, &end->longest);
    }
    end_line(&line);
}

static void put_wait(struct line *line, const struct path_trap *trap)
{
    struct bytes reason = line->call->program->states[trap->state].no_clock;
    switch (trap->wait) {
    case PATH_WAIT_NO_CLOCK:
        put(line, "没有任何期限", "no clock runs there");
        if (reason.size) {
            put(line, "(", " (");
            buffer_put(&line->buffer, reason);
            put(line, ")", ")");
        }
        return;
    case PATH_WAIT_REMINDERS:
        put(line, "只有提醒:", "only a reminder: ");
        put_clock(line, trap->clock);
        return;
    case PATH_WAIT_OTHERS:
        put(line, "有期限可能在计算,但不要求离开此状态:",
            "a clock can run there, but the case need not leave for it: ");
        put_clock(line, trap->clock);
        return;
    case PATH_WAIT_OVERDUE:
        put(line, "期限已经到期,不再有新的期限:",
            "what runs is overdue already, and nothing new falls due: ");
        put_clock(line, trap->clock);
        return;
    case PATH_WAIT_SUBS:
        put(line, "到下级案件全部办结为止", "until the last of them closes");
        return;
    case PATH_WAIT_ENDS: return;
    }
}

/* Those that wait for sub-cases, or the others. */
static void print_traps(const struct path_call *call, bool is_for_subs, const char *head)
{
    bool is_first = true;
    for (uint32_t i = 0; i < call->paths.trap_count; i++) {
        struct line line;
        if ((call->paths.traps[i].wait == PATH_WAIT_SUBS) != is_for_subs)
            continue;
        if (is_first)
            printf("\n%s\n", head);
        is_first = false;
        begin(&line, call);
        buffer_put_text(&line.buffer, "  ");
        put_state(&line, call->paths.traps[i].state);
        put(&line, ":", ": ");
        put_wait(&line, &call->paths.traps[i]);
        end_line(&line);
    }
}

static void print_loops(const struct path_call *call)
{
    if (call->paths.loop_count)
        printf("\n%s\n", say(call->context, "绕回先前状态的去向(每个只列一次,时间未计入):",
                             "ways back, each named once and not counted in the times:"));
    for (uint32_t i = 0; i < call->paths.loop_count; i++) {
        const struct path_loop *loop = &call->paths.loops[i];
        struct line line;
        begin(&line, call);
        buffer_put_text(&line.buffer, "  ");
        put_state(&line, loop->from);
        buffer_put_text(&line.buffer, " → ");
        put_state(&line, loop->to);
        put(&line, ":", ": ");
        put_mover(&line, loop->event, loop->clock);
        if (loop->is_detour)
            put(&line, "(从那里只能回来)", " (from there one can only come back)");
        end_line(&line);
    }
    if (call->paths.has_more_loops)
        printf("  …\n");
}

static void print_suspension(const struct path_call *call)
{
    struct line line;
    if (call->program->suspend_from == INDEX_NONE)
        return;
    begin(&line, call);
    put(&line, "案件可以中止:", "the case can be suspended: ");
    put_mover(&line, call->program->suspend_from, INDEX_NONE);
    put(&line, ";中止期间所有期限停止计算,没有上限,未计入下列时间",
        "; that stops every clock without limit, and is not counted below");
    end_line(&line);
}

/* It begins with a parent's step, and may end with one. */
static void print_parent(const struct path_call *call)
{
    const struct program *program = call->program;
    struct line line;
    if (program->start_event != INDEX_NONE)
        return;
    begin(&line, call);
    put(&line, "由上级案件开立", "opened by a parent case");
    if (program->cascade_end != INDEX_NONE) {
        put(&line, ";上级案件办结时可能随之在 ", "; when that closes it may end in ");
        put_state(&line, program->cascade_end);
        put(&line, " 终结,未列为路径", " with it, which is no path below");
    }
    end_line(&line);
}

static void print_text(const struct path_call *call)
{
    const struct paths *paths = &call->paths;
    printf(say(call->context, "%.*s 第 %u 版:%llu 条路径,%u 个终结%s\n",
               paths->count == 1 ? "%.*s version %u: %llu path, %u end%s\n"
                                 : "%.*s version %u: %llu paths, %u end%s\n"),
           BYTES_PRINTF(call->program->id), call->program->version,
           (unsigned long long)paths->count, paths->end_count,
           paths->end_count == 1 || call->context->is_zh ? "" : "s");
    if (paths->is_capped)
        printf("%s\n", say(call->context, "路径太多,只查了一部分:可能有更长的",
                           "too many paths: the search was capped, and there may be longer ones"));
    print_parent(call);
    print_suspension(call);
    for (uint32_t i = 0; i < paths->end_count; i++)
        print_end(call, &paths->ends[i]);
    if (paths->row_count < paths->count)
        printf(say(call->context, "\n最长的在前,列出 %u 条,共 %llu 条:\n",
                   "\nthe longest first, %u of %llu:\n"),
               paths->row_count, (unsigned long long)paths->count);
    for (uint32_t i = 0; i < paths->row_count; i++)
        print_path(call, i);
    print_traps(call, false,
                say(call->context, "可以无限期等待的状态:", "a case can wait for ever in:"));
    print_traps(call, true,
                say(call->context, "等待下级案件、本身没有期限的状态:",
                    "a case waits for its sub-cases, without a clock of its own, in:"));
    print_loops(call);
}

static struct value_builder new_map(struct path_call *call)
{
    struct value_entry *entries = arena_alloc_array(&call->arena, MAP_KEYS, sizeof *entries);
    return (struct value_builder){entries, entries ? MAP_KEYS : 0, 0};
}

static struct value date_value(struct path_call *call, int32_t date)
{
    uint8_t memory[16];
    struct buffer buffer;
    buffer_init(&buffer, memory, sizeof memory);
    buffer_put_date(&buffer, date);
    return value_text(arena_copy(&call->arena, buffer_bytes(&buffer)));
}

static struct value sum_value(struct path_call *call, const struct path_sum *sum)
{
    struct value_builder map = new_map(call);
    const struct {
        const char *key;
        int64_t amount;
    } parts[] = {{"years", sum->years},
                 {"months", sum->months},
                 {"days", sum->days},
                 {"working_days", sum->working_days},
                 {"hours", sum->hours}};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (parts[i].amount)
            value_put(&map, parts[i].key, value_int(parts[i].amount));
    }
    return value_built(&map);
}

static struct value open_value(struct path_call *call, unsigned open)
{
    struct value *items = arena_alloc_array(&call->arena, OPEN_COUNT, sizeof *items);
    uint32_t count = 0;
    for (size_t i = 0; items && i < OPEN_COUNT; i++) {
        if (open & (unsigned)opens[i].flag)
            items[count++] = value_words(opens[i].word);
    }
    return value_list(items, count);
}

static struct value time_value(struct path_call *call, const struct path_time *time)
{
    struct value_builder map = new_map(call);
    value_put(&map, "periods", sum_value(call, &time->base));
    value_put(&map, "plus", sum_value(call, &time->plus));
    value_put(&map, "open", open_value(call, time->open));
    value_put(&map, "is_bounded", value_bool(time->open == 0));
    if (time->waits == 0)
        value_put(&map, "nominal_days", value_int((time->hours + HOURS_OF_DAY - 1) / HOURS_OF_DAY));
    if (time->last != DATE_NONE && time->waits == 0) {
        value_put(&map, "last", date_value(call, time->base_last));
        value_put(&map, "days", value_int(time->base_last - call->request.from));
        value_put(&map, "last_with_plus", date_value(call, time->last));
        value_put(&map, "days_with_plus", value_int(time->last - call->request.from));
    }
    return value_built(&map);
}

static void put_name(struct value_builder *map, const char *key, const struct path_call *call,
                     int32_t clock)
{
    if (clock == INDEX_NONE)
        return;
    value_put(map, key, value_text(call->program->clocks[clock].name));
}

static void put_moved(struct value_builder *map, const struct path_call *call, int32_t event,
                      int32_t clock)
{
    if (event != INDEX_NONE)
        value_put(map, "event", value_text(call->program->events[event].name));
    else
        put_name(map, "expiry", call, clock);
}

static struct value state_value(const struct path_call *call, int32_t state)
{
    return value_text(call->program->states[state].name);
}

static struct value step_value(struct path_call *call, const struct path_step *step)
{
    static const char *const waits[] = {
        [PATH_WAIT_ENDS] = "bounded",        [PATH_WAIT_NO_CLOCK] = "no-clock",
        [PATH_WAIT_REMINDERS] = "reminders", [PATH_WAIT_OTHERS] = "not-ended",
        [PATH_WAIT_OVERDUE] = "overdue",     [PATH_WAIT_SUBS] = "sub-cases"};
    struct value_builder map = new_map(call);
    value_put(&map, "state", state_value(call, step->state));
    put_moved(&map, call, step->event, step->clock);
    value_put(&map, "wait", value_words(waits[step->wait]));
    if (step->wait != PATH_WAIT_ENDS)
        return value_built(&map);
    put_name(&map, "clock", call, step->bound.clock);
    value_put(&map, "force",
              value_words(clock_force_word(call->program->clocks[step->bound.clock].force)));
    value_put(&map, "longest", time_value(call, &step->bound.time));
    return value_built(&map);
}

static struct value link_value(struct path_call *call, const struct path_link *link)
{
    struct value_builder map = new_map(call);
    put_name(&map, "clock", call, link->clock);
    put_name(&map, "anchor", call, link->anchor);
    value_put(&map, "first_step", value_int(link->from + 1));
    value_put(&map, "last_step", value_int(link->to));
    value_put(&map, "longest", time_value(call, &link->time));
    return value_built(&map);
}

static void print_line(const struct value_builder *map)
{
    struct value built = value_built(map);
    print_json(stdout, &built);
    printf("\n");
}

static void json_path(struct path_call *call, const struct path *path)
{
    size_t mark = arena_mark(&call->arena);
    struct value_builder map = new_map(call);
    struct value *steps = arena_alloc_array(&call->arena, path->step_count + 1, sizeof *steps);
    struct value *links = arena_alloc_array(&call->arena, path->link_count + 1, sizeof *links);
    for (uint32_t i = 0; steps && i < path->step_count; i++)
        steps[i] = step_value(call, &path->steps[i]);
    for (uint32_t i = 0; links && i < path->link_count; i++)
        links[i] = link_value(call, &path->links[i]);
    value_put(&map, "kind", value_words("path"));
    value_put(&map, "end", state_value(call, path->end));
    value_put(&map, "longest", time_value(call, &path->time));
    value_put(&map, "steps", value_list(steps, path->step_count));
    value_put(&map, "taken_by", value_list(links, path->link_count));
    print_line(&map);
    arena_rewind(&call->arena, mark);
}

static void json_end(struct path_call *call, const struct path_end *end)
{
    struct value_builder map = new_map(call);
    value_put(&map, "kind", value_words("end"));
    value_put(&map, "state", state_value(call, end->state));
    value_put(&map, "paths", value_int((int64_t)end->count));
    value_put(&map, "is_capped", value_bool(end->is_capped));
    if (end->count) {
        value_put(&map, "fewest_steps", value_int(end->fewest_steps));
        value_put(&map, "most_steps", value_int(end->most_steps));
        value_put(&map, "unbounded", value_int((int64_t)end->unbounded));
        value_put(&map, "longest", time_value(call, &end->longest));
    }
    print_line(&map);
}

static void json_waits(struct path_call *call)
{
    for (uint32_t i = 0; i < call->paths.trap_count; i++) {
        const struct path_trap *trap = &call->paths.traps[i];
        struct value_builder map = new_map(call);
        struct path_step step = {
            .state = trap->state, .event = INDEX_NONE, .clock = INDEX_NONE, .wait = trap->wait};
        struct value inner = step_value(call, &step);
        value_put(
            &map, "kind",
            value_words(trap->wait == PATH_WAIT_SUBS ? "waits-for-sub-cases" : "waits-for-ever"));
        value_put(&map, "state", state_value(call, trap->state));
        value_put(&map, "why", *value_get(&inner, "wait"));
        put_name(&map, "clock", call, trap->clock);
        if (call->program->states[trap->state].no_clock.size)
            value_put(&map, "no_clock", value_text(call->program->states[trap->state].no_clock));
        print_line(&map);
    }
    for (uint32_t i = 0; i < call->paths.loop_count; i++) {
        const struct path_loop *loop = &call->paths.loops[i];
        struct value_builder map = new_map(call);
        value_put(&map, "kind", value_words(loop->is_detour ? "detour" : "way-back"));
        value_put(&map, "from", state_value(call, loop->from));
        value_put(&map, "to", state_value(call, loop->to));
        put_moved(&map, call, loop->event, loop->clock);
        print_line(&map);
    }
}

static void print_lines(struct path_call *call)
{
    struct value_builder map = new_map(call);
    value_put(&map, "kind", value_words("summary"));
    value_put(&map, "workflow", value_text(call->program->id));
    value_put(&map, "version", value_int(call->program->version));
    value_put(&map, "paths", value_int((int64_t)call->paths.count));
    value_put(&map, "shown", value_int(call->paths.row_count));
    value_put(&map, "is_capped", value_bool(call->paths.is_capped));
    if (call->program->suspend_from != INDEX_NONE)
        value_put(&map, "suspended_by",
                  value_text(call->program->events[call->program->suspend_from].name));
    if (call->program->start_event == INDEX_NONE)
        value_put(&map, "is_opened_by_parent", value_bool(true));
    if (call->request.from != DATE_NONE)
        value_put(&map, "from", date_value(call, call->request.from));
    print_line(&map);
    for (uint32_t i = 0; i < call->paths.end_count; i++)
        json_end(call, &call->paths.ends[i]);
    for (uint32_t i = 0; i < call->paths.row_count; i++)
        json_path(call, &call->paths.rows[i]);
    json_waits(call);
}

static int run(struct path_call *call)
{
    int code = load(call);
    if (code != EXIT_YES)
        return code;
    enum ld_err err = paths_find(call->program, &call->request, &call->arena, &call->paths);
    if (err != LD_OK) {
        complain(call->context, "%s", "%s", say(call->context, ld_err_zh(err), ld_err_en(err)));
        return EXIT_NO;
    }
    if (call->is_json)
        print_lines(call);
    else
        print_text(call);
    return EXIT_YES;
}

int command_workflow_paths(struct command_context *context)
{
    struct path_call call = {.context = context};
    parse(&call);
    void *block = malloc(PATHS_ARENA_SIZE + DEFINITION_ARENA_SIZE);
    if (!block) {
        complain(context, "内存不足", "out of memory");
        return EXIT_TROUBLE;
    }
    arena_init(&call.arena, block, PATHS_ARENA_SIZE + DEFINITION_ARENA_SIZE);
    int code = run(&call);
    free(block);
    return code;
}
