/* The strict YAML subset (LANGUAGE §6) over libyaml's events. No other file sees libyaml.
 *
 * - The text is checked for size, UTF-8, tabs and control characters before libyaml sees it, so
 *   that its reader has nothing left to refuse and every finding has a line and a column.
 * - libyaml's scanner is quadratic in the depth of flow collections (200 KB of '[' take over a
 *   minute in yaml_parser_load): events are taken one by one and reading stops at the first one
 *   beyond DEFINITION_DEPTH_MAX. The keys of one mapping are bounded for the same reason.
 * - U+0085, U+2028 and U+2029 are line breaks to YAML 1.1 and to no editor: refused, or lines would
 *   not be the ones that people see.
 * - Reading stops at the first finding, except for duplicate keys: those are all reported. */
#include "workflows/language/yaml.h"

#include "base/assert.h"
#include "base/buffer.h"
#include "base/utf8.h"
#include "workflows/language/definition.h"

#include <string.h>
#include <yaml.h>

enum { YAML_KEYS_MAX = 1024 };

struct link {
    struct link *next;
    struct bytes key;
    struct place key_place;
    const struct yaml_node *value;
};

/* A collection that is being read. */
struct frame {
    struct yaml_node *node;
    struct link *first, *last;
    uint32_t count;
    bool has_key; /* MAPPING: a key waits for its value */
    struct bytes key;
    struct place key_place;
};

struct reading {
    struct arena *arena;
    struct diagnostics *diagnostics;
    struct frame frames[DEFINITION_DEPTH_MAX];
    uint32_t depth;
    uint32_t documents;
    const struct yaml_node *root;
    bool has_failed;
};

static void fail(struct reading *reading, struct place place, const char *code,
                 struct bytes argument)
{
    diagnose(reading->diagnostics, place, code, &argument, 1);
    reading->has_failed = true;
}

static struct place place_of(yaml_mark_t mark)
{
    return (struct place){(uint32_t)mark.line + 1, (uint32_t)mark.column + 1};
}

/* The place of a byte of the text; lines end with LF, CRLF or CR. */
static struct place place_at(struct bytes text, size_t offset)
{
    struct place place = {1, 1};
    for (size_t i = 0; i < offset && i < text.size; i++) {
        uint8_t byte = text.ptr[i];
        bool is_crlf = byte == '\r' && i + 1 < text.size && text.ptr[i + 1] == '\n';
        if (is_crlf)
            continue;
        if (byte == '\n' || byte == '\r')
            place = (struct place){place.line + 1, 1};
        else
            place.column += (byte & 0xC0) != 0x80;
    }
    return place;
}

/* The size of the valid code point at offset, or 0. */
static size_t point_size(struct bytes text, size_t offset)
{
    for (size_t size = 1; size <= 4 && offset + size <= text.size; size++) {
        if (utf8_is_valid(bytes_slice(text, offset, size)))
            return size;
    }
    return 0;
}

/* Control characters, and the line breaks that only YAML 1.1 knows. */
static bool is_refused_point(const uint8_t *point, size_t size)
{
    static const char *const refused[] = {"\u2028", "\u2029", "\uFEFF", "\uFFFE", "\uFFFF"};
    if (size == 1)
        return (point[0] < 0x20 && point[0] != '\n' && point[0] != '\r') || point[0] == 0x7F;
    if (size == 2)
        return point[0] == 0xC2 && point[1] < 0xA0;
    for (size_t i = 0; size == 3 && i < sizeof refused / sizeof refused[0]; i++) {
        if (memcmp(point, refused[i], 3) == 0)
            return true;
    }
    return false;
}

static const char *text_problem(struct bytes text, size_t *ret_offset)
{
    size_t size;
    for (size_t at = 0; at < text.size; at += size) {
        *ret_offset = at;
        size = point_size(text, at);
        if (size == 0)
            return "yaml-encoding";
        if (text.ptr[at] == '\t')
            return "yaml-tab";
        if (is_refused_point(text.ptr + at, size))
            return "yaml-character";
    }
    return NULL;
}

/* A copy of an event's text; where the arena is full the reading fails. */
static struct bytes copy_text(struct reading *reading, const yaml_char_t *value, size_t size,
                              struct place place)
{
    struct bytes text = arena_copy(reading->arena, (struct bytes){value, size});
    if (!text.ptr)
        fail(reading, place, "too-big", BYTES_NONE);
    return text;
}

static const struct link *find_key(const struct frame *frame, struct bytes key)
{
    for (const struct link *link = frame->first; link; link = link->next) {
        if (bytes_equal(link->key, key))
            return link;
    }
    return NULL;
}

static void report_duplicate(struct reading *reading, struct place place, struct bytes key,
                             uint32_t first_line)
{
    uint8_t digits[12];
    struct buffer buffer;
    buffer_init(&buffer, digits, sizeof digits);
    buffer_put_decimal(&buffer, first_line);
    diagnose(reading->diagnostics, place, "duplicate-key",
             (struct bytes[]){key, buffer_bytes(&buffer)}, 2);
}

static void take_key(struct reading *reading, struct frame *frame, const struct yaml_node *node)
{
    if (node->kind != YAML_SCALAR || node->text.size == 0) {
        fail(reading, node->place, "yaml-key", BYTES_NONE);
        return;
    }
    if (!node->is_quoted && bytes_is(node->text, "<<")) {
        fail(reading, node->place, "yaml-merge", BYTES_NONE);
        return;
    }
    const struct link *earlier = find_key(frame, node->text);
    if (earlier)
        report_duplicate(reading, node->place, node->text, earlier->key_place.line);
    frame->has_key = true;
    frame->key = node->text;
    frame->key_place = node->place;
}

static void append(struct reading *reading, struct frame *frame, const struct yaml_node *node)
{
    if (frame->node->kind == YAML_MAPPING && frame->count == YAML_KEYS_MAX) {
        fail(reading, node->place, "yaml-many-keys", BYTES_LITERAL("1024"));
        return;
    }
    struct link *link = arena_alloc(reading->arena, sizeof *link);
    if (!link) {
        fail(reading, node->place, "too-big", BYTES_NONE);
        return;
    }
    *link = (struct link){.key = frame->key, .key_place = frame->key_place, .value = node};
    if (frame->last)
        frame->last->next = link;
    else
        frame->first = link;
    frame->last = link;
    frame->count++;
    frame->has_key = false;
}

/* A node that is whole (a scalar) or that has begun (a collection), into what surrounds it. */
static void place_node(struct reading *reading, const struct yaml_node *node)
{
    if (reading->depth == 0) {
        reading->root = node;
        return;
    }
    struct frame *frame = &reading->frames[reading->depth - 1];
    if (frame->node->kind == YAML_MAPPING && !frame->has_key)
        take_key(reading, frame, node);
    else
        append(reading, frame, node);
}

static void read_scalar(struct reading *reading, const yaml_event_t *event)
{
    struct place place = place_of(event->start_mark);
    struct yaml_node *node = arena_alloc(reading->arena, sizeof *node);
    if (!node) {
        fail(reading, place, "too-big", BYTES_NONE);
        return;
    }
    *node = (struct yaml_node){
        .kind = YAML_SCALAR,
        .place = place,
        .text = copy_text(reading, event->data.scalar.value, event->data.scalar.length, place),
        .is_quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE,
    };
    if (!reading->has_failed)
        place_node(reading, node);
}

static void begin_collection(struct reading *reading, const yaml_event_t *event,
                             enum yaml_kind kind)
{
    struct place place = place_of(event->start_mark);
    if (reading->depth == DEFINITION_DEPTH_MAX) {
        fail(reading, place, "yaml-depth", BYTES_LITERAL("16"));
        return;
    }
    struct yaml_node *node = arena_alloc(reading->arena, sizeof *node);
    if (!node) {
        fail(reading, place, "too-big", BYTES_NONE);
        return;
    }
    *node = (struct yaml_node){.kind = kind, .place = place};
    place_node(reading, node);
    reading->frames[reading->depth++] = (struct frame){.node = node};
}

static bool fill_items(struct reading *reading, struct frame *frame)
{
    const struct yaml_node **items = arena_alloc_array(reading->arena, frame->count, sizeof *items);
    if (!items)
        return false;
    uint32_t at = 0;
    for (const struct link *link = frame->first; link; link = link->next)
        items[at++] = link->value;
    frame->node->items = items;
    return true;
}

static bool fill_entries(struct reading *reading, struct frame *frame)
{
    struct yaml_entry *entries = arena_alloc_array(reading->arena, frame->count, sizeof *entries);
    if (!entries)
        return false;
    uint32_t at = 0;
    for (const struct link *link = frame->first; link; link = link->next)
        entries[at++] = (struct yaml_entry){link->key, link->key_place, link->value};
    frame->node->entries = entries;
    return true;
}

static void end_collection(struct reading *reading)
{
    LD_ASSERT(reading->depth > 0);
    struct frame *frame = &reading->frames[--reading->depth];
    bool is_filled = frame->node->kind == YAML_SEQUENCE ? fill_items(reading, frame)
                                                        : fill_entries(reading, frame);
    if (!is_filled) {
        fail(reading, frame->node->place, "too-big", BYTES_NONE);
        return;
    }
    frame->node->count = frame->count;
}

static void refuse_properties(struct reading *reading, const yaml_event_t *event,
                              const yaml_char_t *anchor, const yaml_char_t *tag)
{
    struct place place = place_of(event->start_mark);
    if (anchor)
        fail(reading, place, "yaml-anchor", bytes_from_text((const char *)anchor));
    else if (tag)
        fail(reading, place, "yaml-tag", bytes_from_text((const char *)tag));
}

static void begin_document(struct reading *reading, const yaml_event_t *event)
{
    struct place place = place_of(event->start_mark);
    bool has_directive = event->data.document_start.version_directive
                         || event->data.document_start.tag_directives.start
                                != event->data.document_start.tag_directives.end;
    if (++reading->documents > 1)
        fail(reading, place, "yaml-document", BYTES_NONE);
    else if (has_directive)
        fail(reading, place, "yaml-directive", BYTES_NONE);
}

static void take_event(struct reading *reading, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_STREAM_END_EVENT:
    case YAML_DOCUMENT_END_EVENT: return;
    case YAML_DOCUMENT_START_EVENT: begin_document(reading, event); return;
    case YAML_ALIAS_EVENT:
        fail(reading, place_of(event->start_mark), "yaml-alias",
             bytes_from_text((const char *)event->data.alias.anchor));
        return;
    case YAML_SCALAR_EVENT:
        refuse_properties(reading, event, event->data.scalar.anchor, event->data.scalar.tag);
        if (!reading->has_failed)
            read_scalar(reading, event);
        return;
    case YAML_SEQUENCE_START_EVENT:
        refuse_properties(reading, event, event->data.sequence_start.anchor,
                          event->data.sequence_start.tag);
        if (!reading->has_failed)
            begin_collection(reading, event, YAML_SEQUENCE);
        return;
    case YAML_MAPPING_START_EVENT:
        refuse_properties(reading, event, event->data.mapping_start.anchor,
                          event->data.mapping_start.tag);
        if (!reading->has_failed)
            begin_collection(reading, event, YAML_MAPPING);
        return;
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT: end_collection(reading); return;
    }
}

/* libyaml's problems in Chinese, and what to do about them; what is not here is shown in English.
 */
static const struct problem {
    const char *en, *zh, *hint_zh, *hint_en;
} problems[] = {
    {"mapping values are not allowed in this context", "此处不能再有冒号",
     "检查此行与上一行的缩进;含冒号的文字请加引号",
     "check the indentation here and in the line before; quote a text that holds a colon"},
    {"did not find expected key", "缩进有误,或此处应有一个键",
     "检查此行的缩进,以及上一行的引号是否成对",
     "check the indentation here, and that the quotes of the line before come in pairs"},
    {"could not find expected ':'", "键之后缺少冒号", "写成 键: 内容,冒号用半角,其后空一格",
     "write KEY: CONTENT, with a space behind the colon"},
    {"found character that cannot start any token", "此字符不能作为开头",
     "文字以 @ ` % 开头时请加引号", "quote a text that begins with @ ` %"},
    {"found unexpected end of stream", "引号没有闭合", "补上与开头相同的引号",
     "close it with the quote that it began with"},
    {"found unexpected document indicator", "引号没有闭合", "补上与开头相同的引号",
     "close it with the quote that it began with"},
    {"did not find expected ',' or ']'", "缺少逗号或右方括号",
     "各项以半角逗号分开,以 ] 结束;含 : # 或逗号的文字请加引号",
     "items are parted by commas and end with ]; quote a text that holds : # or a comma"},
    {"did not find expected ',' or '}'", "缺少逗号或右花括号",
     "各项以半角逗号分开,以 } 结束;含 : # 或逗号的文字请加引号",
     "items are parted by commas and end with }; quote a text that holds : # or a comma"},
    {"did not find expected '-' indicator", "缩进有误,或此处应有一个列表项",
     "列表的各项都以 - 开头且对齐;不是列表的不要写 -",
     "each item of a list begins with - in one column; where no list is meant, write no -"},
    {"block sequence entries are not allowed in this context", "此处不能有列表项",
     "列表另起一行,缩进后以 - 开头", "begin the list on a line of its own, indented, with -"},
    {"mapping keys are not allowed in this context", "此处不能有键", "检查缩进",
     "check the indentation"},
    {"did not find expected node content", "此处应有内容", "检查逗号和括号",
     "check commas and brackets"},
    {"did not find expected <document start>", "此处的内容不属于前面的结构", "请检查缩进",
     "check the indentation"},
    {"found unknown escape character", "引号内有未知的转义", "在单引号中 \\ 只是一个字符",
     "within single quotes \\ is a plain character"},
};

static const struct problem *find_problem(const char *text)
{
    static const struct problem other = {"not readable", "无法读懂",
                                         "检查此行与上一行的缩进、引号和括号",
                                         "check indentation, quotes and brackets here and before"};
    for (size_t i = 0; text && i < sizeof problems / sizeof problems[0]; i++) {
        if (strcmp(problems[i].en, text) == 0)
            return &problems[i];
    }
    return &other;
}

/* A line of the text, from 1, without its end. */
static struct bytes line_of(struct bytes text, uint32_t line)
{
    size_t at = 0;
    while (line > 1 && at < text.size)
        line -= text.ptr[at++] == '\n';
    size_t begin = at;
    while (at < text.size && text.ptr[at] != '\n')
        at++;
    return bytes_slice(text, begin, at - begin);
}

/* Is there a full-width or no-break space in the indentation? Its column. */
static uint32_t odd_indentation(struct bytes line)
{
    size_t at = 0;
    while (at < line.size && line.ptr[at] == ' ')
        at++;
    struct bytes rest = bytes_slice(line, at, line.size);
    bool is_odd = bytes_starts_with(rest, BYTES_LITERAL("\u3000"))
                  || bytes_starts_with(rest, BYTES_LITERAL("\u00A0"));
    return is_odd ? (uint32_t)at + 1 : 0;
}

/* The first full-width sign that a Chinese keyboard gives for one of YAML's own, before a comment.
 */
static const char *wide_sign(struct bytes line)
{
    static const char *const signs[] = {"：", "，", "｛", "｝", "［", "］",    "【",
                                        "】", "“",  "”",  "‘",  "’",  "\u3000"};
    for (size_t at = 0; at < line.size && line.ptr[at] != '#'; at++) {
        struct bytes rest = bytes_slice(line, at, line.size);
        for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++) {
            if (bytes_starts_with(rest, bytes_from_text(signs[i])))
                return signs[i];
        }
    }
    return NULL;
}

/* The line before this one takes it for its continuation where a full-width colon ends no key. */
static bool is_wide_before(struct bytes text, struct place *place)
{
    if (place->line < 2)
        return false;
    struct bytes line = line_of(text, place->line - 1);
    if (bytes_find(line, BYTES_LITERAL("：")) == SIZE_MAX
        || bytes_find(line, BYTES_LITERAL(": ")) != SIZE_MAX)
        return false;
    uint32_t column = 1;
    while (column <= line.size && line.ptr[column - 1] == ' ')
        column++;
    *place = (struct place){place->line - 1, column};
    return true;
}

static void report_problem(struct diagnostics *diagnostics, struct place place, struct bytes text,
                           const char *said)
{
    const struct problem *problem = find_problem(said);
    const char *sign = is_wide_before(text, &place) ? "：" : wide_sign(line_of(text, place.line));
    uint8_t memory[2][160];
    struct buffer zh, en;
    buffer_init(&zh, memory[0], sizeof memory[0]);
    buffer_init(&en, memory[1], sizeof memory[1]);
    if (sign) {
        buffer_put_text(&zh, "此行有全角的 ");
        buffer_put_text(&zh, sign);
        buffer_put_text(&zh, ":YAML 的冒号、逗号、括号和引号须用半角");
        buffer_put_text(&en, "this line holds a full-width ");
        buffer_put_text(&en, sign);
        buffer_put_text(&en, " : YAML takes plain colons, commas, brackets and quotes");
    } else {
        buffer_put_text(&zh, problem->hint_zh);
        buffer_put_text(&en, problem->hint_en);
    }
    diagnose(diagnostics, place, "yaml-syntax",
             (struct bytes[]){bytes_from_text(said ? said : problem->en),
                              bytes_from_text(problem->zh), buffer_bytes(&zh), buffer_bytes(&en)},
             4);
}

/* Where to mend, which is often not where libyaml notices: an open quote begins at the context, a
 * key without its colon too, and a bracket is mostly left open on the line that it stands in. */
static struct place mending_place(const struct yaml_parser_s *parser)
{
    static const char *const contexts[] = {"while scanning a quoted scalar",
                                           "while scanning a simple key"};
    for (size_t i = 0; parser->context && i < sizeof contexts / sizeof contexts[0]; i++) {
        if (strcmp(parser->context, contexts[i]) == 0)
            return place_of(parser->context_mark);
    }
    bool is_flow = parser->context && strncmp(parser->context, "while parsing a flow", 20) == 0;
    bool is_behind = parser->problem_mark.line == parser->context_mark.line + 1;
    return place_of(is_flow && is_behind ? parser->context_mark : parser->problem_mark);
}

static void report_syntax(const struct yaml_parser_s *parser, struct bytes text,
                          struct diagnostics *diagnostics)
{
    struct place place = mending_place(parser);
    if (parser->error == YAML_MEMORY_ERROR) {
        diagnose(diagnostics, place, "too-big", NULL, 0);
        return;
    }
    if (parser->error == YAML_READER_ERROR)
        place = place_at(text, parser->problem_offset);
    for (uint32_t line = place.line > 1 ? place.line - 1 : 1; line <= place.line; line++) {
        uint32_t column = odd_indentation(line_of(text, line));
        if (!column)
            continue;
        diagnose(diagnostics, (struct place){line, column}, "yaml-space", NULL, 0);
        return;
    }
    report_problem(diagnostics, place, text, parser->problem);
}

static void read_events(struct reading *reading, struct yaml_parser_s *parser, struct bytes text)
{
    for (bool is_over = false; !is_over && !reading->has_failed;) {
        yaml_event_t event;
        if (!yaml_parser_parse(parser, &event)) {
            report_syntax(parser, text, reading->diagnostics);
            reading->has_failed = true;
            return;
        }
        take_event(reading, &event);
        is_over = event.type == YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
    }
}

/* Everything that libyaml need not be asked. */
static bool check_text(struct bytes text, struct diagnostics *diagnostics)
{
    struct bytes bound = BYTES_LITERAL("65536");
    _Static_assert(DEFINITION_SIZE_MAX == 65536 && DEFINITION_DEPTH_MAX == 16, "as the texts say");
    size_t offset = 0;
    if (text.size > DEFINITION_SIZE_MAX) {
        diagnose(diagnostics, (struct place){1, 1}, "yaml-size", &bound, 1);
        return false;
    }
    const char *problem = text_problem(text, &offset);
    if (problem)
        diagnose(diagnostics, place_at(text, offset), problem, NULL, 0);
    return !problem;
}

const struct yaml_node *yaml_read(struct bytes text, struct arena *arena,
                                  struct diagnostics *diagnostics)
{
    struct bytes mark = BYTES_LITERAL("\uFEFF");
    if (bytes_starts_with(text, mark)) /* Windows editors write one */
        text = bytes_slice(text, mark.size, text.size);
    if (!check_text(text, diagnostics))
        return NULL;
    struct reading reading = {.arena = arena, .diagnostics = diagnostics};
    uint32_t error_count = diagnostics->error_count;
    struct yaml_parser_s parser;
    if (!yaml_parser_initialize(&parser)) {
        diagnose(diagnostics, (struct place){1, 1}, "too-big", NULL, 0);
        return NULL;
    }
    yaml_parser_set_input_string(&parser, text.ptr ? text.ptr : (const uint8_t *)"", text.size);
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    read_events(&reading, &parser, text);
    yaml_parser_delete(&parser);
    bool is_empty = !reading.has_failed && !reading.root;
    if (is_empty)
        diagnose(diagnostics, (struct place){1, 1}, "yaml-empty", NULL, 0);
    return diagnostics->error_count == error_count ? reading.root : NULL;
}

const struct yaml_node *yaml_get(const struct yaml_node *node, const char *key)
{
    if (!node || node->kind != YAML_MAPPING)
        return NULL;
    for (uint32_t i = 0; i < node->count; i++) {
        if (bytes_is(node->entries[i].key, key))
            return node->entries[i].value;
    }
    return NULL;
}
