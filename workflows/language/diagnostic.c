/* The one table of what can be wrong with a definition, and how a finding is put into words.
 *
 * - A code that is not in the table is a programmer error; a person's text never is.
 * - Arguments come from the person's file: they are clipped, and control characters in them are
 *   replaced, so that a finding is one line and cannot drive a terminal.
 * - Without memory a finding keeps its code and place and shows the bare template. */
#include "workflows/language/diagnostic.h"

#include "base/assert.h"
#include "base/buffer.h"

#include <string.h>

struct code_row {
    const char *code;
    enum severity severity;
    const char *zh, *en, *hint_zh, *hint_en;
};

static const struct code_row code_rows[] = {
#define X(code, severity, zh, en, hint_zh, hint_en) {code, severity, zh, en, hint_zh, hint_en},
#include "workflows/language/diagnostic_codes.inc"
#include "workflows/language/diagnostic_expr.inc"
#include "workflows/language/diagnostic_story.inc"
#include "workflows/language/diagnostic_coverage.inc"
#undef X
};

enum { CODE_COUNT = sizeof code_rows / sizeof code_rows[0], ARGUMENT_SIZE_MAX = 120 };

static const struct code_row *find_code(const char *code)
{
    for (size_t i = 0; i < CODE_COUNT; i++) {
        if (strcmp(code_rows[i].code, code) == 0)
            return &code_rows[i];
    }
    return NULL;
}

/* At most ARGUMENT_SIZE_MAX bytes, cut between code points. */
static struct bytes clip(struct bytes text)
{
    if (text.size <= ARGUMENT_SIZE_MAX)
        return text;
    size_t size = ARGUMENT_SIZE_MAX;
    while (size > 0 && (text.ptr[size] & 0xC0) == 0x80)
        size--;
    return bytes_slice(text, 0, size);
}

static void put_argument(struct buffer *buffer, struct bytes argument)
{
    struct bytes shown = clip(argument);
    for (size_t i = 0; i < shown.size; i++) {
        uint8_t byte = shown.ptr[i];
        bool is_control = byte < 0x20 || byte == 0x7F;
        buffer_put_u8(buffer, is_control ? ' ' : byte);
    }
    if (shown.size < argument.size)
        buffer_put_text(buffer, "…");
}

static void put_template(struct buffer *buffer, const char *template, const struct bytes *arguments,
                         uint32_t argument_count)
{
    for (const char *at = template; *at; at++) {
        uint32_t number =
            at[0] == '%' && at[1] >= '1' && at[1] <= '9' ? (uint32_t)(at[1] - '0') : 0;
        if (number == 0) {
            buffer_put_u8(buffer, (uint8_t)*at);
            continue;
        }
        if (number <= argument_count)
            put_argument(buffer, arguments[number - 1]);
        at++;
    }
}

static struct bytes format(struct arena *arena, const char *template, const struct bytes *arguments,
                           uint32_t argument_count)
{
    uint8_t memory[2048];
    struct buffer buffer;
    buffer_init(&buffer, memory, sizeof memory);
    put_template(&buffer, template, arguments, argument_count);
    struct bytes text = arena_copy(arena, buffer_bytes(&buffer));
    return text.ptr ? text : bytes_from_text(template);
}

void diagnostics_init(struct diagnostics *diagnostics, struct arena *arena, struct bytes file)
{
    *diagnostics = (struct diagnostics){.arena = arena, .file = file};
}

void diagnose(struct diagnostics *diagnostics, struct place place, const char *code,
              const struct bytes *arguments, uint32_t argument_count)
{
    const struct code_row *row = find_code(code);
    LD_ASSERT(row);
    diagnostics->error_count += row->severity == SEVERITY_ERROR;
    if (diagnostics->count == DIAGNOSTICS_MAX) {
        diagnostics->dropped++;
        return;
    }
    struct arena *arena = diagnostics->arena;
    diagnostics->rows[diagnostics->count++] = (struct diagnostic){
        .severity = row->severity,
        .code = row->code,
        .file = diagnostics->file,
        .place = place,
        .zh = format(arena, row->zh, arguments, argument_count),
        .en = format(arena, row->en, arguments, argument_count),
        .hint_zh = format(arena, row->hint_zh, arguments, argument_count),
        .hint_en = format(arena, row->hint_en, arguments, argument_count),
    };
}

static bool is_before(struct place left, struct place right)
{
    return left.line < right.line || (left.line == right.line && left.column < right.column);
}

void diagnostics_sort(struct diagnostics *diagnostics)
{
    for (uint32_t i = 1; i < diagnostics->count; i++) {
        struct diagnostic row = diagnostics->rows[i];
        uint32_t at = i;
        for (; at > 0 && is_before(row.place, diagnostics->rows[at - 1].place); at--)
            diagnostics->rows[at] = diagnostics->rows[at - 1];
        diagnostics->rows[at] = row;
    }
}

static const char *severity_token(enum severity severity)
{
    switch (severity) {
    case SEVERITY_ERROR: return "error";
    case SEVERITY_WARNING: return "warning";
    case SEVERITY_NOTE: return "note";
    }
    LD_ASSERT(false);
    return "";
}

/* The tokens error, warning and note stay English in both languages: scripts look for them. */
void diagnostic_print(const struct diagnostic *diagnostic, bool is_zh, struct buffer *buffer)
{
    buffer_put(buffer, diagnostic->file);
    buffer_put_text(buffer, ":");
    buffer_put_decimal(buffer, diagnostic->place.line);
    buffer_put_text(buffer, ":");
    buffer_put_decimal(buffer, diagnostic->place.column);
    buffer_put_text(buffer, ": ");
    buffer_put_text(buffer, severity_token(diagnostic->severity));
    buffer_put_text(buffer, "[");
    buffer_put_text(buffer, diagnostic->code);
    buffer_put_text(buffer, "]: ");
    buffer_put(buffer, is_zh ? diagnostic->zh : diagnostic->en);
    buffer_put_text(buffer, "\n");
    struct bytes hint = is_zh ? diagnostic->hint_zh : diagnostic->hint_en;
    if (hint.size == 0)
        return;
    buffer_put_text(buffer, is_zh ? "    提示:" : "    hint: ");
    buffer_put(buffer, hint);
    buffer_put_text(buffer, "\n");
}
