/* The cast of a story on disk, between story_files.c and story_cast.c alone. */
#ifndef LD_TOOLS_STORY_CAST_H
#define LD_TOOLS_STORY_CAST_H

#include "tools/liandong/story_files.h"

/* A report for another file, in the bundle's own memory. NULL: there is no room. */
struct diagnostics *story_bundle_report(struct story_bundle *bundle, const char *path);
/* Finds and compiles the cast of the story that has been read. False: something is wrong, and a
 * report or a complaint says what. */
bool story_bundle_cast(const struct command_context *context, const char *workflow_path,
                       const struct path_list *folders, struct story_bundle *bundle);

#endif
