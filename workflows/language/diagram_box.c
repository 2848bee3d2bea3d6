/* Lines of text in boxes without a font at hand: widths are estimated from above (a Chinese
 * character is as wide as it is high, a Latin one 0.6 of that, capitals and m, w more), so that no
 * font that a reader has makes text run over its box. Lines break after any Chinese character and
 * at spaces; closing punctuation does not begin a line and opening punctuation does not end one
 * (GB/T 15834-2011 §5.1); a number stays with its unit, working days among them. */
#include "workflows/language/diagram_model.h"

enum { NO_BREAK_SPACE = 0xA0, WORK_1 = 0x5DE5, WORK_2 = 0x4F5C, WORK_DAY = 0x65E5 /* 工作日 */ };

const struct line_style line_styles[LINE_KIND_COUNT] = {
    [LINE_TITLE] = {15, 21, 0, 0, true},   [LINE_NAME] = {10, 14, 0, 0, false},
    [LINE_CLOCK] = {12, 17, 7, 20, true},  [LINE_TERMS] = {11, 15, 0, 20, false},
    [LINE_HEAD] = {10, 14, 8, 0, false},   [LINE_EVENT] = {12, 17, 0, 0, false},
    [LINE_REMARK] = {11, 15, 6, 0, false}, [LINE_LABEL] = {12, 16, 3, 0, true},
    [LINE_EXPIRY] = {12, 16, 3, 18, true}, [LINE_GUARD] = {11, 15, 0, 0, false},
    [LINE_OPEN] = {11, 15, 2, 17, false},  [LINE_EMIT] = {11, 15, 2, 17, false},
    [LINE_HEADING] = {20, 28, 0, 0, true}, [LINE_BASIS] = {12, 18, 0, 0, false},
};

/* The code point at an offset of valid UTF-8, and how many bytes it takes. */
static uint32_t code_point(struct bytes text, size_t at, size_t *ret_size)
{
    uint8_t lead = text.ptr[at];
    size_t size = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    uint32_t point = size == 1 ? lead : lead & (0xFFU >> (size + 1));
    if (size > text.size - at)
        size = text.size - at;
    for (size_t i = 1; i < size; i++)
        point = point << 6 | (text.ptr[at + i] & 0x3F);
    *ret_size = size;
    return point;
}

/* In tenths of the letters' size. */
static int32_t tenths(uint32_t point)
{
    if (point >= 0x2000)
        return 10;
    if (point >= 0x80)
        return 7;
    if (point == 'm' || point == 'w' || point == 'M' || point == 'W' || point == '@')
        return 9;
    return (point >= 'A' && point <= 'Z') || point == '%' || point == '&' ? 7 : 6;
}

int32_t text_width(struct bytes text, int32_t size)
{
    int64_t sum = 0;
    size_t step;
    for (size_t at = 0; at < text.size; at += step)
        sum += tenths(code_point(text, at, &step));
    return (int32_t)((sum * size + 9) / 10);
}

static bool is_in(uint32_t point, const char *set)
{
    struct bytes all = bytes_from_text(set);
    size_t step;
    for (size_t at = 0; at < all.size; at += step) {
        if (code_point(all, at, &step) == point)
            return true;
    }
    return false;
}

static bool is_opening(uint32_t point)
{
    return is_in(point, "（《「『〔“‘([个");
}

static bool is_closing(uint32_t point)
{
    return is_in(point, "，。、；：！？）》」』〕”’….,;:!?)]·");
}

static bool can_break(uint32_t before, uint32_t after)
{
    if (is_closing(after) || is_opening(before))
        return false;
    if (before == NO_BREAK_SPACE || after == NO_BREAK_SPACE)
        return false;
    if ((before == WORK_1 && after == WORK_2) || (before == WORK_2 && after == WORK_DAY))
        return false;
    return before == ' ' || before == '\n' || before >= 0x2E80 || after >= 0x2E80;
}

/* How many bytes of the text stand on its first line. A word longer than the line is cut. */
static size_t first_line(struct bytes text, int32_t size, int32_t width, bool *ret_is_cut)
{
    int64_t sum = 0;
    size_t step, good = 0;
    uint32_t before = 0;
    for (size_t at = 0; at < text.size; at += step) {
        uint32_t point = code_point(text, at, &step);
        if (at > 0 && can_break(before, point))
            good = at;
        if (before == '\n')
            return at;
        sum += (int64_t)tenths(point) * size;
        if (sum > (int64_t)width * 10 && at > 0 && point != ' ') {
            *ret_is_cut |= !good;
            return good ? good : at;
        }
        before = point;
    }
    return text.size;
}

static uint32_t count_lines(struct bytes text, int32_t size, int32_t width, bool *ret_is_cut)
{
    uint32_t count = 0;
    for (; text.size; count++) {
        size_t line = first_line(text, size, width, ret_is_cut);
        text = bytes_slice(text, line, text.size);
    }
    return count;
}

/* The least width that takes no more lines and cuts no word: a label has no last line of one
 * character. */
static int32_t balance(struct bytes text, int32_t size, int32_t width)
{
    bool is_cut = false;
    uint32_t count = count_lines(text, size, width, &is_cut);
    while (!is_cut && width > 4 * size
           && count_lines(text, size, width - size / 2, &is_cut) == count && !is_cut)
        width -= size / 2;
    return width;
}

/* Neither spaces nor a separating dot end a line. */
static struct bytes trim(struct bytes text)
{
    struct bytes dot = BYTES_LITERAL("·");
    while (text.size && text.ptr[0] == ' ')
        text = bytes_slice(text, 1, text.size);
    for (;;) {
        if (text.size && (text.ptr[text.size - 1] == ' ' || text.ptr[text.size - 1] == '\n'))
            text.size--;
        else if (text.size > dot.size && bytes_ends_with(text, dot))
            text.size -= dot.size;
        else
            return text;
    }
}

static struct diagram_line *append(struct diagram *diagram, struct diagram_box *box,
                                   const struct diagram_line *line)
{
    const struct line_style *style = &line_styles[line->kind];
    struct diagram_line *own = arena_alloc(diagram->arena, sizeof *own);
    if (!own)
        return NULL;
    *own = *line;
    own->y = box->height + (line->is_first && box->first ? style->before : 0);
    box->height = own->y + style->height;
    int32_t width = text_width(line->text, style->size) + style->indent;
    box->width = width > box->width ? width : box->width;
    if (box->last)
        box->last->next = own;
    else
        box->first = own;
    box->last = own;
    return own;
}

struct diagram_line *box_add(struct diagram *diagram, struct diagram_box *box,
                             enum diagram_line_kind kind, int32_t text_width_max)
{
    const struct line_style *style = &line_styles[kind];
    struct bytes text = arena_copy(diagram->arena, buffer_bytes(&diagram->text));
    struct diagram_line *first = NULL;
    int32_t width = text_width_max - style->indent;
    buffer_clear(&diagram->text);
    bool is_labelled = kind == LINE_LABEL || kind == LINE_EXPIRY || kind == LINE_GUARD
                       || kind == LINE_OPEN || kind == LINE_EMIT;
    if (is_labelled)
        width = balance(text, style->size, width);
    while (text.size) {
        bool is_cut = false; /* a word that is too long for any line may be */
        size_t size = first_line(text, style->size, width, &is_cut);
        struct diagram_line line = {
            .kind = kind, .text = trim(bytes_slice(text, 0, size)), .is_first = !first};
        struct diagram_line *own = append(diagram, box, &line);
        if (!own)
            return NULL;
        first = first ? first : own;
        text = bytes_slice(text, size, text.size);
    }
    return first;
}

void box_close(struct diagram_box *box, int32_t padding)
{
    for (struct diagram_line *line = box->first; line; line = line->next)
        line->y += padding;
    box->width = (box->width + 2 * padding + 1) / 2 * 2; /* even: the middle is a whole pixel */
    box->height += 2 * padding;
}
