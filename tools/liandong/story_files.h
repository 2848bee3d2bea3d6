/* Stories on disk, for `workflow test` and `workflow explain`: which files are stories, which
 * definition a story speaks of, and by which calendar, policy and directory it is judged. */
#ifndef LD_TOOLS_STORY_FILES_H
#define LD_TOOLS_STORY_FILES_H

#include "tools/liandong/command.h"
#include "workflows/language/story.h"

enum { FILE_PATH_MAX = 4096, BUNDLE_REPORTS_MAX = 2 };

struct path_list {
    char **items; /* owned */
    uint32_t count, capacity;
};

void path_list_fini(struct path_list *list);
/* Adds every file of the folder whose name ends so, in byte order, folders beneath it too where
 * is_deep. False where the folder cannot be read. */
bool path_list_find(struct path_list *list, const char *folder, const char *ending, bool is_deep);
bool path_list_add(struct path_list *list, const char *path);

/* A story with all that it takes to play it, in one block of memory. */
struct story_bundle {
    uint8_t *block; /* owned */
    struct arena arena;
    const char *path;
    char workflow_path[FILE_PATH_MAX];
    struct bytes workflow_text;
    const struct story *story; /* NULL: it could not be read */
    const struct program *program;
    struct rules rules;
    struct story_run run;
    bool is_played;
    struct diagnostics *reports[BUNDLE_REPORTS_MAX]; /* a file each; the story, the definition */
    uint32_t report_count;
    uint32_t error_count;
};

/* Reads and plays the story. workflow_path NULL: the definition is looked for by its id beside the
 * story, in the folders above it, in `folders`, then in the shipped catalogue. What is wrong stands
 * in the reports; what is wrong with the disk or with calendar, policy and directory has been
 * complained of. False when memory is short. */
bool story_bundle_open(const struct command_context *context, const char *path,
                       const char *workflow_path, const struct path_list *folders,
                       struct story_bundle *bundle);
void story_bundle_close(struct story_bundle *bundle);
/* The findings of each file of the bundle that has an error, as lines. */
void story_bundle_print(const struct command_context *context, const struct story_bundle *bundle,
                        FILE *file);
/* The kind, id and version of an artifact on disk; ARTIFACT_UNKNOWN where it cannot be read. The
 * id is copied into the arena. */
struct artifact_name artifact_on_disk(const struct command_context *context, const char *path,
                                      struct arena *arena);

#endif
