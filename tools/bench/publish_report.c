#include "tools/bench/publish_report.h"

#include <stdlib.h>

/* The same numbers as one JSON map, in whole nanoseconds and bytes, and as two tables, in
 * microseconds. */

enum {
    ARENA_SIZE = 256 << 10,
    ENTRIES_MAX = 16,
    PROCESS_COLUMNS = 5,
    LATENCY_COLUMNS = 5,
    CELLS_MAX = PROCESS_COLUMNS * (SYSTEM_PARTITIONS_MAX + 2),
};

static const struct quantile_row {
    const char *name;
    uint32_t of_100000;
} quantiles[] = {{"p50", 50000}, {"p99", 99000}, {"p99.9", 99900}, {"max", 100000}};

enum { QUANTILES = sizeof quantiles / sizeof quantiles[0] };

static double per_event(const struct publish_report *report, uint64_t after, uint64_t before)
{
    uint64_t used = after > before ? after - before : 0;

    return report->result.events > 0 ? (double)used / (double)report->result.events : 0;
}

static double cpu_us(const struct publish_report *report, const struct process_use *use)
{
    return per_event(report, use->after.cpu_ns, use->before.cpu_ns) / 1000;
}

static double written(const struct publish_report *report, const struct process_use *use)
{
    return per_event(report, use->after.written_bytes, use->before.written_bytes);
}

static double per_second(const struct publish_report *report)
{
    return report->elapsed_ns > 0 ? (double)report->result.events * 1e9 / (double)report->elapsed_ns
                                  : 0;
}

static const char *kind_word(enum process_kind kind)
{
    switch (kind) {
    case PROCESS_BROKER: return "broker";
    case PROCESS_WORKER: return "worker";
    case PROCESS_CLIENTS: return "clients";
    }
    return "";
}

/* --- JSON ------------------------------------------------------------------------------------ */

/* The arena is larger than all of this; an assertion says so at the first run if it is not. */
static struct value_builder map_in(struct arena *arena)
{
    struct value_entry *entries = arena_alloc_array(arena, ENTRIES_MAX, sizeof *entries);

    LD_ASSERT(entries);
    return (struct value_builder){entries, ENTRIES_MAX, 0};
}

static void put_count(struct value_builder *map, const char *key, uint64_t count)
{
    value_put(map, key, value_int((int64_t)count));
}

static struct value options_value(const struct drive_options *options, struct arena *arena)
{
    struct value_builder map = map_in(arena);

    put_count(&map, "cases", options->cases);
    put_count(&map, "clients", options->clients);
    put_count(&map, "outstanding", options->outstanding);
    put_count(&map, "events_a_message", options->per_message);
    put_count(&map, "hot_percent", options->hot_percent);
    put_count(&map, "partitions", options->partitions);
    value_put(&map, "workflow", value_words(WORKLOAD_WORKFLOW));
    return value_built(&map);
}

static struct value latency_value(const struct histogram *latency, struct arena *arena)
{
    struct value_builder map = map_in(arena);

    for (uint32_t i = 0; i < QUANTILES; i++)
        put_count(&map, quantiles[i].name, histogram_at(latency, quantiles[i].of_100000));
    put_count(&map, "mean", histogram_mean(latency));
    return value_built(&map);
}

static struct value processes_value(const struct publish_report *report, struct arena *arena)
{
    struct value *rows = arena_alloc_array(arena, report->process_count, sizeof *rows);

    LD_ASSERT(rows);
    for (uint32_t i = 0; i < report->process_count; i++) {
        const struct process_use *use = &report->processes[i];
        struct value_builder map = map_in(arena);
        value_put(&map, "process", value_words(kind_word(use->kind)));
        if (use->kind == PROCESS_WORKER)
            put_count(&map, "partition", use->partition);
        put_count(&map, "cpu_ns_per_event", (uint64_t)(cpu_us(report, use) * 1000));
        put_count(&map, "written_bytes_per_event", (uint64_t)written(report, use));
        put_count(&map, "resident_bytes", use->after.resident_bytes);
        put_count(&map, "private_bytes", use->after.private_bytes);
        rows[i] = value_built(&map);
    }
    return value_list(rows, report->process_count);
}

static struct value check_value(const struct publish_report *report, struct arena *arena)
{
    struct value_builder map = map_in(arena);

    put_count(&map, "acked", report->audit.acked);
    put_count(&map, "found", report->audit.found);
    put_count(&map, "lost", report->audit.lost);
    put_count(&map, "twice", report->audit.twice);
    put_count(&map, "rows", report->audit.rows);
    value_put(&map, "good", value_bool(audit_is_good(&report->audit)));
    return value_built(&map);
}

static void print_as_json(const struct publish_report *report, struct arena *arena)
{
    struct value_builder map = map_in(arena);
    struct value line;

    value_put(&map, "benchmark", value_words("publish"));
    value_put(&map, "machine", bench_machine_value(&report->machine, arena));
    value_put(&map, "options", options_value(&report->options, arena));
    put_count(&map, "elapsed_ns", report->elapsed_ns);
    put_count(&map, "events", report->result.events);
    put_count(&map, "messages", report->result.messages);
    put_count(&map, "duplicates", report->result.duplicates);
    put_count(&map, "refused", report->result.refused);
    put_count(&map, "fateless", report->result.fateless);
    put_count(&map, "events_per_second", (uint64_t)per_second(report));
    value_put(&map, "latency_ns", latency_value(&report->result.latency, arena));
    value_put(&map, "processes", processes_value(report, arena));
    value_put(&map, "check", check_value(report, arena));
    line = value_built(&map);
    print_json(stdout, &line);
    (void)putchar('\n');
}

/* --- tables ---------------------------------------------------------------------------------- */

static void print_latency(const struct command_context *context,
                          const struct publish_report *report, struct arena *arena)
{
    const char *heads[LATENCY_COLUMNS] = {say(context, "答复用时(微秒)", "answered in (µs)")};
    const char *memory[LATENCY_COLUMNS];
    struct bench_cells cells = {arena, memory, 0};

    bench_put_cell(&cells, "%s", "");
    for (uint32_t i = 0; i < QUANTILES; i++) {
        heads[i + 1] = quantiles[i].name;
        bench_put_cell(&cells, "%.0f",
                       (double)histogram_at(&report->result.latency, quantiles[i].of_100000)
                           / 1000);
    }
    print_table(stdout, heads, LATENCY_COLUMNS, memory, 1);
}

static void print_processes(const struct command_context *context,
                            const struct publish_report *report, struct arena *arena)
{
    const char *heads[PROCESS_COLUMNS] = {
        say(context, "进程", "process"), say(context, "CPU 微秒/事件", "CPU µs/event"),
        say(context, "写盘 字节/事件", "written B/event"), say(context, "常驻 MiB", "resident MiB"),
        say(context, "私有 MiB", "private MiB")};
    const char *memory[CELLS_MAX];
    struct bench_cells cells = {arena, memory, 0};

    for (uint32_t i = 0; i < report->process_count; i++) {
        const struct process_use *use = &report->processes[i];
        if (use->kind == PROCESS_WORKER)
            bench_put_cell(&cells, "worker-%u", use->partition);
        else
            bench_put_cell(&cells, "%s", kind_word(use->kind));
        bench_put_cell(&cells, "%.1f", cpu_us(report, use));
        bench_put_cell(&cells, "%.0f", written(report, use));
        bench_put_cell(&cells, "%.1f", (double)use->after.resident_bytes / (1 << 20));
        bench_put_cell(&cells, "%.1f", (double)use->after.private_bytes / (1 << 20));
    }
    print_table(stdout, heads, PROCESS_COLUMNS, memory, report->process_count);
}

static void print_check(const struct command_context *context, const struct publish_report *report)
{
    const struct audit *audit = &report->audit;

    printf(say(context, "核对:已答复 %llu 个事件,日志中 %llu 个;丢失 %llu,重复生效 %llu\n",
               "check: %llu events answered, %llu in the journals; %llu lost, %llu twice\n"),
           (unsigned long long)audit->acked, (unsigned long long)audit->found,
           (unsigned long long)audit->lost, (unsigned long long)audit->twice);
    if (report->result.refused > 0 || report->result.fateless > 0)
        printf(
            say(context, "拒绝 %llu(%s),无结果 %llu\n", "%llu refused (%s), %llu without a fate\n"),
            (unsigned long long)report->result.refused, report->result.refusal,
            (unsigned long long)report->result.fateless);
}

static void print_as_tables(const struct command_context *context,
                            const struct publish_report *report, struct arena *arena)
{
    bench_print_machine(context, &report->machine);
    printf(say(context, "%.1f 秒内 %llu 个事件:每秒 %.0f 个\n\n",
               "in %.1f s %llu events: %.0f a second\n\n"),
           (double)report->elapsed_ns / 1e9, (unsigned long long)report->result.events,
           per_second(report));
    print_latency(context, report, arena);
    (void)putchar('\n');
    print_processes(context, report, arena);
    (void)putchar('\n');
    print_check(context, report);
}

int publish_report_print(const struct command_context *context, const struct publish_report *report,
                         bool is_json)
{
    struct arena arena;
    void *block = malloc(ARENA_SIZE);

    if (block == NULL)
        return EXIT_TROUBLE;
    arena_init(&arena, block, ARENA_SIZE);
    if (is_json)
        print_as_json(report, &arena);
    else
        print_as_tables(context, report, &arena);
    free(block);
    return audit_is_good(&report->audit) && report->result.refused == 0
                   && report->result.fateless == 0
               ? EXIT_YES
               : EXIT_NO;
}
