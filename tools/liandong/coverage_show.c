/* A coverage for the eye: on a terminal and in markdown. The ladders stand once, at the end, and a
 * clock names its own: the same eight rungs beside each clock would hide the rest. */
#include "tools/liandong/coverage_show.h"

#include "tools/liandong/ladder_show.h"

#include <string.h>

struct coverage_sum coverage_sum(const struct coverage *coverage)
{
    struct coverage_sum sum = {0};
    for (uint32_t i = 0; i < coverage->clause_count; i++) {
        const struct coverage_clause *clause = &coverage->clauses[i];
        sum.clauses += !clause->is_heading;
        sum.outside += clause->outside.zh.size > 0;
        sum.services += clause->service_count;
        for (uint32_t j = 0; j < clause->service_count; j++) {
            sum.events += clause->services[j].event_count;
            sum.clocks += clause->services[j].clock_count;
        }
    }
    return sum;
}

struct bytes coverage_title(const struct command_context *context, const struct title *title,
                            struct bytes name)
{
    struct bytes own = context->is_zh || !title->en.size ? title->zh : title->en;
    return own.size ? own : name;
}

const char *coverage_force(const struct command_context *context, enum clock_force force)
{
    static const char *const zh[] = {"法定", "参照", "约定"};
    static const char *const en[] = {"statutory", "reference", "agreed"};
    return context->is_zh ? zh[force] : en[force];
}

const struct event_type *coverage_event(const struct program *program, struct bytes name)
{
    return &program->events[program_event(program, name)];
}

const struct clock_rule *coverage_clock(const struct program *program, struct bytes name)
{
    return &program->clocks[program_clock(program, name)];
}

/* The ladders that some clock of the coverage has, in the policy's order. */
static bool is_used(const struct coverage_view *view, struct bytes ladder)
{
    for (uint32_t i = 0; i < view->coverage->clause_count; i++) {
        const struct coverage_clause *clause = &view->coverage->clauses[i];
        for (uint32_t j = 0; j < clause->service_count; j++) {
            const struct coverage_service *service = &clause->services[j];
            const struct program *program = catalog_find(view->catalog, service->workflow.name);
            for (uint32_t k = 0; k < service->clock_count; k++) {
                if (bytes_equal(coverage_clock(program, service->clocks[k].name)->ladder, ladder))
                    return true;
            }
        }
    }
    return false;
}

/* --- a table on a terminal ------------------------------------------------------------------- */

enum {
    COLUMN_ID,
    COLUMN_WORDS,
    COLUMN_WORKFLOW,
    COLUMN_EVENT,
    COLUMN_CLOCK,
    COLUMN_ALERT,
    COLUMN_REPORT,
    COLUMNS
};
enum { LINES_MAX = 512, ROWS_MAX = 16384, WORDS_A_LINE = 16, CELL_SIZE = 1024 };

struct grid {
    struct arena *arena;
    const char **cells; /* all rows */
    uint32_t rows;
    const char *lines[COLUMNS][LINES_MAX]; /* of the clause at hand */
    uint32_t used[COLUMNS];
};

static void add_line(struct grid *grid, int column, struct bytes text)
{
    struct bytes copy = arena_copy(grid->arena, text);
    if (copy.ptr && grid->used[column] < LINES_MAX)
        grid->lines[column][grid->used[column]++] = (const char *)copy.ptr;
}

/* Empty lines, so that what comes next in all of these columns stands side by side. */
static void align(struct grid *grid, int first, int last)
{
    uint32_t most = 0;
    for (int i = first; i <= last; i++)
        most = grid->used[i] > most ? grid->used[i] : most;
    for (int i = first; i <= last; i++) {
        while (grid->used[i] < most)
            grid->lines[i][grid->used[i]++] = "";
    }
}

/* Chinese is broken anywhere; a line is so many characters. */
static void add_wrapped(struct grid *grid, int column, struct bytes text)
{
    size_t begin = 0, points = 0;
    for (size_t at = 0; at < text.size; at++) {
        bool is_start = (text.ptr[at] & 0xC0) != 0x80;
        if (is_start && points == WORDS_A_LINE) {
            add_line(grid, column, bytes_slice(text, begin, at - begin));
            begin = at;
            points = 0;
        }
        points += is_start;
    }
    add_line(grid, column, bytes_slice(text, begin, text.size));
}

static void add_clock(const struct coverage_view *view, struct grid *grid,
                      const struct clock_rule *clock)
{
    uint8_t memory[CELL_SIZE];
    struct buffer buffer;
    buffer_init(&buffer, memory, sizeof memory);
    buffer_put_text(&buffer, view->context->is_zh ? "〔" : "[");
    buffer_put_text(&buffer, coverage_force(view->context, clock->force));
    buffer_put_text(&buffer, view->context->is_zh ? "〕" : "] ");
    buffer_put(&buffer, coverage_title(view->context, &clock->title, clock->name));
    add_line(grid, COLUMN_CLOCK, buffer_bytes(&buffer));
    add_line(grid, COLUMN_ALERT, clock->ladder);
}

static void add_service(const struct coverage_view *view, struct grid *grid,
                        const struct coverage_service *service)
{
    const struct program *program = catalog_find(view->catalog, service->workflow.name);
    add_wrapped(grid, COLUMN_WORKFLOW, coverage_title(view->context, &program->title, program->id));
    for (uint32_t i = 0; i < service->event_count; i++) {
        const struct event_type *event = coverage_event(program, service->events[i].name);
        add_wrapped(grid, COLUMN_EVENT, coverage_title(view->context, &event->title, event->name));
    }
    for (uint32_t i = 0; i < service->clock_count; i++)
        add_clock(view, grid, coverage_clock(program, service->clocks[i].name));
    align(grid, COLUMN_WORKFLOW, COLUMN_ALERT);
}

/* The clause at hand goes to the rows, with an empty one behind it. */
static void flush(struct grid *grid)
{
    align(grid, COLUMN_ID, COLUMN_REPORT);
    for (uint32_t line = 0; line <= grid->used[0] && grid->rows < ROWS_MAX; line++) {
        for (int column = 0; column < COLUMNS; column++) {
            bool is_line = line < grid->used[0];
            grid->cells[grid->rows * COLUMNS + (uint32_t)column] =
                is_line ? grid->lines[column][line] : "";
        }
        grid->rows++;
    }
    memset(grid->used, 0, sizeof grid->used);
}

static void add_clause(const struct coverage_view *view, struct grid *grid,
                       const struct coverage_clause *clause)
{
    struct bytes outside = coverage_title(view->context, &clause->outside, BYTES_NONE);
    add_line(grid, COLUMN_ID, clause->id.name);
    add_wrapped(grid, COLUMN_WORDS, clause->words);
    if (outside.size) {
        add_line(grid, COLUMN_WORKFLOW,
                 bytes_from_text(say(view->context, "〔不由软件办理〕", "[outside the software]")));
        add_wrapped(grid, COLUMN_WORKFLOW, outside);
    }
    for (uint32_t i = 0; i < clause->service_count; i++)
        add_service(view, grid, &clause->services[i]);
    for (uint32_t i = 0; i < clause->report_count; i++)
        add_line(grid, COLUMN_REPORT, clause->reports[i].name);
    flush(grid);
}

static void show_ladders(const struct coverage_view *view)
{
    enum { LADDERS_MAX = 64 };
    const struct policy *policy = view->rules->policy;
    const char *heads[] = {say(view->context, "提醒", "ALERTS"),
                           say(view->context, "级别", "LEVELS"),
                           say(view->context, "告知", "TOLD")};
    const char *cells[LADDERS_MAX * 3];
    uint8_t memory[2][CELL_SIZE];
    uint32_t rows = 0;
    for (uint32_t i = 0; i < policy->ladder_count && rows < LADDERS_MAX; i++) {
        const struct ladder *ladder = &policy->ladders[i];
        struct buffer levels, told;
        if (!is_used(view, ladder->name))
            continue;
        buffer_init(&levels, memory[0], CELL_SIZE);
        buffer_init(&told, memory[1], CELL_SIZE);
        ladder_put_levels(&levels, ladder, view->context->is_zh);
        ladder_put_told(&told, ladder, view->rules->directory, view->context->is_zh);
        cells[rows * 3] = (const char *)arena_copy(view->arena, ladder->name).ptr;
        cells[rows * 3 + 1] = (const char *)arena_copy(view->arena, buffer_bytes(&levels)).ptr;
        cells[rows * 3 + 2] = (const char *)arena_copy(view->arena, buffer_bytes(&told)).ptr;
        rows++;
    }
    print_table(stdout, heads, 3, cells, rows);
}

static void show_sum(const struct coverage_view *view)
{
    struct coverage_sum sum = coverage_sum(view->coverage);
    printf(say(view->context, "%u 个条款:%u 个由流程办理,%u 个不由软件办理;%u 个流程全部写到\n",
               "%u clauses: %u served, %u outside the software; all %u workflows named\n"),
           sum.clauses, sum.clauses - sum.outside, sum.outside, view->catalog->count);
}

bool coverage_show_table(const struct coverage_view *view)
{
    const struct command_context *context = view->context;
    const char *heads[COLUMNS] = {say(context, "条款", "CLAUSE"),   say(context, "原文", "WORDS"),
                                  say(context, "流程", "WORKFLOW"), say(context, "事件", "EVENTS"),
                                  say(context, "期限", "CLOCKS"),   say(context, "提醒", "ALERTS"),
                                  say(context, "报表", "REPORTS")};
    struct grid *grid = arena_alloc(view->arena, sizeof *grid);
    const char **cells = arena_alloc_array(view->arena, ROWS_MAX * COLUMNS, sizeof *cells);
    if (!grid || !cells)
        return false;
    grid->arena = view->arena;
    grid->cells = cells;
    for (uint32_t i = 0; i < view->coverage->clause_count; i++)
        add_clause(view, grid, &view->coverage->clauses[i]);
    if (view->arena->is_exhausted)
        return false;
    print_table(stdout, heads, COLUMNS, cells, grid->rows);
    show_ladders(view);
    printf("\n");
    show_sum(view);
    return true;
}

/* --- markdown -------------------------------------------------------------------------------- */

/* Of a cell: a bar would end it. */
static void print_cell(struct bytes text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (text.ptr[i] == '|')
            (void)putchar('\\');
        (void)putchar(text.ptr[i]);
    }
}

static void print_named(const struct coverage_view *view, const struct title *title,
                        struct bytes name)
{
    print_cell(coverage_title(view->context, title, name));
    printf(" `%.*s`", BYTES_PRINTF(name));
}

static void print_service(const struct coverage_view *view, const struct coverage_service *service)
{
    const struct program *program = catalog_find(view->catalog, service->workflow.name);
    print_named(view, &program->title, program->id);
    printf(" | ");
    for (uint32_t i = 0; i < service->event_count; i++) {
        const struct event_type *event = coverage_event(program, service->events[i].name);
        printf("%s", i ? "<br>" : "");
        print_named(view, &event->title, event->name);
    }
    printf(" | ");
    for (uint32_t i = 0; i < service->clock_count; i++) {
        const struct clock_rule *clock = coverage_clock(program, service->clocks[i].name);
        printf("%s**%s** ", i ? "<br>" : "", coverage_force(view->context, clock->force));
        print_named(view, &clock->title, clock->name);
    }
    printf(" | ");
    for (uint32_t i = 0; i < service->clock_count; i++) {
        struct bytes ladder = coverage_clock(program, service->clocks[i].name)->ladder;
        printf("%s%.*s", i ? "<br>" : "", BYTES_PRINTF(ladder));
    }
}

static void print_reports(const struct coverage_clause *clause)
{
    for (uint32_t i = 0; i < clause->report_count; i++)
        printf("%s`%.*s`", i ? "<br>" : "", BYTES_PRINTF(clause->reports[i].name));
}

static void print_clause(const struct coverage_view *view, const struct coverage_clause *clause)
{
    uint32_t rows = clause->service_count ? clause->service_count : 1;
    for (uint32_t i = 0; i < rows; i++) {
        printf("| ");
        print_cell(i == 0 ? clause->id.name : BYTES_NONE);
        printf(" | ");
        print_cell(i == 0 ? clause->words : BYTES_NONE);
        printf(" | ");
        if (clause->service_count) {
            print_service(view, &clause->services[i]);
        } else {
            printf("%s", say(view->context, "**不由软件办理** ", "**outside the software** "));
            print_cell(coverage_title(view->context, &clause->outside, BYTES_NONE));
            printf(" | | | ");
        }
        printf(" | ");
        if (i == 0)
            print_reports(clause);
        printf(" |\n");
    }
}

static void print_heads(const struct command_context *context)
{
    printf("%s\n| --- | --- | --- | --- | --- | --- | --- |\n",
           say(context, "| 条款 | 原文 | 流程 | 事件 | 期限 | 提醒 | 报表 |",
               "| clause | words | workflow | events | clocks | alerts | reports |"));
}

static void print_ladders(const struct coverage_view *view)
{
    const struct policy *policy = view->rules->policy;
    bool is_zh = view->context->is_zh;
    printf("\n## %s\n\n%s\n| --- | --- | --- | --- |\n", say(view->context, "提醒", "Alerts"),
           say(view->context, "| 阶梯 | 何时 | 级别 | 告知 |", "| ladder | when | level | told |"));
    for (uint32_t i = 0; i < policy->ladder_count; i++) {
        const struct ladder *ladder = &policy->ladders[i];
        for (uint32_t j = 0; is_used(view, ladder->name) && j < ladder->rung_count; j++) {
            const struct rung *rung = &ladder->rungs[j];
            uint8_t memory[2][CELL_SIZE];
            struct buffer when, told;
            buffer_init(&when, memory[0], CELL_SIZE);
            buffer_init(&told, memory[1], CELL_SIZE);
            ladder_put_when(&when, rung, is_zh);
            ladder_put_tells(&told, rung, view->rules->directory, is_zh);
            printf("| %.*s | %.*s | %s | %.*s |\n",
                   BYTES_PRINTF(j == 0 ? ladder->name : BYTES_LITERAL("")),
                   BYTES_PRINTF(buffer_bytes(&when)), ladder_level_words(rung->level, is_zh),
                   BYTES_PRINTF(buffer_bytes(&told)));
        }
    }
}

void coverage_show_markdown(const struct coverage_view *view)
{
    const struct coverage *coverage = view->coverage;
    bool is_in_table = false;
    printf("# %.*s\n", BYTES_PRINTF(coverage_title(view->context, &coverage->title, coverage->id)));
    if (coverage->source.size)
        printf("\n%.*s\n", BYTES_PRINTF(coverage->source));
    for (uint32_t i = 0; i < coverage->clause_count; i++) {
        const struct coverage_clause *clause = &coverage->clauses[i];
        if (clause->is_heading) {
            printf("\n%s %.*s\n\n", clause->label.name.size ? "###" : "##",
                   BYTES_PRINTF(clause->words));
            is_in_table = false;
            continue;
        }
        if (!is_in_table)
            print_heads(view->context);
        is_in_table = true;
        print_clause(view, clause);
    }
    print_ladders(view);
    printf("\n");
    show_sum(view);
}
