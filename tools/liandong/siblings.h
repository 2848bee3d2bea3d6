/* The definitions that another speaks of (`open`, `emit`, a rung's draft), for its check: found by
 * the rule of workflow_find, compiled alone, once for all files of a call. */
#ifndef LD_TOOLS_SIBLINGS_H
#define LD_TOOLS_SIBLINGS_H

#include "tools/liandong/workflow_find.h"

enum { SIBLINGS_MAX = 256 };

struct sibling {
    char *path;     /* owned */
    uint8_t *block; /* owned: what the program lives in; NULL: it has errors */
    const struct program *program;
};

struct siblings {
    const struct command_context *context;
    struct workflow_places places; /* beside: the file that is checked now, the caller's to set */
    struct sibling rows[SIBLINGS_MAX];
    uint32_t count;
};

/* For definition_context.find_workflow. The newest version without errors; NULL: there is none. */
const struct program *siblings_find(void *siblings, struct bytes id);
void siblings_fini(struct siblings *siblings);

#endif
