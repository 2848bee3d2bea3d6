/* Options that may be given several times, which options_parse does not know. */
#ifndef LD_TOOLS_REPEATED_H
#define LD_TOOLS_REPEATED_H

#include "tools/liandong/command.h"

enum { REPEATED_MAX = 64 };

struct repeated {
    const char *texts[REPEATED_MAX];
    uint32_t count;
};

/* Takes every `--name TEXT` and `--name=TEXT` before `--` out of the words. To be called before
 * options_parse, which still has a row of the name for the help. Too many, or one without its text,
 * is a usage_error. */
void repeated_take(struct command_context *context, const char *name, struct repeated *ret_texts);

#endif
