/* The words that are not the option's close ranks; their order stays. */
#include "tools/liandong/repeated.h"

#include <string.h>

/* What follows the name in `--name` ("") or `--name=TEXT` ("=TEXT"); NULL: another word. */
static const char *rest_of(const char *word, const char *name)
{
    size_t length = strlen(name);
    if (strncmp(word, "--", 2) != 0 || strncmp(word + 2, name, length) != 0)
        return NULL;
    const char *rest = word + 2 + length;
    return *rest == '\0' || *rest == '=' ? rest : NULL;
}

void repeated_take(struct command_context *context, const char *name, struct repeated *ret_texts)
{
    int kept = 0, at = 0;
    ret_texts->count = 0;
    while (at < context->argc && strcmp(context->argv[at], "--") != 0) {
        char *word = context->argv[at++];
        const char *rest = rest_of(word, name);
        if (!rest) {
            context->argv[kept++] = word;
            continue;
        }
        if (*rest == '\0' && at == context->argc)
            usage_error(context, "选项缺少内容", "an option lacks its text");
        if (ret_texts->count == REPEATED_MAX)
            usage_error(context, "同一选项给得太多", "one option is given too often");
        ret_texts->texts[ret_texts->count++] = *rest ? rest + 1 : context->argv[at++];
    }
    while (at < context->argc)
        context->argv[kept++] = context->argv[at++];
    context->argc = kept;
}
