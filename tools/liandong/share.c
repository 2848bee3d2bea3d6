/* Finds and reads what is shipped. A file is read whole and compiled at once: whoever asks for the
 * rules gets all three or a message that names the file and the line. */
#include "tools/liandong/share.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PRINTED_SIZE = 8192 };

static bool is_there(const char *path)
{
    return access(path, R_OK) == 0;
}

static bool join(char *ret_path, size_t size, const char *folder, const char *relative)
{
    const char *slash = *relative ? "/" : "";
    int length = snprintf(ret_path, size, "%s%s%s", folder, slash, relative);
    return length > 0 && (size_t)length < size && is_there(ret_path);
}

/* ../share/liandong/workflows from the folder of the running program. */
static bool installed_folder(char *ret_folder, size_t size)
{
    char program[SHARE_PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    if (length <= 0)
        return false;
    program[length] = '\0';
    char *slash = strrchr(program, '/');
    if (!slash)
        return false;
    *slash = '\0';
    return join(ret_folder, size, program, "../share/liandong/workflows");
}

bool share_path(const char *relative, char *ret_path, size_t size)
{
    char installed[SHARE_PATH_MAX];
    const char *chosen = getenv("LIANDONG_SHARE");
    if (chosen && *chosen)
        return join(ret_path, size, chosen, relative);
    if (installed_folder(installed, sizeof installed))
        return join(ret_path, size, installed, relative);
    return join(ret_path, size, LIANDONG_SOURCE "/workflows", relative);
}

/* The chosen path, or the shipped one into memory; NULL after a complaint. */
static const char *path_of(const struct command_context *context, const char *chosen,
                           const char *shipped, char memory[SHARE_PATH_MAX])
{
    if (chosen)
        return chosen;
    if (share_path(shipped, memory, SHARE_PATH_MAX))
        return memory;
    complain(context, "找不到随附的 %s,请设置 LIANDONG_SHARE",
             "the shipped %s is not found: set LIANDONG_SHARE", shipped);
    return NULL;
}

/* A file's text in the arena, and diagnostics that name it. */
static bool open_text(const struct command_context *context, const char *path, struct arena *arena,
                      struct bytes *ret_text, struct diagnostics **ret_diagnostics)
{
    size_t size;
    uint8_t *whole = read_whole_file(context, path, DEFINITION_SIZE_MAX, &size);
    if (!whole)
        return false;
    struct diagnostics *diagnostics = arena_alloc(arena, sizeof *diagnostics);
    *ret_text = arena_copy(arena, (struct bytes){whole, size});
    free(whole);
    if (!diagnostics || !ret_text->ptr) {
        complain(context, "%s:内存不足", "%s: out of memory", path);
        return false;
    }
    diagnostics_init(diagnostics, arena, arena_copy(arena, bytes_from_text(path)));
    *ret_diagnostics = diagnostics;
    return true;
}

static void print_finding(const struct command_context *context, FILE *file,
                          const struct diagnostic *finding)
{
    uint8_t memory[PRINTED_SIZE];
    struct buffer buffer;
    buffer_init(&buffer, memory, sizeof memory);
    diagnostic_print(finding, context->is_zh, &buffer);
    (void)fwrite(buffer.ptr, 1, buffer.used, file); /* a lost message has no other way out */
}

static void print_dropped(const struct command_context *context, FILE *file,
                          const struct diagnostics *diagnostics)
{
    if (diagnostics->dropped)
        (void)fprintf(file, say(context, "另有 %u 处未列出\n", "%u more are not listed\n"),
                      diagnostics->dropped);
}

void share_print_diagnostics(const struct command_context *context, FILE *file,
                             const struct diagnostics *diagnostics)
{
    for (uint32_t i = 0; i < diagnostics->count; i++) {
        if (diagnostics->rows[i].severity != SEVERITY_NOTE)
            print_finding(context, file, &diagnostics->rows[i]);
    }
    print_dropped(context, file, diagnostics);
}

void share_print_with_notes(const struct command_context *context, FILE *file,
                            const struct diagnostics *diagnostics)
{
    for (uint32_t i = 0; i < diagnostics->count; i++)
        print_finding(context, file, &diagnostics->rows[i]);
    print_dropped(context, file, diagnostics);
}

const struct calendar *share_calendar(const struct command_context *context, const char *path,
                                      struct arena *arena)
{
    char memory[SHARE_PATH_MAX];
    struct bytes text;
    struct diagnostics *diagnostics;
    path = path_of(context, path, SHARE_CALENDAR, memory);
    if (!path || !open_text(context, path, arena, &text, &diagnostics))
        return NULL;
    const struct calendar *calendar = definition_calendar(text, arena, diagnostics);
    if (!calendar)
        share_print_diagnostics(context, stderr, diagnostics);
    return calendar;
}

static const struct directory *load_directory(const struct command_context *context,
                                              const char *path, struct arena *arena)
{
    char memory[SHARE_PATH_MAX];
    struct bytes text;
    struct diagnostics *diagnostics;
    path = path_of(context, path, SHARE_DIRECTORY, memory);
    if (!path || !open_text(context, path, arena, &text, &diagnostics))
        return NULL;
    const struct directory *directory = definition_directory(text, arena, diagnostics);
    if (!directory)
        share_print_diagnostics(context, stderr, diagnostics);
    return directory;
}

static const struct policy *load_policy(const struct command_context *context, const char *path,
                                        const struct directory *directory, struct arena *arena)
{
    char memory[SHARE_PATH_MAX];
    struct bytes text;
    struct diagnostics *diagnostics;
    path = path_of(context, path, SHARE_POLICY, memory);
    if (!path || !open_text(context, path, arena, &text, &diagnostics))
        return NULL;
    const struct policy *policy = definition_policy(text, directory, arena, diagnostics);
    if (!policy)
        share_print_diagnostics(context, stderr, diagnostics);
    return policy;
}

bool share_load(const struct command_context *context, const struct share_choice *choice,
                struct arena *arena, struct definition_context *ret_rules)
{
    struct definition_context rules = {0};
    rules.calendar = share_calendar(context, choice->calendar, arena);
    if (rules.calendar)
        rules.directory = load_directory(context, choice->directory, arena);
    if (rules.directory)
        rules.policy = load_policy(context, choice->policy, rules.directory, arena);
    if (!rules.policy)
        return false;
    *ret_rules = rules;
    return true;
}
