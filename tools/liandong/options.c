/* Options of a command, in one pass over its words. Operands are gathered at the front of argv, so
 * that a command sees them as if no option had stood between them. */
#include "tools/liandong/command.h"
#include "tools/liandong/commands.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* A placeholder that ends so may be given again. */
static const char repeat_mark[] = "…";

const char *say(const struct command_context *context, const char *zh, const char *en)
{
    return context->is_zh ? zh : en;
}

void complain(const struct command_context *context, const char *zh, const char *en, ...)
{
    va_list arguments;
    va_start(arguments, en);
    (void)fputs("liandong: ", stderr);
    (void)vfprintf(stderr, context->is_zh ? zh : en, arguments);
    (void)fputs("\n", stderr);
    va_end(arguments);
}

static void point_to_help(const struct command_context *context)
{
    (void)fprintf(stderr, say(context, "用法见:liandong %s --help\n", "see: liandong %s --help\n"),
                  context->name);
}

_Noreturn void usage_error(const struct command_context *context, const char *zh, const char *en)
{
    (void)fprintf(stderr, "liandong %s: %s\n", context->name, say(context, zh, en));
    point_to_help(context);
    exit(EXIT_USAGE);
}

static bool is_repeated(const struct option_row *row)
{
    size_t size = row->placeholder ? strlen(row->placeholder) : 0;
    size_t mark = sizeof repeat_mark - 1;
    return size >= mark && strcmp(row->placeholder + size - mark, repeat_mark) == 0;
}

static void print_row(const struct command_context *context, const char *name,
                      const char *placeholder, const char *text)
{
    enum { COLUMN = 26 };
    int used = printf("  --%s%s%s", name, placeholder ? " " : "", placeholder ? placeholder : "");
    if (placeholder && strstr(placeholder, repeat_mark))
        used -= (int)sizeof repeat_mark - 2; /* three bytes are one column */
    printf("%*s%s\n", used < COLUMN ? COLUMN - used : 2, "", text);
    (void)context; /* one form with its siblings */
}

static _Noreturn void print_help(const struct command_context *context,
                                 const struct option_row *rows)
{
    const struct command *command = command_named(context->name);
    printf(say(context, "用法:liandong %s", "usage: liandong %s"), context->name);
    if (command && command->arguments && *command->arguments)
        printf(" %s", command->arguments);
    printf("\n");
    if (command)
        printf("%s\n", say(context, command->zh, command->en));
    printf("\n");
    for (; rows->name; rows++)
        print_row(context, rows->name, rows->placeholder, say(context, rows->zh, rows->en));
    print_row(context, "help", NULL, say(context, "显示本说明", "show this help"));
    exit(EXIT_YES);
}

static _Noreturn void option_error(const struct command_context *context, const char *option,
                                   const char *zh, const char *en)
{
    (void)fprintf(stderr, "liandong %s: %s: %s\n", context->name, option, say(context, zh, en));
    point_to_help(context);
    exit(EXIT_USAGE);
}

static const struct option_row *find_row(const struct option_row *rows, const char *name,
                                         size_t size)
{
    for (; rows->name; rows++) {
        if (strlen(rows->name) == size && strncmp(rows->name, name, size) == 0)
            return rows;
    }
    return NULL;
}

static void keep_text(const struct command_context *context, const struct option_row *row,
                      const char *option, const char *text)
{
    if (!is_repeated(row)) {
        *row->ret_text = text;
        return;
    }
    size_t count = 0;
    while (row->ret_text[count])
        count++;
    if (count == OPTION_REPEATS_MAX)
        option_error(context, option, "次数太多", "given too often");
    row->ret_text[count] = text;
}

/* Takes the option at argv[at] and returns how many words it was. */
static int take_option(const struct command_context *context, const struct option_row *rows, int at)
{
    const char *option = context->argv[at], *name = option + 2;
    const char *equals = strchr(name, '=');
    size_t size = equals ? (size_t)(equals - name) : strlen(name);
    if (strcmp(name, "help") == 0 || strcmp(option, "-h") == 0)
        print_help(context, rows);
    const struct option_row *row = strncmp(option, "--", 2) ? NULL : find_row(rows, name, size);
    if (!row)
        option_error(context, option, "没有这个选项", "there is no such option");
    if (!row->placeholder && equals)
        option_error(context, option, "此选项不带值", "this option takes no value");
    if (!row->placeholder) {
        *row->ret_flag = true;
        return 1;
    }
    const char *text = equals ? equals + 1 : context->argv[at + 1];
    if (!equals && at + 1 >= context->argc)
        option_error(context, option, "缺少值", "its value is missing");
    keep_text(context, row, option, text);
    return equals ? 1 : 2;
}

void options_parse(struct command_context *context, const struct option_row *rows)
{
    int operands = 0, at = 0;
    while (at < context->argc) {
        char *word = context->argv[at];
        bool is_operand = word[0] != '-' || word[1] == '\0'; /* "-" is standard input */
        if (strcmp(word, "--") == 0) {
            at++;
            break;
        }
        if (is_operand) {
            context->argv[operands++] = word;
            at++;
        } else {
            at += take_option(context, rows, at);
        }
    }
    while (at < context->argc)
        context->argv[operands++] = context->argv[at++];
    context->argc = operands;
}
