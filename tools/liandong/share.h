/* The shipped workflows, calendars, policies and the directory: where they are on this machine,
 * and reading them. Looked for in LIANDONG_SHARE, then beside the installed program
 * (../share/liandong/workflows), then in the source tree. */
#ifndef LD_TOOLS_SHARE_H
#define LD_TOOLS_SHARE_H

#include "tools/liandong/command.h"
#include "workflows/language/definition.h"

enum { SHARE_PATH_MAX = 4096 };

#define SHARE_CALENDAR "calendars/cn.yaml"
#define SHARE_POLICY "policies/standard.yaml"
#define SHARE_DIRECTORY "catalog/directory.yaml"

/* The path of a shipped file or folder ("" for the whole); false where there is none. */
bool share_path(const char *relative, char *ret_path, size_t size);

/* Which files instead of the shipped ones; NULL: the shipped one. */
struct share_choice {
    const char *calendar, *policy, *directory;
};

/* Reads and compiles calendar, directory and policy into the arena. False after a complaint or
 * after diagnostics on stderr. */
bool share_load(const struct command_context *context, const struct share_choice *choice,
                struct arena *arena, struct definition_context *ret_rules);
/* The calendar alone. NULL likewise. */
const struct calendar *share_calendar(const struct command_context *context, const char *path,
                                      struct arena *arena);

/* Errors and warnings as FILE:LINE:COL: error[CODE]: text, in the caller's language. */
void share_print_diagnostics(const struct command_context *context, FILE *file,
                             const struct diagnostics *diagnostics);
/* Notes too, which nobody needs to act on. */
void share_print_with_notes(const struct command_context *context, FILE *file,
                            const struct diagnostics *diagnostics);

#endif
