/* Any text as each of the four kinds of artifact. What is found wrong is printed in both languages,
 * for that walks every text of a diagnostic; a workflow that passes is checked by itself and
 * against the shipped calendar, policy and directory, and another workflow that answers to every
 * name it opens. */
#include "tests/fuzz/target.h"
#include "workflows/language/coverage.h"

enum { RULES_SIZE = 4 << 20, PRINT_SIZE = 1 << 16 };

static uint8_t rules_block[RULES_SIZE], block[DEFINITION_ARENA_SIZE];
static uint8_t report_block[DEFINITION_ARENA_SIZE];
static struct diagnostics diagnostics;
static struct arena rules_arena, arena, report_arena;

static const struct program *find_workflow(void *finder, struct bytes id)
{
    (void)id;
    return finder;
}

static const struct definition_context *shipped(void)
{
    static struct program item;
    static struct definition_context context;
    if (context.calendar)
        return &context;
    arena_init(&rules_arena, rules_block, sizeof rules_block);
    diagnostics_init(&diagnostics, &rules_arena, BYTES_LITERAL("shipped"));
    context.calendar =
        definition_calendar(source_file("workflows/calendars/cn.yaml"), &rules_arena, &diagnostics);
    context.directory = definition_directory(source_file("workflows/catalog/directory.yaml"),
                                             &rules_arena, &diagnostics);
    context.policy = definition_policy(source_file("workflows/policies/standard.yaml"),
                                       context.directory, &rules_arena, &diagnostics);
    item = *definition_workflow(source_file("tests/unit/language/context-item.yaml"), &context,
                                &rules_arena, &diagnostics);
    context.finder = &item;
    context.find_workflow = find_workflow;
    return &context;
}

static void begin(void)
{
    arena_init(&arena, block, sizeof block);
    arena_init(&report_arena, report_block, sizeof report_block);
    diagnostics_init(&diagnostics, &report_arena, BYTES_LITERAL("fuzz.yaml"));
}

static void report(void)
{
    static uint8_t printed[PRINT_SIZE];
    struct buffer buffer;
    diagnostics_sort(&diagnostics);
    for (uint32_t i = 0; i < diagnostics.count; i++) {
        buffer_init(&buffer, printed, sizeof printed);
        diagnostic_print(&diagnostics.rows[i], true, &buffer);
        diagnostic_print(&diagnostics.rows[i], false, &buffer);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct definition_context *context = shipped();
    static const struct definition_context alone;
    struct bytes text = {data, size};
    begin();
    struct artifact_name name = artifact_name_of(text, &arena);
    (void)name;
    begin();
    if (definition_workflow(text, &alone, &arena, &diagnostics)) {
        begin();
        (void)definition_workflow(text, context, &arena, &diagnostics);
    }
    report();
    begin();
    (void)definition_calendar(text, &arena, &diagnostics);
    report();
    begin();
    (void)definition_policy_within(text, context, &arena, &diagnostics);
    report();
    begin();
    (void)definition_directory(text, &arena, &diagnostics);
    report();
    begin();
    const struct coverage *coverage = definition_coverage(text, &arena, &diagnostics);
    if (coverage) {
        (void)coverage_check(coverage, &(struct coverage_world){0}, &arena, &diagnostics);
        (void)coverage_compare(coverage, text, &diagnostics);
    }
    report();
    return 0;
}
