/* The common part of all readers of definitions. Every scalar is text until a declaration types
 * it here (LANGUAGE §6); a reference that does not lead anywhere names what was probably meant. */
#include "workflows/language/keys.h"

#include "base/assert.h"
#include "base/buffer.h"

#include "base/civil.h"

#include <string.h>

enum { SUGGEST_SIZE_MAX = 64, HINT_SIZE_MAX = 160 };

static const struct bytes *name_at(struct names names, uint32_t index)
{
    return (const struct bytes *)(const void *)((const char *)names.rows + index * names.stride);
}

int32_t names_find(struct names names, struct bytes name)
{
    for (uint32_t i = 0; i < names.count; i++) {
        if (bytes_equal(*name_at(names, i), name))
            return (int32_t)i;
    }
    return -1;
}

static uint32_t least(uint32_t a, uint32_t b, uint32_t c)
{
    uint32_t ab = a < b ? a : b;
    return ab < c ? ab : c;
}

/* Levenshtein's distance of two short texts. */
static uint32_t distance(struct bytes left, struct bytes right)
{
    uint32_t row[SUGGEST_SIZE_MAX + 1];
    if (left.size > SUGGEST_SIZE_MAX || right.size > SUGGEST_SIZE_MAX)
        return UINT32_MAX;
    for (uint32_t i = 0; i <= right.size; i++)
        row[i] = i;
    for (uint32_t i = 0; i < left.size; i++) {
        uint32_t diagonal = row[0];
        row[0] = i + 1;
        for (uint32_t j = 0; j < right.size; j++) {
            uint32_t above = row[j + 1];
            uint32_t change = diagonal + (left.ptr[i] != right.ptr[j]);
            row[j + 1] = least(above + 1, row[j] + 1, change);
            diagonal = above;
        }
    }
    return row[right.size];
}

const struct bytes *names_nearest(struct names names, struct bytes name)
{
    const struct bytes *best = NULL;
    uint32_t best_distance = (uint32_t)(name.size < SUGGEST_SIZE_MAX ? name.size : 0) / 3 + 2;
    for (uint32_t i = 0; i < names.count; i++) {
        uint32_t found = distance(*name_at(names, i), name);
        if (found < best_distance) {
            best = name_at(names, i);
            best_distance = found;
        }
    }
    return best;
}

static bool is_reported(const struct diagnostics *diagnostics, const char *code)
{
    for (uint32_t i = 0; i < diagnostics->count; i++) {
        if (strcmp(diagnostics->rows[i].code, code) == 0)
            return true;
    }
    return false;
}

static struct bytes hint(const struct sheet *sheet, struct names names, const struct bytes *meant,
                         bool is_zh)
{
    uint8_t memory[HINT_SIZE_MAX];
    struct buffer buffer;
    buffer_init(&buffer, memory, sizeof memory);
    if (meant) {
        buffer_put_text(&buffer, is_zh ? "是否应为 " : "did you mean ");
        buffer_put(&buffer, *meant);
        buffer_put_text(&buffer, is_zh ? "?" : "?");
    } else if (names.count == 0) {
        buffer_put_text(&buffer, is_zh ? "一个也没有声明" : "none is declared");
    } else {
        buffer_put_text(&buffer, is_zh ? "可用:" : "there are: ");
        for (uint32_t i = 0; i < names.count && !buffer.is_full; i++) {
            buffer_put_text(&buffer, i == 0 ? "" : is_zh ? "、" : ", ");
            buffer_put(&buffer, *name_at(names, i));
        }
    }
    return arena_copy(sheet->arena, buffer_bytes(&buffer));
}

void sheet_report(const struct sheet *sheet, struct place place, const char *code,
                  struct bytes argument)
{
    diagnose(sheet->diagnostics, place, code, &argument, 1);
}

void sheet_report_unknown(const struct sheet *sheet, struct place place, const char *code,
                          struct bytes name, struct names names)
{
    if (names.count == 0 && is_reported(sheet->diagnostics, code))
        return;
    /* What is only counted needs no search for what was meant: a file of mistakes stays cheap. */
    bool is_counted_only = sheet->diagnostics->count == DIAGNOSTICS_MAX;
    struct names searched = is_counted_only ? (struct names){0} : names;
    const struct bytes *meant = names_nearest(searched, name);
    struct bytes arguments[] = {name, hint(sheet, searched, meant, true),
                                hint(sheet, searched, meant, false)};
    diagnose(sheet->diagnostics, place, code, arguments, 3);
}

static unsigned shape_of(const struct yaml_node *node)
{
    switch (node->kind) {
    case YAML_SCALAR: return SHAPE_SCALAR;
    case YAML_SEQUENCE: return SHAPE_LIST;
    case YAML_MAPPING: return SHAPE_MAP;
    }
    return 0;
}

static void put_shapes(struct buffer *buffer, unsigned shapes, bool is_zh)
{
    static const struct {
        unsigned shape;
        const char *zh, *en;
    } words[] = {{SHAPE_SCALAR, "文字", "a text"},
                 {SHAPE_LIST, "列表", "a list"},
                 {SHAPE_MAP, "映射", "a mapping"}};
    bool is_first = true;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (!(shapes & words[i].shape))
            continue;
        buffer_put_text(buffer, is_first ? "" : is_zh ? "或" : " or ");
        buffer_put_text(buffer, is_zh ? words[i].zh : words[i].en);
        is_first = false;
    }
}

bool sheet_shape(const struct sheet *sheet, const struct yaml_node *node, unsigned shapes)
{
    uint8_t memory[2][64];
    struct buffer zh, en;
    if (shape_of(node) & shapes)
        return true;
    buffer_init(&zh, memory[0], sizeof memory[0]);
    buffer_init(&en, memory[1], sizeof memory[1]);
    put_shapes(&zh, shapes, true);
    put_shapes(&en, shapes, false);
    diagnose(sheet->diagnostics, node->place, "wrong-shape",
             (struct bytes[]){buffer_bytes(&zh), buffer_bytes(&en)}, 2);
    return false;
}

static void check_entry(const struct sheet *sheet, const struct yaml_entry *entry,
                        const struct key *keys, size_t key_count)
{
    struct names names = {keys, sizeof *keys, (uint32_t)key_count};
    int32_t index = names_find(names, entry->key);
    const struct yaml_node *value = entry->value;
    /* `{zh: 甲, en: Closed, not filed}`: YAML takes what follows the comma for a key. */
    bool is_alone = value->kind == YAML_SCALAR && !value->is_quoted && value->text.size == 0;
    /* `{to：filed}`: with a full-width colon all of it is a key. */
    bool is_wide = bytes_find(entry->key, BYTES_LITERAL("：")) != SIZE_MAX;
    if (index < 0 && is_wide)
        sheet_report(sheet, entry->key_place, "wide-colon", entry->key);
    else if (index < 0 && is_alone)
        sheet_report(sheet, entry->key_place, "comma-in-text", entry->key);
    else if (index < 0)
        sheet_report_unknown(sheet, entry->key_place, "unknown-key", entry->key, names);
    else
        (void)sheet_shape(sheet, value, keys[index].shapes); /* reported there */
}

bool sheet_keys(const struct sheet *sheet, const struct yaml_node *node, const struct key *keys,
                size_t key_count)
{
    if (!sheet_shape(sheet, node, SHAPE_MAP))
        return false;
    for (uint32_t i = 0; i < node->count; i++)
        check_entry(sheet, &node->entries[i], keys, key_count);
    for (size_t i = 0; i < key_count; i++) {
        const char *name = (const char *)keys[i].name.ptr;
        if ((keys[i].shapes & SHAPE_REQUIRED) && !yaml_get(node, name))
            sheet_report(sheet, node->place, "missing-key", keys[i].name);
    }
    return true;
}

const struct yaml_node *sheet_get(const struct yaml_node *node, const char *key, unsigned shapes)
{
    const struct yaml_node *value = yaml_get(node, key);
    return value && (shape_of(value) & shapes) ? value : NULL;
}

uint32_t sheet_bound(const struct sheet *sheet, const struct yaml_node *node, uint32_t count,
                     uint32_t max, const char *what)
{
    uint8_t digits[12];
    struct buffer buffer;
    if (count <= max)
        return count;
    buffer_init(&buffer, digits, sizeof digits);
    buffer_put_decimal(&buffer, max);
    diagnose(sheet->diagnostics, node->place, "too-many",
             (struct bytes[]){bytes_from_text(what), buffer_bytes(&buffer)}, 2);
    return max;
}

uint32_t sheet_many(const struct yaml_node *node)
{
    return node->kind == YAML_SEQUENCE ? node->count : 1;
}

const struct yaml_node *sheet_many_at(const struct yaml_node *node, uint32_t index)
{
    return node->kind == YAML_SEQUENCE ? node->items[index] : node;
}

struct bytes sheet_text(const struct sheet *sheet, const struct yaml_node *node)
{
    return node && sheet_shape(sheet, node, SHAPE_SCALAR) ? node->text : BYTES_NONE;
}

struct title sheet_title(const struct sheet *sheet, const struct yaml_node *node,
                         struct bytes fallback)
{
    static const struct key keys[] = {KEY("zh", SHAPE_SCALAR | SHAPE_REQUIRED),
                                      KEY("en", SHAPE_SCALAR)};
    if (!node)
        return (struct title){.zh = fallback};
    if (node->kind == YAML_SCALAR)
        return (struct title){.zh = node->text};
    if (!sheet_keys(sheet, node, keys, KEY_COUNT(keys)))
        return (struct title){.zh = fallback};
    const struct yaml_node *zh = sheet_get(node, "zh", SHAPE_SCALAR);
    const struct yaml_node *en = sheet_get(node, "en", SHAPE_SCALAR);
    return (struct title){.zh = zh ? zh->text : fallback, .en = en ? en->text : BYTES_NONE};
}

static void report_value(const struct sheet *sheet, const struct yaml_node *node, const char *zh,
                         const char *en)
{
    struct bytes shown = node->kind == YAML_SCALAR ? node->text : BYTES_NONE;
    diagnose(sheet->diagnostics, node->place, "wrong-value",
             (struct bytes[]){shown, bytes_from_text(zh), bytes_from_text(en)}, 3);
}

bool sheet_bool(const struct sheet *sheet, const struct yaml_node *node, bool fallback)
{
    if (!node)
        return fallback;
    bool is_true = node->kind == YAML_SCALAR && bytes_is(node->text, "true");
    bool is_false = node->kind == YAML_SCALAR && bytes_is(node->text, "false");
    if (!is_true && !is_false)
        report_value(sheet, node, " true 或 false", "true or false");
    return is_true || (!is_false && fallback);
}

static bool parse_whole(struct bytes text, int64_t *ret_number)
{
    bool is_negative = text.size > 0 && text.ptr[0] == '-';
    int64_t number = 0;
    if (text.size == is_negative || text.size > 18)
        return false;
    for (size_t i = is_negative; i < text.size; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return false;
        number = number * 10 + (text.ptr[i] - '0');
    }
    *ret_number = is_negative ? -number : number;
    return true;
}

static struct bytes range_text(const struct sheet *sheet, const char *what, int64_t min,
                               int64_t max)
{
    uint8_t memory[96];
    struct buffer buffer;
    buffer_init(&buffer, memory, sizeof memory);
    buffer_put_text(&buffer, what);
    buffer_put_decimal(&buffer, min);
    buffer_put_text(&buffer, "..");
    buffer_put_decimal(&buffer, max);
    return arena_copy(sheet->arena, buffer_bytes(&buffer));
}

int64_t sheet_whole(const struct sheet *sheet, const struct yaml_node *node, int64_t min,
                    int64_t max)
{
    int64_t number;
    if (!node)
        return min;
    bool is_whole = node->kind == YAML_SCALAR && parse_whole(node->text, &number);
    if (is_whole && number >= min && number <= max)
        return number;
    diagnose(sheet->diagnostics, node->place, "wrong-value",
             (struct bytes[]){node->text, range_text(sheet, "整数 ", min, max),
                              range_text(sheet, "a whole number ", min, max)},
             3);
    return min;
}

int32_t sheet_date(const struct sheet *sheet, const struct yaml_node *node)
{
    int32_t date;
    if (!node)
        return DATE_NONE;
    if (node->kind == YAML_SCALAR && date_parse(node->text, &date))
        return date;
    report_value(sheet, node, "日期 YYYY-MM-DD", "a date YYYY-MM-DD");
    return DATE_NONE;
}

void sheet_zone(const struct sheet *sheet, const struct yaml_node *node, int *ret_zone_minutes)
{
    if (!zone_parse(node->text, ret_zone_minutes))
        report_value(sheet, node, "时区 \"+08:00\"", "a zone such as \"+08:00\"");
}

uint32_t sheet_word(const struct sheet *sheet, const struct yaml_node *node,
                    const char *const *words, uint32_t word_count, uint32_t fallback)
{
    struct bytes names[32];
    LD_ASSERT(word_count <= 32);
    if (!node)
        return fallback;
    for (uint32_t i = 0; i < word_count; i++)
        names[i] = bytes_from_text(words[i]);
    int32_t index = sheet_refer(sheet, node, NAMES_OF(names, word_count), "unknown-word");
    return index < 0 ? fallback : (uint32_t)index;
}

int32_t sheet_refer(const struct sheet *sheet, const struct yaml_node *node, struct names names,
                    const char *unknown_code)
{
    if (!node || !sheet_shape(sheet, node, SHAPE_SCALAR))
        return -1;
    int32_t index = names_find(names, node->text);
    if (index < 0)
        sheet_report_unknown(sheet, node->place, unknown_code, node->text, names);
    return index;
}

static bool is_name_byte(uint8_t byte, enum name_style style)
{
    if ((byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte == '_')
        return true;
    return (byte == '-' && style != NAME_FIELD) || (byte == '.' && style == NAME_EVENT);
}

struct bytes sheet_name(const struct sheet *sheet, struct bytes text, struct place place,
                        enum name_style style)
{
    bool is_good = text.size > 0 && text.size <= NAME_MAX_SIZE;
    for (size_t i = 0; is_good && i < text.size; i++)
        is_good = is_name_byte(text.ptr[i], style);
    bool begins_with_letter = is_good && text.ptr[0] >= 'a' && text.ptr[0] <= 'z';
    if (!is_good || (!begins_with_letter && style != NAME_UNIT))
        sheet_report(sheet, place, style == NAME_FIELD ? "bad-field-name" : "bad-name", text);
    return text;
}

struct place sheet_content_place(const struct yaml_node *node)
{
    return (struct place){node->place.line, node->place.column + node->is_quoted};
}

void *sheet_rows(const struct sheet *sheet, uint32_t count, size_t size)
{
    return arena_alloc_array(sheet->arena, count, size);
}

struct sheet_watch sheet_begin(const struct sheet *sheet)
{
    struct sheet_watch watch = {sheet->arena->is_exhausted, sheet->diagnostics->error_count};
    sheet->arena->is_exhausted = false;
    return watch;
}

bool sheet_finish(const struct sheet *sheet, struct sheet_watch watch)
{
    if (sheet->arena->is_exhausted && sheet->diagnostics->error_count == watch.error_count)
        diagnose(sheet->diagnostics, (struct place){1, 1}, "too-big", NULL, 0);
    sheet->arena->is_exhausted |= watch.was_exhausted;
    diagnostics_sort(sheet->diagnostics);
    return sheet->diagnostics->error_count == watch.error_count;
}
