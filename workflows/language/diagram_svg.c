/* The picture. One file that needs nothing else: no script, no font of its own, its own paper, so
 * that it reads the same on a white page and on a dark one. Every text goes through put_escaped;
 * everything else is numbers and the words of this file. */
#include "workflows/language/diagram_model.h"

enum {
    CORNER = 6, /* of lines that turn */
    ARROW = 9,
    WIDTH_MIN = HEADING_TEXT_WIDTH + 60 + 2 * LAYOUT_MARGIN,
    SMALL = 12,
    LEGEND_HEIGHT = 26,
    LEGEND_SAMPLE = 38,
    LEGEND_GAP = 8,
};

static const char *const force_colours[] = {
    [FORCE_STATUTORY] = "#b91c1c", [FORCE_REFERENCE] = "#a16207", [FORCE_AGREED] = "#1d4ed8"};

static const char expiry_colour[] = "#c2410c";

static const char head[] =
    "<style>\n"
    "text{font-family:'Noto Sans CJK SC','Noto Sans SC','Source Han Sans SC','PingFang SC',"
    "'Microsoft YaHei',sans-serif;fill:#1e293b}\n"
    ".b{font-weight:bold}.c{text-anchor:middle}.q{fill:#64748b}.m{font-family:monospace;fill:#"
    "64748b}\n"
    ".state{fill:#f8fafc;stroke:#334155;stroke-width:1.4}\n"
    ".end,.end2{fill:#e7ebf0;stroke:#334155;stroke-width:1.4}.end2{fill:none}\n"
    ".any{fill:#fefce8;stroke:#64748b;stroke-width:1.4;stroke-dasharray:2 4}\n"
    ".line{fill:none;stroke-width:1.5;stroke-linejoin:round}\n"
    ".go{stroke:#475569}.back{stroke:#7c3aed}.due{stroke:#c2410c;stroke-dasharray:7 4}\n"
    ".label{fill:#ffffff;stroke-width:1}.label.due{stroke-dasharray:5 3}\n"
    ".head-go{fill:#475569}.head-back{fill:#7c3aed}.head-due{fill:#c2410c}\n"
    ".clock{fill:#ffffff;stroke-width:1.4;stroke-linecap:round}\n"
    ".sign{fill:#ffffff;stroke:#0f766e;stroke-width:1.2;stroke-linejoin:round}\n"
    "</style>\n";

static void put(struct buffer *buffer, const char *text)
{
    buffer_put_text(buffer, text);
}

static void put_number(struct buffer *buffer, int64_t number)
{
    buffer_put_decimal(buffer, number);
}

/* name="number" behind a space. */
static void put_attribute(struct buffer *buffer, const char *name, int64_t number)
{
    put(buffer, " ");
    put(buffer, name);
    put(buffer, "=\"");
    put_number(buffer, number);
    put(buffer, "\"");
}

/* XML 1.0 §2.2: control characters but tab and line ends have no place in a document. */
static void put_escaped(struct buffer *buffer, struct bytes text)
{
    for (size_t i = 0; i < text.size; i++) {
        uint8_t octet = text.ptr[i];
        bool is_no_character = octet == 0xEF && i + 2 < text.size && text.ptr[i + 1] == 0xBF
                               && text.ptr[i + 2] >= 0xBE; /* U+FFFE, U+FFFF */
        if (octet == '&')
            put(buffer, "&amp;");
        else if (octet == '<')
            put(buffer, "&lt;");
        else if (octet == '>')
            put(buffer, "&gt;");
        else if (octet == '"')
            put(buffer, "&quot;");
        else if (octet < 0x20 && octet != '\n')
            put(buffer, " ");
        else if (is_no_character)
            put(buffer, "?");
        else
            buffer_put_u8(buffer, octet);
        i += is_no_character ? 2 : 0;
    }
}

struct spot {
    int32_t x, y; /* y: of the line's top */
};

static void put_text(struct buffer *buffer, struct spot spot, const struct line_style *style,
                     const char *class, struct bytes text)
{
    int32_t baseline = spot.y + style->height - (style->height - style->size) / 2 - 2;
    put(buffer, "<text");
    put_attribute(buffer, "x", spot.x);
    put_attribute(buffer, "y", baseline);
    put_attribute(buffer, "font-size", style->size);
    put(buffer, " class=\"");
    put(buffer, class);
    put(buffer, "\">");
    put_escaped(buffer, text);
    put(buffer, "</text>\n");
}

static void put_rect(struct buffer *buffer, const char *class, struct spot spot, int32_t width,
                     int32_t height)
{
    put(buffer, "<rect class=\"");
    put(buffer, class);
    put(buffer, "\"");
    put_attribute(buffer, "x", spot.x);
    put_attribute(buffer, "y", spot.y);
    put_attribute(buffer, "width", width);
    put_attribute(buffer, "height", height);
    put(buffer, " rx=\"6\"/>\n");
}

/* A clock's face, 14 wide. */
static void put_clock(struct buffer *buffer, struct spot spot, const char *colour)
{
    put(buffer, "<path class=\"clock\" stroke=\"");
    put(buffer, colour);
    put(buffer, "\" d=\"M");
    put_number(buffer, spot.x + 1);
    put(buffer, " ");
    put_number(buffer, spot.y + 7);
    put(buffer, "a6 6 0 1 0 12 0a6 6 0 1 0-12 0M");
    put_number(buffer, spot.x + 7);
    put(buffer, " ");
    put_number(buffer, spot.y + 4);
    put(buffer, "v3l2 2\"/>\n");
}

/* Beside what a move opens: a case within a case; beside what it emits: a letter. 12 wide. */
static void put_sign(struct buffer *buffer, struct spot spot, enum diagram_line_kind kind)
{
    put(buffer, "<path class=\"sign\" d=\"M");
    put_number(buffer, spot.x);
    put(buffer, " ");
    put_number(buffer, spot.y);
    put(buffer, kind == LINE_OPEN ? "h8v7h-8zM" : "h12v9h-12zM");
    put_number(buffer, kind == LINE_OPEN ? spot.x + 4 : spot.x);
    put(buffer, " ");
    put_number(buffer, kind == LINE_OPEN ? spot.y + 7 : spot.y);
    put(buffer, kind == LINE_OPEN ? "v3h8v-7h-4\"/>\n" : "l6 5l6-5\"/>\n");
}

static const char *class_of(enum diagram_line_kind kind)
{
    static const char *const classes[LINE_KIND_COUNT] = {
        [LINE_TITLE] = "b",  [LINE_NAME] = "m",  [LINE_CLOCK] = "b",   [LINE_TERMS] = "",
        [LINE_HEAD] = "q",   [LINE_EVENT] = "",  [LINE_REMARK] = "q",  [LINE_LABEL] = "b c",
        [LINE_EXPIRY] = "b", [LINE_GUARD] = "c", [LINE_HEADING] = "b", [LINE_BASIS] = "q",
        [LINE_OPEN] = "",    [LINE_EMIT] = "",
    };
    return classes[kind];
}

static void put_tooltip(struct buffer *buffer, struct bytes text)
{
    put(buffer, "<title>");
    put_escaped(buffer, text);
    put(buffer, "</title>\n");
}

/* The colour of a clock's force runs along its lines. */
static void put_force_bar(struct buffer *buffer, const struct diagram_line *line, struct spot spot)
{
    put(buffer, "<rect fill=\"");
    put(buffer, force_colours[line->force]);
    put(buffer, "\"");
    put_attribute(buffer, "x", spot.x - BOX_PADDING + 3);
    put_attribute(buffer, "y", spot.y);
    put_attribute(buffer, "width", 3);
    put_attribute(buffer, "height", line_styles[line->kind].height);
    put(buffer, "/>\n");
}

/* middle: of the box, for lines that are centred there. */
static void put_line(struct buffer *buffer, const struct diagram_line *line, struct spot origin,
                     int32_t middle)
{
    const struct line_style *style = &line_styles[line->kind];
    bool is_clock = line->kind == LINE_CLOCK || line->kind == LINE_EXPIRY;
    struct spot spot = {origin.x, origin.y + line->y};
    if (line->kind == LINE_CLOCK || line->kind == LINE_TERMS)
        put_force_bar(buffer, line, spot);
    if (is_clock && line->is_first)
        put_clock(buffer, (struct spot){spot.x, spot.y + (style->height - 14) / 2},
                  line->kind == LINE_CLOCK ? force_colours[line->force] : expiry_colour);
    if ((line->kind == LINE_OPEN || line->kind == LINE_EMIT) && line->is_first)
        put_sign(buffer, (struct spot){spot.x, spot.y + 3}, line->kind);
    bool is_centred = line->kind == LINE_LABEL || line->kind == LINE_GUARD;
    spot.x = is_centred ? middle : spot.x + style->indent;
    if (!line->notes.size) {
        put_text(buffer, spot, style, class_of(line->kind), line->text);
        return;
    }
    put(buffer, "<g>");
    put_tooltip(buffer, line->notes);
    put_text(buffer, spot, style, class_of(line->kind), line->text);
    put(buffer, "</g>\n");
}

static void put_lines(struct buffer *buffer, const struct diagram_box *box, struct spot origin,
                      int32_t middle)
{
    for (const struct diagram_line *line = box->first; line; line = line->next)
        put_line(buffer, line, origin, middle);
}

static void put_node(const struct diagram *diagram, uint32_t index, struct buffer *buffer)
{
    static const char *const classes[] = {[NODE_START] = "head-go",
                                          [NODE_ANYWHERE] = "any",
                                          [NODE_STATE] = "state",
                                          [NODE_END] = "end"};
    const struct diagram_node *node = &diagram->nodes[index];
    const struct layout_node *at = &diagram->layout.nodes[index];
    if (node->kind == NODE_START) {
        put(buffer, "<circle class=\"head-go\"");
        put_attribute(buffer, "cx", at->x + START_SIZE / 2);
        put_attribute(buffer, "cy", at->y + START_SIZE / 2);
        put_attribute(buffer, "r", START_SIZE / 2);
        put(buffer, "/>\n");
        return;
    }
    put_rect(buffer, classes[node->kind], (struct spot){at->x, at->y}, at->width, at->height);
    if (node->kind == NODE_END)
        put_rect(buffer, "end2", (struct spot){at->x + 3, at->y + 3}, at->width - 6,
                 at->height - 6);
    put_lines(buffer, &node->box, (struct spot){at->x + BOX_PADDING, at->y}, at->x + at->width / 2);
}

static const char *kind_of_edge(const struct diagram *diagram, uint32_t index)
{
    if (diagram->edges[index].is_expiry)
        return "due";
    return diagram->layout.edges[index].is_back ? "back" : "go";
}

static int32_t absolute(int32_t number)
{
    return number < 0 ? -number : number;
}

static int32_t sign(int32_t number)
{
    return (number > 0) - (number < 0);
}

static void put_point(struct buffer *buffer, const char *command, int32_t x, int32_t y)
{
    put(buffer, command);
    put_number(buffer, x);
    put(buffer, " ");
    put_number(buffer, y);
}

/* A turn is rounded as far as its two pieces are long. */
static void put_turn(struct buffer *buffer, const struct layout_point *points)
{
    struct layout_point before = points[0], here = points[1], after = points[2];
    int32_t in = absolute(here.x - before.x) + absolute(here.y - before.y);
    int32_t out = absolute(after.x - here.x) + absolute(after.y - here.y);
    int32_t radius = in < out ? in / 2 : out / 2;
    radius = radius > CORNER ? CORNER : radius;
    bool is_slanted =
        (before.x != here.x && before.y != here.y) || (after.x != here.x && after.y != here.y);
    if (is_slanted) {
        put_point(buffer, "L", here.x, here.y);
        return;
    }
    put_point(buffer, "L", here.x - sign(here.x - before.x) * radius,
              here.y - sign(here.y - before.y) * radius);
    put_point(buffer, "Q", here.x, here.y);
    put_point(buffer, " ", here.x + sign(after.x - here.x) * radius,
              here.y + sign(after.y - here.y) * radius);
}

/* Lines arrive from above, or from beneath when they lead back. */
static void put_edge(const struct diagram *diagram, uint32_t index, struct buffer *buffer)
{
    const struct layout_edge *edge = &diagram->layout.edges[index];
    const struct layout_point *points = edge->points;
    uint32_t last = edge->point_count - 1;
    struct layout_point end = points[last];
    int32_t down = sign(end.y - points[last - 1].y);
    put(buffer, "<path class=\"line ");
    put(buffer, kind_of_edge(diagram, index));
    put(buffer, "\" d=\"");
    put_point(buffer, "M", points[0].x, points[0].y);
    for (uint32_t i = 1; i < last; i++)
        put_turn(buffer, &points[i - 1]);
    put_point(buffer, "L", end.x, end.y - down * ARROW);
    put(buffer, "\"/>\n<path class=\"head-");
    put(buffer, kind_of_edge(diagram, index));
    put(buffer, "\" d=\"");
    put_point(buffer, "M", end.x, end.y);
    put_point(buffer, "L", end.x - 4, end.y - down * ARROW);
    put_point(buffer, "L", end.x + 4, end.y - down * ARROW);
    put(buffer, "Z\"/>\n");
}

static void put_label(const struct diagram *diagram, uint32_t index, struct buffer *buffer)
{
    const struct layout_edge *edge = &diagram->layout.edges[index];
    const char *kind = kind_of_edge(diagram, index);
    put(buffer, "<rect class=\"label ");
    put(buffer, kind);
    put(buffer, "\"");
    put_attribute(buffer, "x", edge->label_x);
    put_attribute(buffer, "y", edge->label_y);
    put_attribute(buffer, "width", edge->label_width);
    put_attribute(buffer, "height", edge->label_height);
    put(buffer, " rx=\"4\"/>\n");
    put_lines(buffer, &diagram->edges[index].label,
              (struct spot){edge->label_x + LABEL_PADDING, edge->label_y},
              edge->label_x + edge->label_width / 2);
}

/* What a row of the legend shows before its words. */
enum sample {
    SAMPLE_START,
    SAMPLE_STATE,
    SAMPLE_END,
    SAMPLE_GO,
    SAMPLE_BACK,
    SAMPLE_DUE,
    SAMPLE_FORCE
};

struct legend_row {
    enum sample sample;
    enum clock_force force;
    const char *zh, *en;
};

static const struct legend_row legend[] = {
    {SAMPLE_START, FORCE_STATUTORY, "案件开始", "a case begins"},
    {SAMPLE_STATE, FORCE_STATUTORY, "状态", "state"},
    {SAMPLE_END, FORCE_STATUTORY, "终结", "end"},
    {SAMPLE_GO, FORCE_STATUTORY, "事件", "event"},
    {SAMPLE_BACK, FORCE_STATUTORY, "退回", "event that leads back"},
    {SAMPLE_DUE, FORCE_STATUTORY, "期满自动", "a clock falls due"},
    {SAMPLE_FORCE, FORCE_STATUTORY, "法定期限", "statutory"},
    {SAMPLE_FORCE, FORCE_REFERENCE, "参照期限", "reference"},
    {SAMPLE_FORCE, FORCE_AGREED, "约定期限", "agreed"},
};

enum { LEGEND_ROWS = sizeof legend / sizeof legend[0] };

static void put_sample_line(struct buffer *buffer, const char *kind, struct spot spot)
{
    int32_t middle = spot.y + LEGEND_HEIGHT / 2;
    put(buffer, "<path class=\"line ");
    put(buffer, kind);
    put(buffer, "\" d=\"");
    put_point(buffer, "M", spot.x, middle);
    put_point(buffer, "L", spot.x + LEGEND_SAMPLE - 14, middle);
    put(buffer, "\"/>\n<path class=\"head-");
    put(buffer, kind);
    put(buffer, "\" d=\"");
    put_point(buffer, "M", spot.x + LEGEND_SAMPLE - 6, middle);
    put_point(buffer, "L", spot.x + LEGEND_SAMPLE - 15, middle - 4);
    put_point(buffer, "L", spot.x + LEGEND_SAMPLE - 15, middle + 4);
    put(buffer, "Z\"/>\n");
}

static void put_sample(struct buffer *buffer, const struct legend_row *row, struct spot spot)
{
    struct spot inner = {spot.x + 4, spot.y + 5};
    switch (row->sample) {
    case SAMPLE_START:
        put(buffer, "<circle class=\"head-go\"");
        put_attribute(buffer, "cx", spot.x + LEGEND_SAMPLE - 18);
        put_attribute(buffer, "cy", spot.y + LEGEND_HEIGHT / 2);
        put(buffer, " r=\"7\"/>\n");
        break;
    case SAMPLE_STATE: put_rect(buffer, "state", inner, 28, 16); break;
    case SAMPLE_END:
        put_rect(buffer, "end", inner, 28, 16);
        put_rect(buffer, "end2", (struct spot){inner.x + 3, inner.y + 3}, 22, 10);
        break;
    case SAMPLE_GO: put_sample_line(buffer, "go", spot); break;
    case SAMPLE_BACK: put_sample_line(buffer, "back", spot); break;
    case SAMPLE_DUE: put_sample_line(buffer, "due", spot); break;
    case SAMPLE_FORCE:
        put_clock(buffer, (struct spot){spot.x + 20, spot.y + 6}, force_colours[row->force]);
        break;
    }
}

static int32_t legend_width(const struct diagram *diagram, const struct legend_row *row)
{
    return LEGEND_SAMPLE + LEGEND_GAP
           + text_width(bytes_from_text(diagram->is_zh ? row->zh : row->en), SMALL);
}

/* Row by row as wide as the page; without a buffer it is only measured. The height. */
static int32_t put_legend(const struct diagram *diagram, int32_t width, int32_t top,
                          struct buffer *buffer)
{
    static const struct line_style style = {SMALL, LEGEND_HEIGHT, 0, 0, false};
    struct spot spot = {LAYOUT_MARGIN, top};
    for (uint32_t i = 0; i < LEGEND_ROWS; i++) {
        int32_t own = legend_width(diagram, &legend[i]);
        if (spot.x + own > width && spot.x > LAYOUT_MARGIN)
            spot = (struct spot){LAYOUT_MARGIN, spot.y + LEGEND_HEIGHT};
        if (buffer) {
            put_sample(buffer, &legend[i], spot);
            put_text(buffer, (struct spot){spot.x + LEGEND_SAMPLE, spot.y}, &style, "",
                     bytes_from_text(diagram->is_zh ? legend[i].zh : legend[i].en));
        }
        spot.x += own;
    }
    return spot.y + LEGEND_HEIGHT - top;
}

struct page {
    int32_t width, height;
    int32_t legend_top, picture_top, picture_left;
};

static struct page measure(const struct diagram *diagram)
{
    const struct layout *layout = &diagram->layout;
    struct page page = {.width = layout->width > WIDTH_MIN ? layout->width : WIDTH_MIN};
    page.legend_top = LAYOUT_MARGIN + diagram->heading.height + 6;
    page.picture_top = page.legend_top + put_legend(diagram, page.width, page.legend_top, NULL);
    page.picture_left = (page.width - layout->width) / 2;
    page.height = page.picture_top + layout->height;
    return page;
}

static void put_opening(const struct diagram *diagram, const struct page *page,
                        struct buffer *buffer)
{
    const struct program *program = diagram->program;
    struct bytes title = words_title(&diagram->words, &program->title, program->id);
    put(buffer, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" xml:lang=\"");
    put(buffer, diagram->is_zh ? "zh-CN\"" : "en\"");
    put_attribute(buffer, "width", page->width);
    put_attribute(buffer, "height", page->height);
    put(buffer, " viewBox=\"0 0 ");
    put_number(buffer, page->width);
    put(buffer, " ");
    put_number(buffer, page->height);
    put(buffer, "\">\n");
    put_tooltip(buffer, title);
    put(buffer, head);
    put(buffer, "<rect fill=\"#ffffff\"");
    put_attribute(buffer, "width", page->width);
    put_attribute(buffer, "height", page->height);
    put(buffer, " rx=\"8\"/>\n");
}

void diagram_svg(const struct diagram *diagram, struct buffer *buffer)
{
    struct page page = measure(diagram);
    const struct layout *layout = &diagram->layout;
    put_opening(diagram, &page, buffer);
    put_lines(buffer, &diagram->heading, (struct spot){LAYOUT_MARGIN, LAYOUT_MARGIN}, 0);
    (void)put_legend(diagram, page.width, page.legend_top, buffer);
    put(buffer, "<g transform=\"translate(");
    put_number(buffer, page.picture_left);
    put(buffer, " ");
    put_number(buffer, page.picture_top);
    put(buffer, ")\">\n");
    for (uint32_t i = 0; i < layout->edge_count; i++) {
        if (layout->edges[i].is_drawn)
            put_edge(diagram, i, buffer);
    }
    for (uint32_t i = 0; i < layout->edge_count; i++) {
        if (layout->edges[i].is_drawn)
            put_label(diagram, i, buffer);
    }
    for (uint32_t i = 0; i < layout->node_count; i++)
        put_node(diagram, i, buffer);
    put(buffer, "</g>\n</svg>\n");
}
