/* Any text as a story, read and played. What stands before a line of equals signs is the definition
 * that it is played with; without that line the shipped one is. After each row the case holds its
 * invariant (case_check). */
#include <string.h>

#include "tests/fuzz/target.h"
#include "workflows/language/story.h"

enum { RULES_SIZE = 16 << 20, PLAY_SIZE = 64 << 20 };

static uint8_t rules_block[RULES_SIZE], block[DEFINITION_ARENA_SIZE], play_block[PLAY_SIZE];
static uint8_t report_block[DEFINITION_ARENA_SIZE];
static struct diagnostics diagnostics;
static struct definition_context context;
static const struct program *shipped_program;

static void load(void)
{
    static struct arena arena;
    arena_init(&arena, rules_block, sizeof rules_block);
    diagnostics_init(&diagnostics, &arena, BYTES_LITERAL("shipped"));
    context.calendar =
        definition_calendar(source_file("workflows/calendars/cn.yaml"), &arena, &diagnostics);
    context.directory =
        definition_directory(source_file("workflows/catalog/directory.yaml"), &arena, &diagnostics);
    context.policy = definition_policy(source_file("workflows/policies/standard.yaml"),
                                       context.directory, &arena, &diagnostics);
    shipped_program =
        definition_workflow(source_file("workflows/catalog/administrative-public-interest.yaml"),
                            &context, &arena, &diagnostics);
    if (!context.calendar || !context.policy || !context.directory || !shipped_program) {
        fprintf(stderr, "what is shipped does not compile\n");
        exit(2);
    }
}

static void play(const struct story *story, const struct program *program)
{
    struct arena arena;
    struct story_run run;
    const struct rules rules = {context.calendar, context.policy, context.directory};
    const struct story_actor actors[] = {{program, rules}, {shipped_program, rules}};
    const struct story_cast cast = {actors, program == shipped_program ? 1 : 2};
    arena_init(&arena, play_block, sizeof play_block);
    if (story_play(story, &cast, &arena, &diagnostics, &run) != LD_OK)
        return;
    for (uint32_t i = 0; i < run.row_count; i++)
        if (run.rows[i].after->is_open)
            case_check(run.rows[i].actor->program, run.rows[i].after);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct bytes mark = {(const uint8_t *)"\n====\n", 6};
    struct arena arena, report_arena;
    struct bytes text = {data, size};
    if (!shipped_program)
        load();
    const struct program *program = shipped_program;
    arena_init(&arena, block, sizeof block);
    arena_init(&report_arena, report_block, sizeof report_block);
    diagnostics_init(&diagnostics, &report_arena, BYTES_LITERAL("fuzz.yaml"));
    size_t at = bytes_find(text, mark);
    if (at != SIZE_MAX) {
        struct bytes definition = {data, at + 1};
        program = definition_workflow(definition, &context, &arena, &diagnostics);
        text = (struct bytes){data + at + mark.size, size - at - mark.size};
    }
    if (!program)
        return 0;
    const struct story *story = story_read(text, 480, &arena, &diagnostics);
    if (story)
        play(story, program);
    return 0;
}
