/* Definitions on disk, for the commands that meet one by its id: stories, and checks across files.
 */
#ifndef LD_TOOLS_WORKFLOW_FIND_H
#define LD_TOOLS_WORKFLOW_FIND_H

#include "tools/liandong/command.h"
#include "workflows/language/definition.h"

enum { FILE_PATH_MAX = 4096, WORKFLOW_OPENERS_MAX = 256 };

struct path_list {
    char **items; /* owned */
    uint32_t count, capacity;
};

void path_list_fini(struct path_list *list);
/* Adds every file of the folder whose name ends so, in byte order, folders beneath it too where
 * is_deep. False where the folder cannot be read. */
bool path_list_find(struct path_list *list, const char *folder, const char *ending, bool is_deep);
bool path_list_add(struct path_list *list, const char *path);
/* The folder of a path: what precedes the last slash. */
void path_folder(const char *path, char folder[FILE_PATH_MAX]);
/* The text of a file in the arena; false after a complaint. */
bool path_read(const struct command_context *context, const char *path, struct arena *arena,
               struct bytes *ret_text);

/* The kind, id and version of an artifact on disk; ARTIFACT_UNKNOWN where it cannot be read. The
 * id is copied into the arena. */
struct artifact_name artifact_on_disk(const struct command_context *context, const char *path,
                                      struct arena *arena);

/* Where to look, the nearest first; then in the shipped catalogue. */
struct workflow_places {
    const char *beside;              /* a file: in its folder, then in those above it */
    const char *beside_too;          /* another: in its folder; or NULL */
    const struct path_list *folders; /* in these and beneath; or NULL */
};

/* All versions of a workflow, newest first, of the nearest place that has any. */
bool workflow_find(const struct command_context *context, const struct workflow_places *places,
                   struct bytes id, struct path_list *ret_paths);

/* Which workflows start with which event, of those beside a file and in the shipped catalogue. */
struct workflow_opener {
    struct bytes workflow, event; /* in the arena */
};

struct workflow_openers {
    struct workflow_opener rows[WORKFLOW_OPENERS_MAX];
    uint32_t count;
};

void workflow_find_openers(const struct command_context *context, const char *beside,
                           struct arena *arena, struct workflow_openers *ret_openers);

#endif
