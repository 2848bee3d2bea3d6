/* Reads a story: from the YAML tree to dated steps. What the words of an expectation mean is the
 * business of story_expect.c; here only the shape is checked, so that a story with a slip is told
 * where it is before anything is played.
 *
 * - Steps stand in the order of time; an instant without a zone is in the zone that is given.
 * - Each step's event has an identity of its own unless the step gives an `id`: the same id twice
 *   is a resend. */
#include "workflows/language/story_parts.h"

#include "base/digest.h"

struct reading {
    struct arena *arena;
    struct diagnostics *diagnostics;
    int zone_minutes;
    struct bytes case_id;
};

/* A shape and how to write it, in both languages. */
struct shape {
    enum yaml_kind kind;
    const char *zh, *en;
};

static const struct shape scalar = {YAML_SCALAR, "一个词或一句话", "a word or a text"};
static const struct shape sequence = {YAML_SEQUENCE, "一个列表", "a list"};
static const struct shape mapping = {YAML_MAPPING, "“名称: 内容”", "a mapping"};

static bool has_shape(struct reading *reading, const struct yaml_node *node, const char *key,
                      struct shape shape)
{
    if (node->kind == shape.kind)
        return true;
    struct bytes arguments[] = {bytes_from_text(key), bytes_from_text(shape.zh),
                                bytes_from_text(shape.en)};
    diagnose(reading->diagnostics, node->place, "story-shape", arguments, 3);
    return false;
}

/* The text under a key; empty where there is none. */
static struct bytes text_of(struct reading *reading, const struct yaml_node *node, const char *key)
{
    const struct yaml_node *value = yaml_get(node, key);
    return value && has_shape(reading, value, key, scalar) ? value->text : BYTES_NONE;
}

static struct bytes required_text(struct reading *reading, const struct yaml_node *node,
                                  const char *key)
{
    struct bytes text = text_of(reading, node, key);
    struct bytes name = bytes_from_text(key);
    if (!text.size)
        diagnose(reading->diagnostics, node->place, "story-missing", &name, 1);
    return text;
}

static void check_keys(struct reading *reading, const struct yaml_node *node,
                       const char *const *keys, const char *all)
{
    for (uint32_t i = 0; i < node->count; i++) {
        bool is_known = false;
        for (const char *const *key = keys; *key && !is_known; key++)
            is_known = bytes_is(node->entries[i].key, *key);
        struct bytes arguments[] = {node->entries[i].key, bytes_from_text(all)};
        if (!is_known)
            diagnose(reading->diagnostics, node->entries[i].key_place, "story-key", arguments, 2);
    }
}

static void check_expect(struct reading *reading, const struct yaml_node *expect)
{
    if (!expect || !has_shape(reading, expect, "expect", mapping))
        return;
    for (uint32_t i = 0; i < expect->count; i++) {
        struct bytes arguments[] = {expect->entries[i].key, BYTES_LITERAL(STORY_EXPECT_KEYS)};
        if (!story_expect_knows(expect->entries[i].key))
            diagnose(reading->diagnostics, expect->entries[i].key_place, "story-key", arguments, 2);
    }
}

/* `2025-10-09 09:00`, or the date alone for 00:00. */
static bool read_instant(struct reading *reading, const struct yaml_node *node,
                         int64_t *ret_instant_ms)
{
    int32_t date;
    const struct yaml_node *at = yaml_get(node, "at");
    struct bytes name = BYTES_LITERAL("at");
    if (!at) {
        diagnose(reading->diagnostics, node->place, "story-missing", &name, 1);
        return false;
    }
    if (!has_shape(reading, at, "at", scalar))
        return false;
    if (date_parse(at->text, &date)) {
        *ret_instant_ms = instant_of_date(date, reading->zone_minutes);
        return true;
    }
    if (instant_parse(at->text, reading->zone_minutes, ret_instant_ms))
        return true;
    diagnose(reading->diagnostics, at->place, "story-instant", &at->text, 1);
    return false;
}

/* An id that no person would give: the step's number, with a space. */
static struct bytes step_id(struct reading *reading, uint32_t number)
{
    uint8_t memory[32];
    struct buffer buffer;
    buffer_init(&buffer, memory, sizeof memory);
    buffer_put_text(&buffer, "step ");
    buffer_put_decimal(&buffer, number);
    return arena_copy(reading->arena, buffer_bytes(&buffer));
}

static void read_event(struct reading *reading, const struct yaml_node *node, uint32_t number,
                       struct story_step *step)
{
    struct case_event *event = &step->event;
    struct bytes role = text_of(reading, node, "role");
    const struct yaml_node *data = yaml_get(node, "data");
    *event = (struct case_event){.type = text_of(reading, node, "event"),
                                 .id = text_of(reading, node, "id"),
                                 .source = required_text(reading, node, "from"),
                                 .subject = step->case_id,
                                 .time_ms = INSTANT_NONE};
    if (!event->id.size)
        event->id = step_id(reading, number);
    digest_event(event->source, event->id, event->digest);
    struct bytes *roles = arena_alloc(reading->arena, sizeof *roles);
    if (role.size && roles) {
        *roles = role;
        event->roles = roles;
        event->role_count = 1;
    }
    if (data && has_shape(reading, data, "data", mapping)) {
        step->data = data;
        event->data = yaml_to_value(data, reading->arena);
    }
}

static void check_case_id(struct reading *reading, const struct yaml_node *node, struct bytes id)
{
    struct bytes arguments[] = {BYTES_LITERAL("case"), BYTES_LITERAL("至多 96 字节的案号"),
                                BYTES_LITERAL("an id of at most 96 bytes")};
    if (id.size > CASE_ID_MAX)
        diagnose(reading->diagnostics, node->place, "story-shape", arguments, 3);
}

static void read_step(struct reading *reading, const struct yaml_node *node, uint32_t number,
                      struct story_step *step)
{
    static const char *const keys[] = {"at",   "from", "role",     "event",  "data",
                                       "case", "id",   "workflow", "expect", NULL};
    *step = (struct story_step){.place = node->place, .case_id = reading->case_id};
    if (!has_shape(reading, node, "steps", mapping))
        return;
    check_keys(reading, node, keys, "at, from, role, event, data, case, id, workflow, expect");
    struct bytes case_id = text_of(reading, node, "case");
    step->workflow = text_of(reading, node, "workflow");
    if (case_id.size)
        step->case_id = case_id;
    check_case_id(reading, node, step->case_id);
    step->has_event = yaml_get(node, "event") != NULL;
    step->expect = yaml_get(node, "expect");
    check_expect(reading, step->expect);
    (void)read_instant(reading, node, &step->at_ms); /* a slip there is diagnosed */
    if (step->has_event)
        read_event(reading, node, number, step);
}

static void check_order(struct reading *reading, const struct yaml_node *node,
                        const struct story_step *steps, uint32_t index)
{
    const struct yaml_node *at = yaml_get(node, "at");
    if (index > 0 && at && steps[index].at_ms < steps[index - 1].at_ms)
        diagnose(reading->diagnostics, at->place, "story-order", &at->text, 1);
}

static void read_steps(struct reading *reading, const struct yaml_node *root, struct story *story)
{
    const struct yaml_node *list = yaml_get(root, "steps");
    struct bytes name = BYTES_LITERAL("steps");
    if (!list || (list->kind == YAML_SEQUENCE && list->count == 0)) {
        diagnose(reading->diagnostics, root->place, "story-missing", &name, 1);
        return;
    }
    if (!has_shape(reading, list, "steps", sequence))
        return;
    uint32_t count = list->count < STORY_STEPS_MAX ? list->count : STORY_STEPS_MAX;
    struct story_step *steps = arena_alloc_array(reading->arena, count, sizeof *steps);
    for (uint32_t i = 0; steps && i < count; i++) {
        read_step(reading, list->items[i], i + 1, &steps[i]);
        check_order(reading, list->items[i], steps, i);
    }
    story->steps = steps;
    story->step_count = steps ? count : 0;
    if (count < list->count)
        diagnose(reading->diagnostics, list->items[count]->place, "too-big", NULL, 0);
}

const struct story *story_read(struct bytes text, int zone_minutes, struct arena *arena,
                               struct diagnostics *diagnostics)
{
    static const char *const keys[] = {"story",    "workflow", "directory", "policy",
                                       "calendar", "case",     "steps",     NULL};
    struct reading reading = {arena, diagnostics, zone_minutes, BYTES_NONE};
    uint32_t errors_before = diagnostics->error_count;
    const struct yaml_node *root = yaml_read(text, arena, diagnostics);
    struct story *story = arena_alloc(arena, sizeof *story);
    if (!root || !story || !has_shape(&reading, root, "story", mapping))
        return NULL;
    check_keys(&reading, root, keys, "story, workflow, directory, policy, calendar, case, steps");
    story->name = required_text(&reading, root, "story");
    story->workflow = required_text(&reading, root, "workflow");
    story->case_id = reading.case_id = required_text(&reading, root, "case");
    story->directory = text_of(&reading, root, "directory");
    story->policy = text_of(&reading, root, "policy");
    story->calendar = text_of(&reading, root, "calendar");
    read_steps(&reading, root, story);
    if (arena->is_exhausted)
        diagnose(diagnostics, root->place, "too-big", NULL, 0);
    return diagnostics->error_count == errors_before ? story : NULL;
}
