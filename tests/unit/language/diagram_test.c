/* Goal: a diagram that people can read: nothing overlaps, no line runs through a box or along
 * another, each clock stands where it runs, and the same definition gives the same bytes. Method:
 * boxes, labels and lines of the layout compared pair by pair, for what is shipped, for small
 * definitions, and for the largest that the language allows. */
#include "workflows/language/diagram_model.h"

#include "workflows/language/definition.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ITEMS_MAX = 8192, WIDTH_BOUND = 4000 };

struct bench {
    uint8_t *definition_block, *block, *text;
    struct arena definition_arena, arena;
    struct buffer buffer;
};

static struct bench bench;

static int set_up(void **state)
{
    (void)state;
    bench.definition_block = malloc(DEFINITION_ARENA_SIZE);
    bench.block = malloc(DIAGRAM_ARENA_SIZE);
    bench.text = malloc(DIAGRAM_TEXT_SIZE);
    if (!bench.definition_block || !bench.block || !bench.text)
        return -1;
    arena_init(&bench.definition_arena, bench.definition_block, DEFINITION_ARENA_SIZE);
    arena_init(&bench.arena, bench.block, DIAGRAM_ARENA_SIZE);
    buffer_init(&bench.buffer, bench.text, DIAGRAM_TEXT_SIZE);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    free(bench.definition_block);
    free(bench.block);
    free(bench.text);
    return 0;
}

static struct bytes read_file(const char *name, uint8_t *memory, size_t size)
{
    char path[1024];
    assert_true(snprintf(path, sizeof path, "%s/%s", LIANDONG_SOURCE, name) > 0);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t used = fread(memory, 1, size, file);
    (void)fclose(file); /* only read */
    assert_true(used > 0 && used < size);
    return (struct bytes){memory, used};
}

static const struct program *compile(struct bytes text)
{
    static const struct definition_context alone;
    struct diagnostics *diagnostics = arena_alloc(&bench.definition_arena, sizeof *diagnostics);
    diagnostics_init(diagnostics, &bench.definition_arena, BYTES_LITERAL("test"));
    const struct program *program =
        definition_workflow(text, &alone, &bench.definition_arena, diagnostics);
    for (uint32_t i = 0; !program && i < diagnostics->count; i++)
        print_message("%u: %.*s\n", diagnostics->rows[i].place.line,
                      BYTES_PRINTF(diagnostics->rows[i].en));
    assert_non_null(program);
    return program;
}

static const struct program *compile_file(const char *name)
{
    static uint8_t memory[DEFINITION_SIZE_MAX + 1];
    return compile(read_file(name, memory, sizeof memory));
}

/* A rectangle; of a line's piece, one without area. */
struct box {
    int32_t left, top, right, bottom;
    uint32_t owner; /* the edge of a label or of a piece; UINT32_MAX: a node */
};

static bool is_overlapping(const struct box *one, const struct box *two)
{
    return one->left < two->right && two->left < one->right && one->top < two->bottom
           && two->top < one->bottom;
}

static uint32_t boxes_of(const struct layout *layout, struct box *boxes)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < layout->node_count; i++) {
        const struct layout_node *node = &layout->nodes[i];
        boxes[count++] = (struct box){node->x, node->y, node->x + node->width,
                                      node->y + node->height, UINT32_MAX};
    }
    for (uint32_t i = 0; i < layout->edge_count; i++) {
        const struct layout_edge *edge = &layout->edges[i];
        if (edge->is_drawn)
            boxes[count++] =
                (struct box){edge->label_x, edge->label_y, edge->label_x + edge->label_width,
                             edge->label_y + edge->label_height, i};
    }
    assert_true(count <= ITEMS_MAX);
    return count;
}

static int32_t least(int32_t one, int32_t two)
{
    return one < two ? one : two;
}

static uint32_t pieces_of(const struct layout *layout, struct box *pieces)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < layout->edge_count; i++) {
        const struct layout_edge *edge = &layout->edges[i];
        for (uint32_t at = 1; edge->is_drawn && at < edge->point_count; at++) {
            struct layout_point from = edge->points[at - 1], to = edge->points[at];
            struct box piece = {least(from.x, to.x), least(from.y, to.y), 0, 0, i};
            piece.right = from.x + to.x - piece.left;
            piece.bottom = from.y + to.y - piece.top;
            assert_true(count < ITEMS_MAX);
            pieces[count++] = piece;
        }
    }
    return count;
}

/* Pieces are widened by half a pixel's worth at each side, so that a line upon a line is seen. */
static bool is_along(const struct box *one, const struct box *two)
{
    bool is_upright = one->left == one->right && two->left == two->right;
    bool is_level = one->top == one->bottom && two->top == two->bottom;
    if (is_upright)
        return abs(one->left - two->left) < 3 && one->top < two->bottom && two->top < one->bottom;
    return is_level && abs(one->top - two->top) < 3 && one->left < two->right
           && two->left < one->right;
}

static void check_clear(const struct layout *layout)
{
    static struct box boxes[ITEMS_MAX], pieces[ITEMS_MAX];
    uint32_t box_count = boxes_of(layout, boxes), piece_count = pieces_of(layout, pieces);
    for (uint32_t i = 0; i < box_count; i++) {
        assert_true(boxes[i].left >= LAYOUT_MARGIN && boxes[i].top >= LAYOUT_MARGIN);
        assert_true(boxes[i].right <= layout->width - LAYOUT_MARGIN);
        assert_true(boxes[i].bottom <= layout->height - LAYOUT_MARGIN);
        for (uint32_t j = i + 1; j < box_count; j++)
            assert_false(is_overlapping(&boxes[i], &boxes[j]));
        for (uint32_t j = 0; j < piece_count; j++) {
            if (boxes[i].owner != pieces[j].owner)
                assert_false(is_overlapping(&boxes[i], &pieces[j]));
        }
    }
    for (uint32_t i = 0; i < piece_count; i++) {
        for (uint32_t j = i + 1; j < piece_count; j++) {
            if (pieces[i].owner != pieces[j].owner)
                assert_false(is_along(&pieces[i], &pieces[j]));
        }
    }
}

/* Every line begins at its source, ends at its target and passes its label. */
static void check_ends(const struct layout *layout)
{
    for (uint32_t i = 0; i < layout->edge_count; i++) {
        const struct layout_edge *edge = &layout->edges[i];
        if (!edge->is_drawn)
            continue;
        const struct layout_node *from = &layout->nodes[edge->from];
        const struct layout_node *to = &layout->nodes[edge->to];
        struct layout_point first = edge->points[0], last = edge->points[edge->point_count - 1];
        assert_int_equal(first.y, edge->is_back ? from->y : from->y + from->height);
        assert_int_equal(last.y, edge->is_back ? to->y + to->height : to->y);
        assert_in_range(first.x, from->x, from->x + from->width);
        assert_in_range(last.x, to->x, to->x + to->width);
        bool is_labelled = false;
        for (uint32_t at = 1; at < edge->point_count; at++) {
            struct layout_point begin = edge->points[at - 1], end = edge->points[at];
            is_labelled |=
                begin.x == end.x && begin.x >= edge->label_x
                && begin.x <= edge->label_x + edge->label_width
                && least(begin.y, end.y) <= edge->label_y
                && begin.y + end.y - least(begin.y, end.y) >= edge->label_y + edge->label_height;
        }
        assert_true(is_labelled);
    }
}

static void check_layout(const struct program *program, bool is_zh, bool is_all_drawn)
{
    struct diagram diagram;
    arena_clear(&bench.arena);
    assert_true(diagram_build(&diagram, program, is_zh, &bench.arena));
    check_clear(&diagram.layout);
    check_ends(&diagram.layout);
    assert_true(diagram.layout.width <= WIDTH_BOUND);
    for (uint32_t i = 0; is_all_drawn && i < diagram.layout.edge_count; i++)
        assert_true(diagram.layout.edges[i].is_drawn);
}

static void diagram_of_shipped_workflow_has_no_overlap(void **state)
{
    (void)state;
    const struct program *program =
        compile_file("workflows/catalog/administrative-public-interest.yaml");
    check_layout(program, true, true);
    check_layout(program, false, true);
}

static void diagram_of_small_workflow_has_no_overlap(void **state)
{
    (void)state;
    const struct program *program = compile_file("tests/unit/core/case.yaml");
    check_layout(program, true, true);
    check_layout(program, false, true);
}

static void put(const char *text)
{
    buffer_put_text(&bench.buffer, text);
}

static void put_numbered(const char *before, uint32_t number, const char *after)
{
    put(before);
    buffer_put_decimal(&bench.buffer, number);
    put(after);
}

/* Every bound of the language at once: as many moves as its text holds, from all to all. */
static struct bytes largest_definition(void)
{
    enum { MOVES = 34 };
    put("workflow: largest\nversion: 1\ntitle: 最大\ncalendar: cn\n"
        "parties:\n  a: {title: 甲, kind: agency}\nevents:\n");
    for (uint32_t i = 0; i < PROGRAM_EVENTS_MAX; i++)
        put_numbered("  e", i, ": {from: [agency]}\n");
    put("start: {event: e0, to: s0, bind: {a: event.sender}}\nstates:\n");
    for (uint32_t i = 0; i + 1 < PROGRAM_STATES_MAX; i++) {
        put_numbered("  s", i, ":\n    title: 状态\n    no-clock: 无\n    when:\n");
        for (uint32_t j = 1; j < MOVES; j++) {
            put_numbered("      e", (i * 5 + j) % PROGRAM_EVENTS_MAX, ": {to: s");
            put_numbered("", (i + j * j) % PROGRAM_STATES_MAX, "}\n");
        }
    }
    put_numbered("  s", PROGRAM_STATES_MAX - 1, ": {title: 办结, end: true}\n");
    assert_true(bench.buffer.used <= DEFINITION_SIZE_MAX);
    return arena_copy(&bench.definition_arena, buffer_bytes(&bench.buffer));
}

static void largest_diagram_is_bounded_and_says_what_it_does_not_draw(void **state)
{
    (void)state;
    struct diagram diagram;
    const struct program *program = compile(largest_definition());
    check_layout(program, true, false);
    arena_clear(&bench.arena);
    buffer_clear(&bench.buffer);
    assert_true(diagram_build(&diagram, program, true, &bench.arena));
    uint32_t undrawn = 0;
    for (uint32_t i = 0; i < diagram.layout.edge_count; i++)
        undrawn += !diagram.layout.edges[i].is_drawn;
    assert_true(undrawn > 0);
    diagram_svg(&diagram, &bench.buffer);
    assert_false(bench.buffer.is_full);
    for (uint32_t i = 0; i < diagram.move_count; i++) {
        const struct diagram_move *move = &diagram.moves[i];
        bool is_said = false;
        if (diagram.layout.edges[move->edge].is_drawn)
            continue;
        bool is_headed = false;
        for (const struct diagram_line *line = diagram.nodes[move->from].box.first; line;
             is_headed |= bytes_is(line->text, "转到其他状态，线未画出"), line = line->next)
            is_said |=
                is_headed && bytes_starts_with(line->text, program->events[move->event].name);
        assert_true(is_said);
    }
}

/* Plain graphs, as a seed in a linear congruence gives them: none is too odd for the layout. */
static void any_graph_has_no_overlap(void **state)
{
    enum { NODES = 24, EDGES = 60, GRAPHS = 300 };
    (void)state;
    uint32_t seed = 20250101;
    for (int graph = 0; graph < GRAPHS; graph++) {
        struct layout_node nodes[NODES] = {0};
        struct layout_edge edges[EDGES] = {0};
        struct layout layout = {&bench.arena, nodes, NODES, edges, EDGES, 0, 0, 0};
        arena_clear(&bench.arena);
        for (uint32_t i = 0; i < NODES; i++) {
            seed = seed * 1664525 + 1013904223;
            nodes[i].width = 160 + (int32_t)(seed >> 24);
            nodes[i].height = 20 + (int32_t)(seed >> 25);
        }
        for (uint32_t i = 0; i < EDGES; i++) {
            seed = seed * 1664525 + 1013904223;
            edges[i].from = (seed >> 8) % NODES;
            edges[i].to = (edges[i].from + 1 + (seed >> 16) % (NODES - 1)) % NODES;
            edges[i].label_width = 30 + (int32_t)(seed >> 25);
            edges[i].label_height = 20 + (int32_t)(seed >> 28);
        }
        assert_true(layout_rank(&layout));
        assert_true(layout_place(&layout));
        check_clear(&layout);
        check_ends(&layout);
    }
}

static uint64_t states_named(const struct program *program, const char *const *names)
{
    uint64_t states = 0;
    for (; *names; names++) {
        int32_t state = program_state(program, bytes_from_text(*names));
        assert_true(state >= 0);
        states |= UINT64_C(1) << state;
    }
    return states;
}

static void clock_runs_from_its_event_to_its_end(void **state)
{
    (void)state;
    struct diagram diagram;
    static const char *const reply[] = {"awaiting-reply", NULL};
    static const char *const prosecute[] = {"follow-up", "prosecute-review", "suspended", NULL};
    static const char *const investigate[] = {"filed", "consulting", NULL};
    static const char *const appear[] = {"litigation", "judged", NULL};
    const struct program *program =
        compile_file("workflows/catalog/administrative-public-interest.yaml");
    assert_true(diagram_model(&diagram, program, true, &bench.arena));
    static const struct {
        const char *clock;
        const char *const *states;
    } rows[] = {{"reply", reply},
                {"prosecute", prosecute},
                {"investigate", investigate},
                {"appear", appear}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int32_t clock = program_clock(program, bytes_from_text(rows[i].clock));
        assert_true(clock >= 0);
        assert_true(diagram.runs[clock] == states_named(program, rows[i].states));
    }
    assert_true(diagram_starts_anywhere(
        &diagram, (uint32_t)program_clock(program, BYTES_LITERAL("recusal"))));
}

/* As the command finds it beside the drawn one. */
static bool find_title(void *finder, struct bytes workflow, struct title *ret_title)
{
    (void)finder;
    *ret_title = (struct title){BYTES_LITERAL("整改事项"), BYTES_LITERAL("Item of rectification")};
    return bytes_is(workflow, "rectification-item");
}

static void check_golden(const char *source, const char *name, enum diagram_format format,
                         bool is_zh)
{
    static uint8_t wanted[1 << 17];
    const struct program *program = compile_file(source);
    arena_clear(&bench.arena);
    buffer_clear(&bench.buffer);
    struct diagram_request request = {format, is_zh, find_title, NULL};
    assert_int_equal(diagram_write_family(program, &request, &bench.arena, &bench.buffer), LD_OK);
    struct bytes text = read_file(name, wanted, sizeof wanted);
    if (!bytes_equal(text, buffer_bytes(&bench.buffer)))
        print_message("%s: look at the new picture, then write it there with "
                      "`liandong workflow diagram %s`\n",
                      name, source);
    assert_true(bytes_equal(text, buffer_bytes(&bench.buffer)));
}

static void diagram_of_small_workflow_is_the_golden_one(void **state)
{
    (void)state;
    static const char source[] = "tests/unit/core/case.yaml";
    check_golden(source, "tests/golden/diagram/case-zh.svg", DIAGRAM_SVG, true);
    check_golden(source, "tests/golden/diagram/case-en.svg", DIAGRAM_SVG, false);
    check_golden(source, "tests/golden/diagram/case-zh.dot", DIAGRAM_DOT, true);
    check_golden(source, "tests/golden/diagram/case-zh.mermaid", DIAGRAM_MERMAID, true);
}

static const char resolution[] = "tests/unit/language/family/resolution.yaml";
static const char item[] = "tests/unit/language/family/rectification-item.yaml";

static void diagram_of_a_family_is_the_golden_one(void **state)
{
    (void)state;
    check_golden(resolution, "tests/golden/diagram/resolution-zh.svg", DIAGRAM_SVG, true);
    check_golden(resolution, "tests/golden/diagram/resolution-en.svg", DIAGRAM_SVG, false);
    check_golden(resolution, "tests/golden/diagram/resolution-zh.dot", DIAGRAM_DOT, true);
    check_golden(resolution, "tests/golden/diagram/resolution-zh.mermaid", DIAGRAM_MERMAID, true);
    check_golden(item, "tests/golden/diagram/rectification-item-zh.svg", DIAGRAM_SVG, true);
}

static void diagram_of_a_family_has_no_overlap(void **state)
{
    (void)state;
    const struct program *programs[] = {compile_file(resolution), compile_file(item)};
    for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++) {
        check_layout(programs[i], true, true);
        check_layout(programs[i], false, true);
    }
}

static void full_arena_and_full_buffer_are_said(void **state)
{
    (void)state;
    const struct program *program = compile_file("tests/unit/core/case.yaml");
    struct buffer small;
    buffer_init(&small, bench.text, 100);
    assert_int_equal(diagram_write(program, DIAGRAM_SVG, true, &bench.arena, &small), LD_FULL);
    for (size_t size = 1000; size < 300000; size = size * 5 / 4) {
        struct arena arena;
        arena_init(&arena, bench.block, size);
        buffer_clear(&bench.buffer);
        enum ld_err err = diagram_write(program, DIAGRAM_SVG, true, &arena, &bench.buffer);
        assert_true(err == LD_FULL || err == LD_OK);
        assert_true(err == LD_OK || size < 200000);
    }
}

static void long_words_are_cut_and_numbers_keep_their_unit(void **state)
{
    (void)state;
    struct diagram diagram;
    struct diagram_box box = {0};
    const struct program *program = compile_file("tests/unit/core/case.yaml");
    assert_true(diagram_model(&diagram, program, true, &bench.arena));
    for (int i = 0; i < 100; i++)
        buffer_put_text(&diagram.text, "W");
    assert_non_null(box_add(&diagram, &box, LINE_EVENT, BOX_TEXT_WIDTH));
    assert_true(box.width <= BOX_TEXT_WIDTH);
    buffer_put_text(&diagram.text, "最长期限为十二个月以后再加上2\u00a0个月");
    struct diagram_line *line = box_add(&diagram, &box, LINE_EVENT, 12 * 16);
    assert_non_null(line->next);
    assert_true(bytes_is(line->next->text, "2\u00a0个月"));
    buffer_put_text(&diagram.text, "期限还要再加上十五\u00a0个工作日");
    line = box_add(&diagram, &box, LINE_EVENT, 12 * 13);
    assert_non_null(line->next);
    assert_true(bytes_ends_with(line->next->text, BYTES_LITERAL("十五\u00a0个工作日"))
                || bytes_is(line->next->text, "五\u00a0个工作日"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(diagram_of_shipped_workflow_has_no_overlap),
        TEST(diagram_of_small_workflow_has_no_overlap),
        TEST(largest_diagram_is_bounded_and_says_what_it_does_not_draw),
        TEST(any_graph_has_no_overlap),
        TEST(clock_runs_from_its_event_to_its_end),
        TEST(diagram_of_small_workflow_is_the_golden_one),
        TEST(diagram_of_a_family_is_the_golden_one),
        TEST(diagram_of_a_family_has_no_overlap),
        TEST(full_arena_and_full_buffer_are_said),
        TEST(long_words_are_cut_and_numbers_keep_their_unit),
    };
#undef TEST
    return cmocka_run_group_tests(tests, NULL, NULL);
}
