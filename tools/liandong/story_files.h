/* Stories on disk, for `workflow test` and `workflow explain`: which files are stories, which
 * definition a story speaks of, and by which calendar, policy and directory it is judged. */
#ifndef LD_TOOLS_STORY_FILES_H
#define LD_TOOLS_STORY_FILES_H

#include "tools/liandong/workflow_find.h"
#include "workflows/language/story.h"

enum { BUNDLE_REPORTS_MAX = 1 + STORY_CAST_MAX };

/* A story with all that it takes to play it, in one block of memory. */
struct story_bundle {
    uint8_t *block; /* owned */
    struct arena arena;
    const char *path;
    const struct story *story; /* NULL: it could not be read */
    /* The cast: the story's own workflow first, its newest version before its older ones. */
    struct story_actor actors[STORY_CAST_MAX];
    struct bytes actor_paths[STORY_CAST_MAX], actor_texts[STORY_CAST_MAX];
    struct story_cast cast;
    const struct program *program; /* the first of the cast */
    struct rules rules;            /* of it */
    struct story_run run;
    bool is_played;
    struct diagnostics *reports[BUNDLE_REPORTS_MAX]; /* a file each; the story, the definitions */
    uint32_t report_count;
    uint32_t error_count;
};

/* Reads and plays the story. workflow_path NULL: the definition is looked for by its id
 * (workflow_find). So are those that its cases can come to open or start, and those that theirs can
 * in turn. What is wrong stands in the reports; what is wrong with the disk or with calendar,
 * policy and directory has been complained of. False when memory is short. */
bool story_bundle_open(const struct command_context *context, const char *path,
                       const char *workflow_path, const struct path_list *folders,
                       struct story_bundle *bundle);
void story_bundle_close(struct story_bundle *bundle);
/* The findings of each file of the bundle that has an error, as lines. */
void story_bundle_print(const struct command_context *context, const struct story_bundle *bundle,
                        FILE *file);
#endif
