/* Answers speak in stable words; people read titles. The words that come from the core's tables are
 * looked up there, the others here. */
#include "tools/liandong/show.h"

#include "workflows/core/case.h"

#include <stdio.h>
#include <string.h>

struct bytes show_title(const struct command_context *context, const struct value *map,
                        const char *key)
{
    const struct value *title = value_get(map, key);
    if (title && title->kind == VALUE_TEXT)
        return title->as.text;
    struct bytes wanted = value_get_text(title, context->is_zh ? "zh" : "en");
    return wanted.size ? wanted : value_get_text(title, context->is_zh ? "en" : "zh");
}

/* C0, DEL, and C1 as UTF-8 writes it (C2 80 to C2 9F). */
static bool is_control(struct bytes text, size_t at)
{
    uint8_t byte = text.ptr[at];
    bool is_c1 = byte >= 0x80 && byte < 0xA0 && at > 0 && text.ptr[at - 1] == 0xC2;
    return byte < 0x20 || byte == 0x7F || is_c1;
}

const char *show_text(struct bytes text, struct arena *arena)
{
    char *copy = arena_alloc(arena, text.size + 1);
    if (!copy)
        return "";
    for (size_t i = 0; i < text.size; i++)
        copy[i] = (char)text.ptr[i];
    for (size_t i = 0; i < text.size; i++) {
        if (!is_control(text, i))
            continue;
        copy[i] = '?';
        if (text.ptr[i] >= 0x80)
            copy[i - 1] = ' '; /* the byte that led it */
    }
    copy[text.size] = '\0';
    return copy;
}

static const char *show_number(struct arena *arena, const char *format, double number)
{
    char text[64];
    snprintf(text, sizeof text, format, number);
    return show_text(bytes_from_text(text), arena);
}

const char *show_cell(const struct value *map, const char *key, struct arena *arena)
{
    const struct value *value = value_get(map, key);
    if (!value)
        return "";
    switch (value->kind) {
    case VALUE_TEXT:
    case VALUE_UNIT: return show_text(value->as.text, arena);
    case VALUE_BOOL: return value->as.boolean ? "true" : "false";
    case VALUE_INT: return show_number(arena, "%.0f", (double)value->as.integer);
    case VALUE_DOUBLE: return show_number(arena, "%g", value->as.real);
    case VALUE_NONE:
    case VALUE_DATE: /* text on the wire, as timestamps are */
    case VALUE_TIMESTAMP:
    case VALUE_LIST:
    case VALUE_MAP:
    case VALUE_KIND_COUNT: return "";
    }
    return "";
}

const char *show_instant(const struct value *map, const char *key, struct arena *arena)
{
    struct bytes text = value_get_text(map, key);
    char shown[20];
    if (text.size < 16)
        return show_text(text, arena);
    snprintf(shown, sizeof shown, "%.10s %.5s", (const char *)text.ptr,
             (const char *)text.ptr + 11);
    return show_text(bytes_from_text(shown), arena);
}

const char *show_titled(const struct command_context *context, const struct value *map,
                        const char *title_key, const char *key, struct arena *arena)
{
    struct bytes title = show_title(context, map, title_key);
    return title.size ? show_text(title, arena) : show_cell(map, key, arena);
}

void show_recipients(const struct command_context *context, const struct value *to,
                     struct arena *arena)
{
    uint32_t count = to && to->kind == VALUE_LIST ? to->as.list.count : 0;
    for (uint32_t i = 0; i < count; i++)
        printf("%s%s", i ? say(context, "、", ", ") : "",
               show_titled(context, &to->as.list.items[i], "title", "unit", arena));
}

static const struct word_row other_words[] = {
    {"statutory", "法定", "statutory"},     {"reference", "参照", "reference"},
    {"agreed", "约定", "agreed"},           {"idle", "未开始", "not started"},
    {"running", "进行中", "running"},       {"paused", "停止计算", "paused"},
    {"overdue", "逾期", "overdue"},         {"met", "按期完成", "met"},
    {"met-late", "逾期完成", "met late"},   {"cancelled", "已取消", "cancelled"},
    {"notice", "提示", "notice"},           {"warning", "预警", "warning"},
    {"urgent", "临期", "urgent"},           {"last-day", "到期日", "last day"},
    {"escalated", "升级督办", "escalated"}, {"none", "", ""},
};

static const struct word_row *find_word(struct bytes word)
{
    for (int fate = 0; fate < FATE_COUNT; fate++) {
        if (bytes_is(word, fate_words((enum fate)fate)->word))
            return fate_words((enum fate)fate);
    }
    for (size_t i = 0; i < sizeof other_words / sizeof other_words[0]; i++) {
        if (bytes_is(word, other_words[i].word))
            return &other_words[i];
    }
    return NULL;
}

const char *show_word(const struct command_context *context, struct bytes word, struct arena *arena)
{
    const struct word_row *row = find_word(word);
    return row ? say(context, row->zh, row->en) : show_text(word, arena);
}

const char *show_status(const struct command_context *context, const struct value *clock,
                        struct arena *arena)
{
    if (value_get_bool(clock, "lapsed", false))
        return say(context, "权利期限已过", "the right lapsed");
    if (value_get_bool(clock, "right", false) && bytes_is(value_get_text(clock, "status"), "met"))
        return say(context, "期限内了结", "ended within the period");
    return show_word(context, value_get_text(clock, "status"), arena);
}

void show_json_line(const struct value *map)
{
    print_json(stdout, map);
    fputc('\n', stdout);
}
