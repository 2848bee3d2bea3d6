/* Definitions that others speak of. Each is compiled alone: what it is itself judged by is its own
 * check's business, and what it speaks of is not followed, so that two may speak of each other. */
#include "tools/liandong/siblings.h"

#include <stdlib.h>
#include <string.h>

static struct sibling *find_row(struct siblings *siblings, const char *path)
{
    for (uint32_t i = 0; i < siblings->count; i++) {
        if (strcmp(siblings->rows[i].path, path) == 0)
            return &siblings->rows[i];
    }
    return NULL;
}

/* Its findings are those of its own check, and are not told here. */
static void compile(const struct siblings *siblings, struct sibling *sibling)
{
    static const struct definition_context nothing;
    struct arena arena;
    struct bytes text;
    sibling->block = malloc(DEFINITION_ARENA_SIZE);
    arena_init(&arena, sibling->block, sibling->block ? DEFINITION_ARENA_SIZE : 0);
    struct diagnostics *unread = arena_alloc(&arena, sizeof *unread);
    if (!unread || !path_read(siblings->context, sibling->path, &arena, &text))
        return;
    diagnostics_init(unread, &arena, BYTES_NONE);
    sibling->program = definition_workflow(text, &nothing, &arena, unread);
}

static const struct program *program_of(struct siblings *siblings, const char *path)
{
    struct sibling *sibling = find_row(siblings, path);
    if (sibling || siblings->count == SIBLINGS_MAX)
        return sibling ? sibling->program : NULL;
    sibling = &siblings->rows[siblings->count];
    *sibling = (struct sibling){.path = strdup(path)};
    if (!sibling->path)
        return NULL;
    siblings->count++;
    compile(siblings, sibling);
    if (!sibling->program) {
        free(sibling->block);
        sibling->block = NULL;
    }
    return sibling->program;
}

const struct program *siblings_find(void *context, struct bytes id)
{
    struct siblings *siblings = context;
    struct path_list paths = {0};
    const struct program *program = NULL;
    (void)workflow_find(siblings->context, &siblings->places, id, &paths); /* none: none is found */
    for (uint32_t i = 0; !program && i < paths.count; i++)
        program = program_of(siblings, paths.items[i]);
    path_list_fini(&paths);
    return program;
}

void siblings_fini(struct siblings *siblings)
{
    for (uint32_t i = 0; i < siblings->count; i++) {
        free(siblings->rows[i].path);
        free(siblings->rows[i].block);
    }
    siblings->count = 0;
}
