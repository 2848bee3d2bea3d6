/* `liandong workflow new NAME`: a commented definition to begin with, or with --story the story
 * that goes with it. Both are files of the share that are checked and played like any other; here
 * only their name is put in. */
#include "tools/liandong/commands.h"
#include "tools/liandong/share.h"
#include "workflows/core/limits.h"

#include <stdlib.h>
#include <string.h>

#define STARTER_NAME "my-procedure"

/* As the reader of definitions wants names (LANGUAGE §1). */
static bool is_name(const char *name)
{
    size_t size = strlen(name);
    bool is_good = size > 0 && size <= NAME_MAX_SIZE && name[0] >= 'a' && name[0] <= 'z';
    return is_good && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_") == size;
}

static void print_named(const char *text, const char *name)
{
    const char *found;
    while ((found = strstr(text, STARTER_NAME)) != NULL) {
        printf("%.*s%s", (int)(found - text), text, name);
        text = found + strlen(STARTER_NAME);
    }
    printf("%s", text);
}

static int print_starter(const struct command_context *context, bool is_zh, bool is_story)
{
    char path[SHARE_PATH_MAX], relative[64];
    size_t size;
    (void)snprintf(relative, sizeof relative, "starter/%s/" STARTER_NAME "%s.yaml",
                   is_zh ? "zh" : "en", is_story ? ".story" : "");
    if (!share_path(relative, path, sizeof path)) {
        complain(context, "找不到随附的 %s,请设置 LIANDONG_SHARE",
                 "the shipped %s is not found: set LIANDONG_SHARE", relative);
        return EXIT_TROUBLE;
    }
    uint8_t *whole = read_whole_file(context, path, DEFINITION_SIZE_MAX, &size);
    if (!whole)
        return EXIT_TROUBLE;
    print_named((const char *)whole, context->argv[0]);
    free(whole);
    return EXIT_YES;
}

int command_workflow_new(struct command_context *context)
{
    const char *language = context->is_zh ? "zh" : "en";
    bool is_story = false;
    const struct option_row rows[] = {
        {"lang", "zh|en", "注释用哪种语言", "the language of the comments", &language, NULL},
        {"story", NULL, "写出配套的故事", "print the story that goes with it", NULL, &is_story},
        {0},
    };
    options_parse(context, rows);
    if (context->argc != 1)
        usage_error(context, "要写一个流程编号", "the id of a workflow");
    if (!is_name(context->argv[0]))
        usage_error(
            context, "编号用小写字母、数字和连字符,以字母开头,不超过 64 字节",
            "an id is lower-case letters, digits and hyphens, a letter first, at most 64 bytes");
    bool is_zh = strcmp(language, "zh") == 0;
    if (!is_zh && strcmp(language, "en") != 0)
        usage_error(context, "--lang 只能是 zh 或 en", "--lang is zh or en");
    return print_starter(context, is_zh, is_story);
}
