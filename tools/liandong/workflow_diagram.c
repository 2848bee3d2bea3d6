/* `liandong workflow diagram FILE`: a definition as a picture. The definition is checked first, as
 * a picture of a wrong one would mislead; but by itself: nothing of the calendar, the policy or
 * the directory is in the picture, and of other workflows only what they are called. A file is
 * written only when the picture is whole. */
#include "tools/liandong/commands.h"
#include "tools/liandong/share.h"
#include "tools/liandong/workflow_find.h"
#include "workflows/language/diagram.h"

#include <stdlib.h>

struct drawing {
    const struct command_context *context;
    const char *path, *output; /* output NULL: standard output */
    enum diagram_format format;
    bool is_zh;
    uint8_t *definition_block, *block, *text, *other_block; /* owned */
    struct arena other; /* of the workflow whose title was asked for last */
};

static const struct program *read_program(const struct drawing *drawing, struct arena *arena)
{
    const struct definition_context alone = {0};
    size_t size;
    uint8_t *whole = read_whole_file(drawing->context, drawing->path, DEFINITION_SIZE_MAX, &size);
    struct diagnostics *diagnostics = arena_alloc(arena, sizeof *diagnostics);
    const struct program *program = NULL;
    if (whole && diagnostics) {
        diagnostics_init(diagnostics, arena, bytes_from_text(drawing->path));
        program = definition_workflow((struct bytes){whole, size}, &alone, arena, diagnostics);
        if (!program)
            share_print_diagnostics(drawing->context, stderr, diagnostics);
    }
    free(whole);
    return program;
}

static int write_text(const struct drawing *drawing, struct bytes text)
{
    FILE *file = drawing->output ? fopen(drawing->output, "wb") : stdout;
    bool is_written = file && fwrite(text.ptr, 1, text.size, file) == text.size;
    if (file && drawing->output)
        is_written = fclose(file) == 0 && is_written;
    if (is_written)
        return EXIT_YES;
    complain(drawing->context, "无法写入 %s", "cannot write %s",
             drawing->output ? drawing->output : "-");
    return EXIT_TROUBLE;
}

/* What a workflow is called that the drawn one opens: that beside it, or the shipped one. The
 * title lives until the next is asked for. */
static bool find_title(void *finder, struct bytes workflow, struct title *ret_title)
{
    const struct definition_context alone = {0};
    struct drawing *drawing = finder;
    struct workflow_places places = {.beside = drawing->path};
    struct path_list paths = {0};
    struct bytes text;
    const struct program *program = NULL;
    arena_init(&drawing->other, drawing->other_block, DEFINITION_ARENA_SIZE);
    struct diagnostics *unseen = arena_alloc(&drawing->other, sizeof *unseen);
    if (unseen && workflow_find(drawing->context, &places, workflow, &paths) && paths.count > 0
        && path_read(drawing->context, paths.items[0], &drawing->other, &text)) {
        diagnostics_init(unseen, &drawing->other, bytes_from_text(paths.items[0]));
        program = definition_workflow(text, &alone, &drawing->other, unseen);
    }
    path_list_fini(&paths);
    if (program)
        *ret_title = program->title;
    return program;
}

static int draw(struct drawing *drawing)
{
    struct arena definition_arena, arena;
    struct buffer buffer;
    arena_init(&definition_arena, drawing->definition_block, DEFINITION_ARENA_SIZE);
    arena_init(&arena, drawing->block, DIAGRAM_ARENA_SIZE);
    buffer_init(&buffer, drawing->text, DIAGRAM_TEXT_SIZE);
    const struct program *program = read_program(drawing, &definition_arena);
    if (!program)
        return EXIT_NO;
    struct diagram_request request = {drawing->format, drawing->is_zh, find_title, drawing};
    enum ld_err err = diagram_write_family(program, &request, &arena, &buffer);
    if (err != LD_OK) {
        complain(drawing->context, "流程太大,画不下", "the workflow is too large to draw");
        return EXIT_TROUBLE;
    }
    return write_text(drawing, buffer_bytes(&buffer));
}

static void parse_words(struct command_context *context, struct drawing *drawing)
{
    const char *format = "svg", *language = context->is_zh ? "zh" : "en";
    const struct option_row rows[] = {
        {"format", "svg|dot|mermaid", "图的格式,默认 svg", "what to write; svg unless told",
         &format, NULL},
        {"output", "FILE", "写入文件,默认写到标准输出", "a file to write, else standard output",
         &drawing->output, NULL},
        {"lang", "zh|en", "图中文字的语言", "the language of the picture", &language, NULL},
        {0},
    };
    options_parse(context, rows);
    struct bytes word = bytes_from_text(language);
    if (context->argc != 1)
        usage_error(context, "要写一个流程定义", "name one definition");
    if (!diagram_format_from_word(bytes_from_text(format), &drawing->format))
        usage_error(context, "--format 只能是 svg、dot 或 mermaid",
                    "--format is svg, dot or mermaid");
    if (!bytes_is(word, "zh") && !bytes_is(word, "en"))
        usage_error(context, "--lang 只能是 zh 或 en", "--lang is zh or en");
    drawing->is_zh = bytes_is(word, "zh");
    drawing->path = context->argv[0];
}

int command_workflow_diagram(struct command_context *context)
{
    struct drawing drawing = {.context = context};
    int code = EXIT_TROUBLE;
    parse_words(context, &drawing);
    drawing.definition_block = malloc(DEFINITION_ARENA_SIZE);
    drawing.block = malloc(DIAGRAM_ARENA_SIZE);
    drawing.text = malloc(DIAGRAM_TEXT_SIZE);
    drawing.other_block = malloc(DEFINITION_ARENA_SIZE);
    if (drawing.definition_block && drawing.block && drawing.text && drawing.other_block)
        code = draw(&drawing);
    else
        complain(context, "内存不足", "out of memory");
    free(drawing.definition_block);
    free(drawing.block);
    free(drawing.text);
    free(drawing.other_block);
    return code;
}
