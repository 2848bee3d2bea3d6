/* `liandong workflow export FILE --asyncapi`: the data-exchange standard of a workflow, as JSON. */
#include "tools/liandong/commands.h"
#include "tools/liandong/share.h"
#include "workflows/language/asyncapi.h"

#include <jansson.h>
#include <stdlib.h>

enum { INDENT = 2, DOCUMENT_SIZE_MAX = 32 << 20 };

/* Indented: people read it, and versions of it are compared. */
static bool print_document(const struct value *document)
{
    char *text = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&text, &size);
    if (!memory)
        return false;
    print_json(memory, document);
    bool is_written = fclose(memory) == 0;
    json_t *json = is_written ? json_loadb(text, size, 0, NULL) : NULL;
    free(text);
    bool is_printed = json && json_dumpf(json, stdout, JSON_INDENT(INDENT)) == 0;
    json_decref(json);
    if (is_printed)
        (void)putchar('\n');
    return is_printed;
}

static int export(const struct command_context *context, struct bytes text, struct arena *arena)
{
    static const struct definition_context nothing = {0};
    struct diagnostics *diagnostics = arena_alloc(arena, sizeof *diagnostics);
    diagnostics_init(diagnostics, arena, bytes_from_text(context->argv[0]));
    const struct program *program = definition_workflow(text, &nothing, arena, diagnostics);
    if (!program) {
        share_print_diagnostics(context, stderr, diagnostics);
        return EXIT_NO;
    }
    struct value document = asyncapi_document(program, arena);
    if (document.kind != VALUE_NONE && print_document(&document))
        return EXIT_YES;
    complain(context, "内存不足", "out of memory");
    return EXIT_TROUBLE;
}

int command_workflow_export(struct command_context *context)
{
    bool is_asyncapi = false;
    size_t size;
    struct arena arena;
    const struct option_row rows[] = {
        {"asyncapi", NULL, "AsyncAPI 3.0 文档(JSON)", "an AsyncAPI 3.0 document (JSON)", NULL,
         &is_asyncapi},
        {0},
    };
    options_parse(context, rows);
    if (context->argc != 1 || !is_asyncapi)
        usage_error(context, "要写一个流程定义和 --asyncapi", "one definition and --asyncapi");
    int code = EXIT_TROUBLE;
    uint8_t *whole = read_whole_file(context, context->argv[0], DEFINITION_SIZE_MAX, &size);
    uint8_t *block = whole ? malloc(DOCUMENT_SIZE_MAX) : NULL;
    if (block) {
        arena_init(&arena, block, DOCUMENT_SIZE_MAX);
        code = export(context, (struct bytes){whole, size}, &arena);
    }
    free(whole);
    free(block);
    return code;
}
