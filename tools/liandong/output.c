/* Reading files and writing answers: JSON by jansson, tables by display width. What is printed
 * comes from agencies: control characters never reach the terminal. */
/* wcwidth is of the X/Open part of POSIX. */
#define _XOPEN_SOURCE 700

#include "tools/liandong/command.h"

#include "base/assert.h"
#include "base/civil.h"

#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

enum { COLUMNS_MAX = 32, COLUMN_GAP = 2, READ_SIZE = 4096, TEXT_SIZE = 48 };

/* Reads to the end, growing, but never past max + 1: one byte over tells that it is too large. */
static uint8_t *read_stream(FILE *stream, size_t max, size_t *ret_size)
{
    size_t room = READ_SIZE, size = 0;
    uint8_t *whole = malloc(room + 1);
    while (whole && size <= max) {
        size += fread(whole + size, 1, room - size, stream);
        if (size < room)
            break;
        room *= 2;
        uint8_t *larger = realloc(whole, room + 1);
        if (!larger)
            free(whole);
        whole = larger;
    }
    if (whole)
        whole[size] = '\0';
    *ret_size = size;
    return whole;
}

uint8_t *read_whole_file(const struct command_context *context, const char *path, size_t max,
                         size_t *ret_size)
{
    bool is_input = strcmp(path, "-") == 0;
    FILE *stream = is_input ? stdin : fopen(path, "rb");
    if (!stream) {
        complain(context, "无法打开 %s:%s", "cannot open %s: %s", path, strerror(errno));
        return NULL;
    }
    size_t size;
    errno = 0;
    uint8_t *whole = read_stream(stream, max, &size);
    bool is_broken = !whole || ferror(stream);
    if (is_broken)
        complain(context, "无法读取 %s:%s", "cannot read %s: %s", path, strerror(errno));
    else if (size > max)
        complain(context, "%s 超过 %zu 字节", "%s is larger than %zu bytes", path, max);
    if (!is_input)
        (void)fclose(stream); /* it was only read */
    if (is_broken || size > max) {
        free(whole);
        return NULL;
    }
    *ret_size = size;
    return whole;
}

static json_t *json_of(const struct value *value);

static json_t *json_of_text(struct bytes text)
{
    json_t *json = json_stringn((const char *)text.ptr, text.size);
    return json ? json : json_null(); /* not UTF-8 */
}

static json_t *json_of_list(const struct value *value)
{
    json_t *list = json_array();
    for (uint32_t i = 0; list && i < value->as.list.count; i++) {
        if (json_array_append_new(list, json_of(&value->as.list.items[i])))
            return list;
    }
    return list;
}

static json_t *json_of_map(const struct value *value)
{
    json_t *map = json_object();
    for (uint32_t i = 0; map && i < value->as.map.count; i++) {
        const struct value_entry *entry = &value->as.map.entries[i];
        char *key = strndup((const char *)entry->key.ptr, entry->key.size);
        bool is_set = key && json_object_set_new(map, key, json_of(&entry->value)) == 0;
        free(key);
        if (!is_set)
            return map;
    }
    return map;
}

static json_t *json_of_time(const struct value *value)
{
    uint8_t memory[TEXT_SIZE];
    struct buffer buffer;
    buffer_init(&buffer, memory, sizeof memory);
    if (value->kind == VALUE_DATE)
        buffer_put_date(&buffer, value->as.date);
    else
        buffer_put_instant(&buffer, value->as.timestamp_ms, 0); /* as on the wire */
    return json_of_text(buffer_bytes(&buffer));
}

static json_t *json_of(const struct value *value)
{
    switch (value->kind) {
    case VALUE_NONE: return json_null();
    case VALUE_BOOL: return json_boolean(value->as.boolean);
    case VALUE_INT: return json_integer(value->as.integer);
    case VALUE_DOUBLE: return isfinite(value->as.real) ? json_real(value->as.real) : json_null();
    case VALUE_TEXT:
    case VALUE_UNIT: return json_of_text(value->as.text);
    case VALUE_DATE:
    case VALUE_TIMESTAMP: return json_of_time(value);
    case VALUE_LIST: return json_of_list(value);
    case VALUE_MAP: return json_of_map(value);
    case VALUE_KIND_COUNT: break;
    }
    LD_ASSERT(!"a value of no kind");
    return NULL;
}

void print_json(FILE *file, const struct value *value)
{
    json_t *json = json_of(value);
    (void)json_dumpf(json, file, JSON_COMPACT | JSON_ENCODE_ANY); /* the caller looks at ferror */
    json_decref(json);
}

/* One character of a cell: how many bytes it is, and how many columns wide. A control character
 * or broken byte is shown as one question mark. */
struct glyph {
    size_t size;
    int width;
    bool is_shown;
};

static struct glyph glyph_of(const char *text, mbstate_t *state)
{
    wchar_t wide;
    size_t size = mbrtowc(&wide, text, strlen(text), state);
    if (size == 0 || size > MB_LEN_MAX) {
        *state = (mbstate_t){0};
        return (struct glyph){1, 1, false};
    }
    int width = wcwidth(wide);
    return width < 0 ? (struct glyph){size, 1, false} : (struct glyph){size, width, true};
}

static size_t width_of(const char *text)
{
    mbstate_t state = {0};
    size_t width = 0;
    while (*text) {
        struct glyph glyph = glyph_of(text, &state);
        width += (size_t)glyph.width;
        text += glyph.size;
    }
    return width;
}

static void print_cell(FILE *file, const char *text, size_t width)
{
    mbstate_t state = {0};
    size_t used = 0;
    while (*text) {
        struct glyph glyph = glyph_of(text, &state);
        if (glyph.is_shown)
            (void)fwrite(text, 1, glyph.size, file);
        else
            (void)fputc('?', file);
        used += (size_t)glyph.width;
        text += glyph.size;
    }
    for (; used < width; used++)
        (void)fputc(' ', file);
}

static void print_line(FILE *file, const char *const *cells, const size_t *widths, uint32_t columns)
{
    for (uint32_t column = 0; column < columns; column++) {
        bool is_last = column + 1 == columns;
        const char *text = cells[column] ? cells[column] : "";
        print_cell(file, text, is_last ? 0 : widths[column] + COLUMN_GAP);
    }
    (void)fputc('\n', file);
}

void print_table(FILE *file, const char *const *heads, uint32_t columns, const char *const *cells,
                 uint32_t rows)
{
    size_t widths[COLUMNS_MAX] = {0};
    LD_ASSERT(columns <= COLUMNS_MAX);
    for (uint32_t column = 0; column < columns; column++)
        widths[column] = width_of(heads[column]);
    for (uint32_t i = 0; i < rows * columns; i++) {
        size_t width = cells[i] ? width_of(cells[i]) : 0;
        if (width > widths[i % columns])
            widths[i % columns] = width;
    }
    print_line(file, heads, widths, columns);
    for (uint32_t row = 0; row < rows; row++)
        print_line(file, &cells[row * columns], widths, columns);
}
