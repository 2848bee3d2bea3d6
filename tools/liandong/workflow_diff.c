/* `liandong workflow diff OLD NEW`: what changed, in sentences, grouped by part. Two definitions,
 * calendars, policies or directories of one kind; each must be readable by itself, but neither is
 * judged by what is deployed. Exit codes as of diff(1): 0 the same, 1 different. */
#include "tools/liandong/commands.h"
#include "tools/liandong/share.h"
#include "workflows/language/diff.h"

#include <stdlib.h>

struct side {
    const char *path;
    enum artifact_kind kind;
    const void *result; /* of its kind */
    uint8_t *block;     /* owned; of the arena */
    struct arena arena;
};

static const void *compile(struct side *side, struct bytes text, struct diagnostics *diagnostics)
{
    static const struct definition_context nothing = {0};
    switch (side->kind) {
    case ARTIFACT_CALENDAR: return definition_calendar(text, &side->arena, diagnostics);
    case ARTIFACT_POLICY: return definition_policy(text, NULL, &side->arena, diagnostics);
    case ARTIFACT_DIRECTORY: return definition_directory(text, &side->arena, diagnostics);
    case ARTIFACT_WORKFLOW:
    case ARTIFACT_STORY:
    case ARTIFACT_COVERAGE:
    case ARTIFACT_UNKNOWN: break; /* the reader says what is missing */
    }
    return definition_workflow(text, &nothing, &side->arena, diagnostics);
}

static bool open_side(const struct command_context *context, struct side *side)
{
    size_t size;
    uint8_t *whole = read_whole_file(context, side->path, DEFINITION_SIZE_MAX, &size);
    side->block = whole ? malloc(DEFINITION_ARENA_SIZE) : NULL;
    if (side->block) {
        arena_init(&side->arena, side->block, DEFINITION_ARENA_SIZE);
        struct bytes text = arena_copy(&side->arena, (struct bytes){whole, size});
        struct diagnostics *diagnostics = arena_alloc(&side->arena, sizeof *diagnostics);
        diagnostics_init(diagnostics, &side->arena, bytes_from_text(side->path));
        side->kind = artifact_name_of(text, &side->arena).kind;
        side->result = compile(side, text, diagnostics);
        if (!side->result)
            share_print_diagnostics(context, stderr, diagnostics);
    }
    free(whole);
    return side->result;
}

static bool compare(const struct side *before, const struct side *after, struct arena *arena,
                    struct diff *diff)
{
    switch (before->kind) {
    case ARTIFACT_CALENDAR: return diff_calendars(before->result, after->result, arena, diff);
    case ARTIFACT_POLICY: return diff_policies(before->result, after->result, arena, diff);
    case ARTIFACT_DIRECTORY: return diff_directories(before->result, after->result, arena, diff);
    case ARTIFACT_WORKFLOW:
    case ARTIFACT_STORY:
    case ARTIFACT_COVERAGE:
    case ARTIFACT_UNKNOWN: break;
    }
    return diff_workflows(before->result, after->result, arena, diff);
}

static void tell_json(const struct diff *diff)
{
    enum { KEYS = 5 };
    for (const struct diff_row *row = diff->first; row; row = row->next) {
        struct value_entry entries[KEYS];
        struct value_builder map = {entries, KEYS, 0};
        value_put(&map, "part", value_words(diff_part_word(row->part)));
        value_put(&map, "code", value_words(row->code));
        value_put(&map, "subject", value_text(row->subject));
        value_put(&map, "zh", value_text(row->zh));
        value_put(&map, "en", value_text(row->en));
        struct value built = value_built(&map);
        print_json(stdout, &built);
        (void)putchar('\n');
    }
}

static void tell(const struct command_context *context, const struct diff *diff)
{
    enum diff_part part = DIFF_PART_COUNT;
    for (const struct diff_row *row = diff->first; row; row = row->next) {
        if (row->part != part) {
            part = row->part;
            printf("%s%s\n", row == diff->first ? "" : "\n",
                   say(context, diff_part_zh(part), diff_part_en(part)));
        }
        struct bytes text = context->is_zh ? row->zh : row->en;
        printf("  - %.*s\n", BYTES_PRINTF(text));
    }
    if (diff->count == 0)
        printf("%s\n", say(context, "没有改变", "nothing changed"));
}

static int compare_sides(const struct command_context *context, struct side sides[2], bool is_json)
{
    struct diff diff;
    struct arena arena;
    if (sides[0].kind != sides[1].kind) {
        complain(context, "%s 与 %s 不是同一种文件", "%s and %s are not of one kind", sides[0].path,
                 sides[1].path);
        return EXIT_TROUBLE;
    }
    void *block = malloc(DEFINITION_ARENA_SIZE);
    if (block)
        arena_init(&arena, block, DEFINITION_ARENA_SIZE);
    bool is_whole = block && compare(&sides[0], &sides[1], &arena, &diff);
    if (!is_whole)
        complain(context, "内存不足", "out of memory");
    else if (is_json)
        tell_json(&diff);
    else
        tell(context, &diff);
    int code = !is_whole ? EXIT_TROUBLE : diff.count ? EXIT_NO : EXIT_YES;
    free(block);
    return code;
}

int command_workflow_diff(struct command_context *context)
{
    bool is_json = false;
    const struct option_row rows[] = {
        {"json", NULL, "每处改变一行 JSON", "one line of JSON a change", NULL, &is_json},
        {0},
    };
    options_parse(context, rows);
    if (context->argc != 2)
        usage_error(context, "要写旧、新两个文件", "an old file and a new one");
    struct side sides[2] = {{.path = context->argv[0]}, {.path = context->argv[1]}};
    bool is_open = open_side(context, &sides[0]);
    is_open = open_side(context, &sides[1]) && is_open; /* both tell what is wrong with them */
    int code = is_open ? compare_sides(context, sides, is_json) : EXIT_TROUBLE;
    free(sides[0].block);
    free(sides[1].block);
    return code;
}
