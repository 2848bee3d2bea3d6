/* `liandong bench ceiling`: the bare costs beneath one event, measured one after the other on this
 * machine and this disk, so that a number of `bench publish` can be held against what it stands on.
 */
#include "tools/bench/ceiling.h"
#include "tools/bench/measure.h"
#include "tools/bench/options.h"
#include "tools/bench/system.h"
#include "tools/liandong/commands.h"
#include "tools/liandong/share.h"
#include "workers/store.h"

#include <stdlib.h>
#include <unistd.h>

enum {
    DEFINITION_SIZE = 2 * DEFINITION_ARENA_SIZE,
    OUTPUT_SIZE = 64 << 10,
    ROWS_MAX = 16,
    COLUMNS = 7,
    ENTRIES_MAX = 10,
    SECONDS_MAX = 60,
    NAME_MAX_BYTES = 32,
};

struct bare_row {
    char name[NAME_MAX_BYTES];
    uint32_t events; /* of one operation */
    struct ceiling ceiling;
};

struct bare {
    struct command_context *context;
    const char *scratch_base, *seconds;
    bool is_json;
    uint64_t limit_ns;
    struct scratch scratch;
    char data[SYSTEM_PATH_MAX];
    struct bench_machine machine;
    struct arena arena; /* the program, and the rows of the journal */
    const struct program *program;
    struct rules rules;
    struct ceiling_rows journal;
    struct bare_row rows[ROWS_MAX];
    uint32_t count;
};

/* --- the definition -------------------------------------------------------------------------- */

static bool load(struct bare *bare)
{
    static const struct share_choice shipped = {NULL, NULL, NULL};
    struct definition_context context;
    char path[SHARE_PATH_MAX];
    struct diagnostics *diagnostics;
    uint8_t *text;
    size_t size;

    if (!share_load(bare->context, &shipped, &bare->arena, &context))
        return false;
    if (!share_path(WORKLOAD_FILE, path, sizeof path)) {
        complain(bare->context, "找不到随附文件 %s", "the shipped file %s is not there",
                 WORKLOAD_FILE);
        return false;
    }
    text = read_whole_file(bare->context, path, DEFINITION_SIZE_MAX, &size);
    diagnostics = arena_alloc(&bare->arena, sizeof *diagnostics);
    if (text != NULL && diagnostics != NULL) {
        diagnostics_init(diagnostics, &bare->arena, bytes_from_text(path));
        bare->program =
            definition_workflow((struct bytes){text, size}, &context, &bare->arena, diagnostics);
        if (bare->program == NULL)
            share_print_diagnostics(bare->context, stderr, diagnostics);
    }
    free(text);
    bare->rules = (struct rules){context.calendar, context.policy, context.directory};
    return bare->program != NULL;
}

/* --- measuring ------------------------------------------------------------------------------- */

static struct bare_row *begin_row(struct bare *bare, const char *name, uint32_t events)
{
    struct bare_row *row = &bare->rows[bare->count++];

    LD_ASSERT(bare->count <= ROWS_MAX);
    (void)snprintf(row->name, sizeof row->name, "%s", name);
    row->events = events;
    if (isatty(STDERR_FILENO))
        (void)fprintf(stderr, "\r%-24s", name);
    return row;
}

static enum ld_err measure_core(struct bare *bare)
{
    enum ld_err err = ceiling_step(bare->program, &bare->rules, bare->limit_ns, &bare->arena,
                                   &begin_row(bare, "case_step", 1)->ceiling, &bare->journal);

    if (err == LD_OK)
        err = ceiling_encode(bare->limit_ns, &begin_row(bare, "encode", 1)->ceiling);
    if (err == LD_OK)
        err = ceiling_decode(bare->limit_ns, &begin_row(bare, "decode", 1)->ceiling);
    if (err == LD_OK)
        err = ceiling_round_trip(bare->limit_ns, &begin_row(bare, "round_trip", 1)->ceiling);
    return err;
}

static enum ld_err measure_disk(struct bare *bare)
{
    static const uint32_t batches[] = {1, 16, 128, 1024};
    enum ld_err err = ceiling_sync(bare->scratch.folder, bare->limit_ns,
                                   &begin_row(bare, "fdatasync_4k", 1)->ceiling);

    if (err == LD_OK)
        err = store_lmdb_create(bare->data, 1);
    for (size_t i = 0; err == LD_OK && i < sizeof batches / sizeof batches[0]; i++) {
        char name[NAME_MAX_BYTES];
        (void)snprintf(name, sizeof name, "append_%u", batches[i]);
        if (!bench_is_ended())
            err = ceiling_append(bare->data, &bare->journal, batches[i], bare->limit_ns,
                                 &begin_row(bare, name, batches[i])->ceiling);
    }
    return err;
}

static int measure(struct bare *bare)
{
    enum ld_err err = scratch_make(bare->scratch_base, &bare->scratch);

    if (err == LD_OK) {
        (void)snprintf(bare->data, sizeof bare->data, "%.*s/data", SYSTEM_PATH_MAX - 8,
                       bare->scratch.folder);
        bench_look_at_machine(bare->scratch.folder, &bare->machine);
        err = measure_core(bare);
    }
    if (err == LD_OK)
        err = measure_disk(bare);
    bare->machine.load_after = measure_load();
    if (isatty(STDERR_FILENO))
        (void)fputs("\r", stderr);
    if (err == LD_OK && !bench_is_ended())
        return EXIT_YES;
    complain(bare->context, "%s:%s", "%s: %s",
             bare->count > 0 ? bare->rows[bare->count - 1].name
                             : say(bare->context, "临时目录", "scratch folder"),
             bench_is_ended() ? say(bare->context, "被中断", "interrupted")
                              : say(bare->context, ld_err_zh(err), ld_err_en(err)));
    return EXIT_TROUBLE;
}

/* --- what it came to ------------------------------------------------------------------------- */

static uint64_t at(const struct bare_row *row, uint32_t of_100000)
{
    return histogram_at(&row->ceiling.time, of_100000);
}

/* Events a second while nothing else was done. */
static double per_second(const struct bare_row *row)
{
    const struct histogram *time = &row->ceiling.time;

    return time->sum > 0 ? (double)time->count * row->events * 1e9 / (double)time->sum : 0;
}

static double cpu_ns_per_event(const struct bare_row *row)
{
    return (double)row->ceiling.cpu_ns / (double)row->ceiling.time.count / row->events;
}

static struct value row_value(const struct bare_row *row, struct arena *arena)
{
    struct value_entry *entries = arena_alloc_array(arena, ENTRIES_MAX, sizeof *entries);
    struct value_builder map = {entries, ENTRIES_MAX, 0};

    LD_ASSERT(entries); /* a few hundred bytes a row */
    value_put(&map, "name", value_words(row->name));
    value_put(&map, "events", value_int(row->events));
    value_put(&map, "operations", value_int((int64_t)row->ceiling.time.count));
    value_put(&map, "p50_ns", value_int((int64_t)at(row, 50000)));
    value_put(&map, "p99_ns", value_int((int64_t)at(row, 99000)));
    value_put(&map, "max_ns", value_int((int64_t)at(row, 100000)));
    value_put(&map, "events_per_second", value_int((int64_t)per_second(row)));
    if (row->ceiling.cpu_ns > 0)
        value_put(&map, "cpu_ns_per_event", value_int((int64_t)cpu_ns_per_event(row)));
    return value_built(&map);
}

static uint64_t journal_bytes(const struct bare *bare)
{
    uint64_t sum = 0;

    for (uint32_t i = 0; i < CEILING_ROWS; i++)
        sum += bare->journal.rows[i].size;
    return sum / CEILING_ROWS;
}

static void print_as_json(const struct bare *bare, struct arena *arena)
{
    struct value *rows = arena_alloc_array(arena, bare->count, sizeof *rows);
    struct value_entry entries[ENTRIES_MAX];
    struct value_builder map = {entries, ENTRIES_MAX, 0};
    struct value line;

    LD_ASSERT(rows);
    for (uint32_t i = 0; i < bare->count; i++)
        rows[i] = row_value(&bare->rows[i], arena);
    value_put(&map, "benchmark", value_words("ceiling"));
    value_put(&map, "machine", bench_machine_value(&bare->machine, arena));
    value_put(&map, "workflow", value_words(WORKLOAD_WORKFLOW));
    value_put(&map, "row_bytes", value_int((int64_t)journal_bytes(bare)));
    value_put(&map, "rows", value_list(rows, bare->count));
    line = value_built(&map);
    print_json(stdout, &line);
    (void)putchar('\n');
}

static void print_as_table(const struct bare *bare, struct arena *arena)
{
    const struct command_context *context = bare->context;
    const char *heads[COLUMNS] = {say(context, "操作", "operation"),
                                  say(context, "次数", "times"),
                                  "p50 µs",
                                  "p99 µs",
                                  "max µs",
                                  say(context, "事件/秒", "events/s"),
                                  say(context, "CPU 微秒/事件", "CPU µs/event")};
    const char *memory[ROWS_MAX * COLUMNS];
    struct bench_cells cells = {arena, memory, 0};

    bench_print_machine(context, &bare->machine);
    printf(
        say(context, "日志每行平均 %llu 字节\n\n", "a journal row has %llu bytes on average\n\n"),
        (unsigned long long)journal_bytes(bare));
    for (uint32_t i = 0; i < bare->count; i++) {
        const struct bare_row *row = &bare->rows[i];
        bench_put_cell(&cells, "%s", row->name);
        bench_put_cell(&cells, "%llu", (unsigned long long)row->ceiling.time.count);
        bench_put_cell(&cells, "%.1f", (double)at(row, 50000) / 1000);
        bench_put_cell(&cells, "%.1f", (double)at(row, 99000) / 1000);
        bench_put_cell(&cells, "%.1f", (double)at(row, 100000) / 1000);
        bench_put_cell(&cells, "%.0f", per_second(row));
        if (row->ceiling.cpu_ns > 0)
            bench_put_cell(&cells, "%.2f", cpu_ns_per_event(row) / 1000);
        else
            bench_put_cell(&cells, "%s", "");
    }
    print_table(stdout, heads, COLUMNS, memory, bare->count);
}

static int print(const struct bare *bare)
{
    struct arena arena;
    void *block = malloc(OUTPUT_SIZE);

    if (block == NULL)
        return EXIT_TROUBLE;
    arena_init(&arena, block, OUTPUT_SIZE);
    if (bare->is_json)
        print_as_json(bare, &arena);
    else
        print_as_table(bare, &arena);
    free(block);
    return EXIT_YES;
}

int command_bench_ceiling(struct command_context *context)
{
    struct bare *bare = calloc(1, sizeof *bare);
    const struct option_row rows[] = {
        {"seconds", "S", "每项测多久(缺省 1)", "how long each is measured (default 1)",
         &bare->seconds, NULL},
        {"scratch", "DIR", "临时目录建在何处(缺省 TMPDIR 或 /tmp)",
         "where to make the scratch folder (default: TMPDIR, or /tmp)", &bare->scratch_base, NULL},
        {"json", NULL, "输出一行 JSON", "one line of JSON", NULL, &bare->is_json},
        {0},
    };
    void *block = malloc(DEFINITION_SIZE);
    int code = EXIT_TROUBLE;

    LD_ASSERT(bare && block); /* at the start, some ten MiB */
    options_parse(context, rows);
    if (context->argc > 0)
        usage_error(context, "没有操作数", "there are no operands");
    bare->context = context;
    bare->limit_ns = bench_seconds(context, bare->seconds, 1, SECONDS_MAX);
    arena_init(&bare->arena, block, DEFINITION_SIZE);
    bench_catch_signals();
    if (load(bare))
        code = measure(bare);
    if (code == EXIT_YES)
        code = print(bare);
    scratch_remove(&bare->scratch);
    free(block);
    free(bare);
    return code;
}
