/* What the commands of `liandong` share: options, output in two languages, JSON, the connection.
 * One file a command; nothing is built on this room. */
#ifndef LD_TOOLS_COMMAND_H
#define LD_TOOLS_COMMAND_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/value.h"

#include <stdio.h>

/* Exit codes: 0 all well; 1 the answer is no (a refusal, an error in a definition, not found);
 * 2 the call's words are off; 3 the other side or the disk failed (no answer in time). */
enum { EXIT_YES = 0, EXIT_NO = 1, EXIT_USAGE = 2, EXIT_TROUBLE = 3 };

struct command_context {
    int argc;       /* what follows the command's own words */
    char **argv;
    bool is_zh;     /* by LC_ALL, LC_MESSAGES, LANG */
    const char *name; /* "workflow check", for usage lines */
};

struct command {
    const char *group, *word; /* "workflow", "check"; word NULL: a command without a second word */
    int (*run)(struct command_context *context);
    const char *arguments;    /* "FILE..." */
    const char *zh, *en;      /* one line each */
};

/* An option of a command: long name, placeholder (NULL: a flag), what it is. A placeholder that
 * ends with "…" may be given again: ret_text is then an array of OPTION_REPEATS_MAX + 1, zeroed,
 * which is filled in order and ends with NULL. */
enum { OPTION_REPEATS_MAX = 32 };

struct option_row {
    const char *name;
    const char *placeholder;
    const char *zh, *en;
    const char **ret_text; /* with a placeholder */
    bool *ret_flag;        /* without */
};

/* Parses options (anywhere among the operands; `--` ends them), prints help and exits 0 for --help,
 * prints what is wrong and exits EXIT_USAGE. Operands are moved to the front of context->argv and
 * counted in context->argc. rows end with {0}. */
void options_parse(struct command_context *context, const struct option_row *rows);
/* EXIT_USAGE with one line and how to see the help. */
_Noreturn void usage_error(const struct command_context *context, const char *zh, const char *en);
/* The text of the caller's language. */
const char *say(const struct command_context *context, const char *zh, const char *en);
/* `liandong: …` on stderr. */
void complain(const struct command_context *context, const char *zh, const char *en, ...)
    __attribute__((format(printf, 3, 4)));

/* A whole file ("-": standard input) with a bound; malloc'd and terminated, NULL after a complaint. */
uint8_t *read_whole_file(const struct command_context *context, const char *path, size_t max,
                         size_t *ret_size);
/* A value as JSON on one line (jansson), without a line end. */
void print_json(FILE *file, const struct value *value);
/* A table with columns aligned by display width (Chinese is two wide). cells: row by row. */
void print_table(FILE *file, const char *const *heads, uint32_t columns, const char *const *cells,
                 uint32_t rows);

#endif
