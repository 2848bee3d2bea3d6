/* A family of cases: sub-cases opened by a list and one by one, refused openings, joining,
 * suspension and closing that go down, nested ones, drafts of a ladder's rung, emitted events. The
 * room is a list of cases in memory; whatever it keeps must make the same cases again from facts
 * alone. The definitions are compiled by the real language library. */
#include "workflows/core/family.h"

#include "workflows/language/definition.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

enum { CASES_MAX = 400, PROGRAMS = 3, KEPT_MAX = 1024 };

static const char directory_text[] =
    "directory: city\nzone: \"+08:00\"\nroles: {joint-office: office, convener: mayor}\nunits:\n"
    "  - {id: ecology, kind: agency, title: 生态环境局, supervisor: government}\n"
    "  - {id: land, kind: agency, title: 自然资源局, supervisor: government}\n"
    "  - {id: government, kind: government, title: 政府办公室}\n"
    "  - {id: office, kind: joint-office, title: 联席办}\n"
    "  - {id: mayor, kind: government, title: 召集人}\n";
static const char policy_text[] =
    "policy: standard\nalert-hour: 9\nbackdate: 30 days\nladders:\n  standard:\n"
    "    - {at: due, level: overdue, tell: [who]}\n"
    "    - {at: due + 3 working days, level: escalated, tell: [joint-office], open: {workflow: "
    "sheet, parties: {signer: convener, addressee: who}, set: {about: title, due_on: due}}}\n";
static const char calendar_text[] =
    "calendar: cn\nversion: 1\nzone: \"+08:00\"\nyears:\n  2025:\n    basis: 国办发明电〔2024〕12 "
    "号\n"
    "    off: [2025-10-01..2025-10-08]\n    work: [2025-09-28, 2025-10-11]\n";

struct held {
    const struct program *program;
    struct case_state state, replica;
    bool is_kept;
};

struct kept {
    struct bytes id;
    enum input_kind kind;
};

struct world {
    void *block;
    struct arena arena;
    struct rules rules;
    const struct program *programs[PROGRAMS];
    struct held cases[CASES_MAX];
    uint32_t case_count;
    struct kept kept[KEPT_MAX]; /* since the last publish */
    uint32_t kept_count;
    uint32_t keeps_left; /* then there is no room */
    struct fact facts[EFFECTS_MAX];
    struct effects effects;
    uint32_t event_number;
    uint32_t hops; /* of the next event */
    uint64_t position;
    const struct alert *alert;
    struct value emitted; /* of the last FACT_EMITTED kept */
    struct bytes emitted_type, problem;
    uint32_t problem_count;
};

static struct world *world_of(void **state)
{
    return *state;
}

static struct bytes id_of(const char *id)
{
    return bytes_from_text(id);
}

static struct held *held_of(struct world *world, struct bytes id)
{
    for (uint32_t i = 0; i < world->case_count; i++) {
        if (world->cases[i].is_kept && bytes_equal(world->cases[i].state.id, id))
            return &world->cases[i];
    }
    return NULL;
}

/* --- the room -------------------------------------------------------------------------------- */

static struct family_member member_of(struct world *world, struct held *held)
{
    return (struct family_member){held->program, &world->rules, &held->state};
}

static enum ld_err room_find(void *context, struct bytes id, struct family_member *ret_member)
{
    struct world *world = context;
    struct held *held = held_of(world, id);
    if (!held)
        return LD_NOT_FOUND;
    *ret_member = member_of(world, held);
    return LD_OK;
}

static struct held *add_case(struct world *world, const struct program *program, struct bytes id)
{
    assert_true(world->case_count < CASES_MAX);
    struct held *held = &world->cases[world->case_count++];
    *held = (struct held){.program = program};
    assert_int_equal(case_init(&held->state, program, id, &world->arena), LD_OK);
    assert_int_equal(case_init(&held->replica, program, id, &world->arena), LD_OK);
    return held;
}

static enum ld_err room_blank(void *context, struct bytes workflow, int32_t date, struct bytes id,
                              struct family_member *ret_member)
{
    struct world *world = context;
    assert_true(date > 0);
    if (held_of(world, id))
        return LD_EXISTS;
    for (int i = 0; i < PROGRAMS; i++) {
        if (!bytes_equal(world->programs[i]->id, workflow))
            continue;
        *ret_member = member_of(world, add_case(world, world->programs[i], id));
        return LD_OK;
    }
    return LD_NOT_FOUND;
}

static void look_at(struct world *world, const struct effects *effects)
{
    for (uint32_t i = 0; i < effects->fact_count; i++) {
        const struct fact *fact = &effects->facts[i];
        if (fact->kind == FACT_PROBLEM) {
            world->problem = fact->text;
            world->problem_count++;
        }
        if (fact->kind == FACT_EMITTED) {
            world->emitted = fact->value;
            world->emitted_type = fact->text;
        }
    }
}

static enum ld_err room_keep(void *context, struct family_member *member,
                             const struct case_input *input, const struct effects *effects)
{
    struct world *world = context;
    struct held *held = (struct held *)((char *)member->state - offsetof(struct held, state));
    if (world->keeps_left-- == 0)
        return LD_FULL;
    assert_true(effects->fact_count > 0);
    struct case_mark mark = {.position = ++world->position,
                             .is_event = input->kind == INPUT_EVENT,
                             .fate = effects->fate,
                             .now_ms = input->now_ms};
    memcpy(mark.digest, input->event.digest, EVENT_DIGEST_SIZE);
    struct case_state *both[] = {&held->state, &held->replica};
    for (int i = 0; i < 2; i++) {
        assert_int_equal(case_apply(held->program, both[i], effects->facts, effects->fact_count,
                                    &mark, &world->arena),
                         LD_OK);
        case_check(held->program, both[i]);
    }
    held->is_kept = true;
    look_at(world, effects);
    world->kept[world->kept_count++] = (struct kept){held->state.id, input->kind};
    return LD_OK;
}

/* --- the fixture ----------------------------------------------------------------------------- */

static struct bytes read_file(const char *path, struct arena *arena)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    uint8_t *text = arena_alloc(arena, DEFINITION_SIZE_MAX);
    size_t size = fread(text, 1, DEFINITION_SIZE_MAX, file);
    (void)fclose(file);
    return (struct bytes){text, size};
}

static const struct program *load_program(struct world *world, const char *path,
                                          struct diagnostics *found)
{
    struct definition_context context = {.calendar = world->rules.calendar,
                                         .policy = world->rules.policy,
                                         .directory = world->rules.directory};
    const struct program *program =
        definition_workflow(read_file(path, &world->arena), &context, &world->arena, found);
    for (uint32_t i = 0; !program && i < found->count; i++)
        print_error("%s %u:%u %s %.*s\n", path, found->rows[i].place.line,
                    found->rows[i].place.column, found->rows[i].code,
                    BYTES_PRINTF(found->rows[i].en));
    assert_non_null(program);
    return program;
}

static int set_up(void **state)
{
    enum { BLOCK_SIZE = 256 << 20 };
    struct world *world = calloc(1, sizeof *world);
    world->block = malloc(BLOCK_SIZE);
    struct arena *arena = &world->arena;
    arena_init(arena, world->block, BLOCK_SIZE);
    struct diagnostics *found = arena_alloc(arena, sizeof *found);
    diagnostics_init(found, arena, BYTES_LITERAL("test"));
    world->rules.calendar = definition_calendar(bytes_from_text(calendar_text), arena, found);
    world->rules.directory = definition_directory(bytes_from_text(directory_text), arena, found);
    world->rules.policy =
        definition_policy(bytes_from_text(policy_text), world->rules.directory, arena, found);
    assert_non_null(world->rules.policy);
    const char *folder = LIANDONG_SOURCE "/tests/unit/core/";
    const char *names[PROGRAMS] = {"family_meeting.yaml", "family_item.yaml", "family_draft.yaml"};
    for (int i = 0; i < PROGRAMS; i++) {
        char path[512];
        (void)snprintf(path, sizeof path, "%s%s", folder, names[i]);
        world->programs[i] = load_program(world, path, found);
    }
    world->keeps_left = UINT32_MAX;
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    free(world_of(state)->block);
    free(*state);
    return 0;
}

static int64_t at(const char *text)
{
    int64_t instant_ms = 0;
    assert_true(instant_parse(bytes_from_text(text), 480, &instant_ms));
    return instant_ms;
}

static enum ld_err step(struct world *world, struct held *held, const struct case_input *input)
{
    struct family_room room = {.context = world,
                               .arena = &world->arena,
                               .facts = world->facts,
                               .find = room_find,
                               .blank = room_blank,
                               .keep = room_keep};
    struct family_member root = member_of(world, held);
    return family_step(&room, &root, input, &world->effects);
}

/* The case whose instant comes first, at or before one. */
static struct held *next_due(struct world *world, int64_t until_ms, int64_t *ret_ms)
{
    struct held *first = NULL;
    for (uint32_t i = 0; i < world->case_count; i++) {
        struct held *held = &world->cases[i];
        if (!held->is_kept)
            continue;
        int64_t next_ms = case_next_ms(held->program, &world->rules, &held->state);
        bool is_due = next_ms != INSTANT_NONE && next_ms <= until_ms;
        if (is_due && (!first || next_ms < *ret_ms)) {
            first = held;
            *ret_ms = next_ms;
        }
    }
    return first;
}

static void pass(struct world *world, const char *until)
{
    int64_t now_ms = 0;
    for (struct held *held = next_due(world, at(until), &now_ms); held;
         held = next_due(world, at(until), &now_ms)) {
        struct case_input input = {.kind = INPUT_TIME, .now_ms = now_ms};
        assert_int_equal(step(world, held, &input), LD_OK);
    }
}

static enum ld_err send(struct world *world, const char *when, const char *source, const char *type,
                        const char *subject, struct value data)
{
    static const struct bytes head = BYTES_LITERAL("head");
    struct case_input input = {.kind = INPUT_EVENT, .now_ms = at(when)};
    pass(world, when);
    world->kept_count = 0;
    world->problem = BYTES_NONE;
    world->event_number++;
    input.event = (struct case_event){.id = BYTES_LITERAL("e"),
                                      .source = bytes_from_text(source),
                                      .type = bytes_from_text(type),
                                      .subject = id_of(subject),
                                      .time_ms = INSTANT_NONE,
                                      .roles = &head,
                                      .role_count = 1,
                                      .data = data,
                                      .hops = world->hops};
    memcpy(input.event.digest, &world->event_number, sizeof world->event_number);
    struct held *held = held_of(world, id_of(subject));
    if (!held)
        held = add_case(world, world->programs[0], id_of(subject));
    return step(world, held, &input);
}

static enum refusal publish(struct world *world, const char *when, const char *source,
                            const char *type, const char *subject, struct value data)
{
    assert_int_equal(send(world, when, source, type, subject, data), LD_OK);
    return world->effects.refusal;
}

/* --- data ------------------------------------------------------------------------------------ */

struct row {
    const char *name, *unit, *due_on;
};

static struct value items(struct world *world, const struct row *rows, uint32_t count)
{
    struct value *list = arena_alloc_array(&world->arena, count, sizeof *list);
    for (uint32_t i = 0; i < count; i++) {
        struct value_entry *entries = arena_alloc_array(&world->arena, 3, sizeof *entries);
        struct value_builder builder = {entries, 3, 0};
        value_put(&builder, "name", value_words(rows[i].name));
        value_put(&builder, "unit", value_words(rows[i].unit));
        value_put(&builder, "due_on", value_words(rows[i].due_on));
        list[i] = value_built(&builder);
    }
    struct value_entry *entry = arena_alloc(&world->arena, sizeof *entry);
    *entry = (struct value_entry){BYTES_LITERAL("items"), value_list(list, count)};
    return value_map(entry, 1);
}

static struct value pair(struct world *world, const char *key, const char *text, const char *key2,
                         const char *text2)
{
    struct value_entry *entries = arena_alloc_array(&world->arena, 2, sizeof *entries);
    struct value_builder builder = {entries, 2, 0};
    value_put(&builder, key, value_words(text));
    value_put(&builder, key2, value_words(text2));
    return value_built(&builder);
}

static const struct row two[] = {{"a", "ecology", "2025-10-20"}, {"b", "land", "2025-11-20"}};

static void start_two(struct world *world)
{
    assert_int_equal(
        publish(world, "2025-09-01 10:00", "office", "resolved", "M", items(world, two, 2)),
        REFUSAL_NONE);
}

static void assert_state(struct world *world, const char *id, const char *state)
{
    const struct held *held = held_of(world, id_of(id));
    assert_non_null(held);
    struct bytes name = held->program->states[held->state.state].name;
    if (!bytes_is(name, state))
        fail_msg("%s is in %.*s and not in %s", id, BYTES_PRINTF(name), state);
    assert_true(bytes_equal(name, held->program->states[held->replica.state].name));
    assert_int_equal(held->state.sub_count, held->replica.sub_count);
}

static void assert_clock(struct world *world, const char *id, enum clock_status status)
{
    assert_int_equal(held_of(world, id_of(id))->state.clocks[0].status, status);
}

/* --- opening --------------------------------------------------------------------------------- */

static void test_a_list_opens_a_sub_case_for_each_element(void **state)
{
    struct world *world = world_of(state);
    start_two(world);
    assert_int_equal(world->effects.fate, FATE_STARTED);
    assert_int_equal(world->kept_count, 3);
    assert_true(bytes_is(world->kept[0].id, "M"));
    assert_true(bytes_is(world->kept[1].id, "M/a"));
    assert_int_equal(world->kept[2].kind, INPUT_OPEN);
    const struct case_state *parent = &held_of(world, id_of("M"))->state;
    assert_int_equal(parent->sub_count, 2);
    assert_true(bytes_is(parent->subs[1].name, "b") && parent->subs[1].closes);
    assert_true(bytes_is(parent->subs[1].workflow, "item"));
    const struct case_state *sub = &held_of(world, id_of("M/b"))->state;
    assert_true(bytes_is(sub->parties[0].as.text, "land"));
    assert_int_equal(sub->clocks[0].due.due_ms, at("2025-11-21 00:00"));
    assert_int_equal(sub->opened_ms, parent->opened_ms);
}

static void test_one_impossible_sub_case_refuses_the_event(void **state)
{
    struct world *world = world_of(state);
    const struct {
        struct row row;
        const char *wanted;
    } bad[] = {
        {{"a", "land", "2025-11-20"}, "used"},
        {{"b/c", "land", "2025-11-20"}, "name"},
        {{"", "land", "2025-11-20"}, "name"},
        {{"b\n", "land", "2025-11-20"}, "name"},
        {{"b\xc2\x85", "land", "2025-11-20"}, "name"}, /* NEL: no event could name it */
        {{"b", "government", "2025-11-20"}, "bad-data: lead"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct row rows[] = {two[0], bad[i].row};
        assert_int_equal(
            publish(world, "2025-09-01 10:00", "office", "resolved", "M", items(world, rows, 2)),
            REFUSAL_SUB_CASE);
        assert_true(bytes_is(world->effects.detail_wanted, bad[i].wanted));
        assert_int_equal(world->effects.fact_count, 0);
        assert_int_equal(world->kept_count, 0);
        assert_null(held_of(world, id_of("M/a")));
    }
}

static void test_a_sub_case_is_opened_by_its_parent_alone(void **state)
{
    struct world *world = world_of(state);
    assert_int_equal(
        publish(world, "2025-09-01 10:00", "office", "resolved", "M/x", items(world, two, 2)),
        REFUSAL_UNKNOWN_CASE);
    start_two(world);
    assert_int_equal(
        publish(world, "2025-09-02 10:00", "office", "resolved", "M/x", items(world, two, 2)),
        REFUSAL_UNKNOWN_CASE);
}

static void test_more_sub_cases_than_a_case_can_have(void **state)
{
    struct world *world = world_of(state);
    struct row rows[CASE_SUBS_MAX + 1];
    char names[CASE_SUBS_MAX + 1][16];
    for (int i = 0; i <= CASE_SUBS_MAX; i++) {
        (void)snprintf(names[i], sizeof names[i], "n%d", i);
        rows[i] = (struct row){names[i], "land", "2025-11-20"};
    }
    assert_int_equal(publish(world, "2025-09-01 10:00", "office", "resolved", "M",
                             items(world, rows, CASE_SUBS_MAX + 1)),
                     REFUSAL_SUB_CASE);
    assert_true(bytes_is(world->effects.detail_wanted, "too many"));
    assert_int_equal(publish(world, "2025-09-01 10:00", "office", "resolved", "M",
                             items(world, rows, CASE_SUBS_MAX)),
                     REFUSAL_NONE);
    assert_int_equal(held_of(world, id_of("M"))->state.sub_count, CASE_SUBS_MAX);
    /* and all of them close with it */
    assert_int_equal(publish(world, "2025-09-02 10:00", "office", "dropped", "M", VALUE_ABSENT),
                     REFUSAL_NONE);
    assert_state(world, "M/n127", "withdrawn");
}

static void test_no_room_is_said_and_not_decided(void **state)
{
    struct world *world = world_of(state);
    world->keeps_left = 2;
    assert_int_equal(
        send(world, "2025-09-01 10:00", "office", "resolved", "M", items(world, two, 2)), LD_FULL);
}

/* --- joining --------------------------------------------------------------------------------- */

static void test_the_last_to_close_tells_the_parent(void **state)
{
    struct world *world = world_of(state);
    start_two(world);
    assert_int_equal(publish(world, "2025-09-02 10:00", "ecology", "done", "M/a", VALUE_ABSENT),
                     REFUSAL_NONE);
    assert_int_equal(world->kept_count, 2); /* the parent's list changes */
    assert_state(world, "M", "carrying-out");
    const struct case_state *parent = &held_of(world, id_of("M"))->state;
    assert_false(parent->subs[0].is_open);
    assert_true(bytes_is(parent->subs[0].outcome, "done"));
    publish(world, "2025-09-03 10:00", "land", "done", "M/b", VALUE_ABSENT);
    assert_state(world, "M", "reviewing");
    assert_clock(world, "M", CLOCK_MET);
    assert_int_equal(world->kept[1].kind, INPUT_JOIN);
    /* nobody may say so himself */
    assert_int_equal(
        publish(world, "2025-09-04 10:00", "office", "sub-cases.closed", "M", VALUE_ABSENT),
        REFUSAL_WRONG_SENDER);
}

static void test_joining_waits_until_the_parent_is_resumed(void **state)
{
    struct world *world = world_of(state);
    start_two(world);
    publish(world, "2025-09-02 09:00", "ecology", "done", "M/a", VALUE_ABSENT);
    publish(world, "2025-09-02 10:00", "land", "done", "M/b", VALUE_ABSENT);
    publish(world, "2025-09-02 11:00", "office", "added", "M",
            pair(world, "name", "-", "unit", "land"));
    assert_state(world, "M/item-1", "pending"); /* one that goes on while its parent stands */
    publish(world, "2025-09-03 10:00", "office", "halted", "M", VALUE_ABSENT);
    assert_int_equal(publish(world, "2025-09-04 10:00", "land", "done", "M/item-1", VALUE_ABSENT),
                     REFUSAL_NONE);
    assert_state(world, "M", "carrying-out");
    assert_int_equal(held_of(world, id_of("M"))->state.held_count, 1);
    publish(world, "2025-09-05 10:00", "office", "resumed", "M", VALUE_ABSENT);
    pass(world, "2025-09-05 10:00");
    assert_state(world, "M", "reviewing");
    assert_int_equal(held_of(world, id_of("M"))->state.held_count, 0);
}

static void test_a_new_sub_case_of_a_suspended_parent(void **state)
{
    struct world *world = world_of(state);
    start_two(world);
    publish(world, "2025-09-02 09:00", "ecology", "done", "M/a", VALUE_ABSENT);
    publish(world, "2025-09-02 10:00", "office", "halted", "M", VALUE_ABSENT);
    assert_int_equal(publish(world, "2025-09-03 10:00", "land", "done", "M/b", VALUE_ABSENT),
                     REFUSAL_SUSPENDED);
    publish(world, "2025-09-04 10:00", "office", "added", "M",
            pair(world, "name", "c", "unit", "land"));
    assert_state(world, "M/c", "pending");
    assert_clock(world, "M/c", CLOCK_PAUSED); /* opened while its parent is suspended */
    publish(world, "2025-09-05 10:00", "office", "resumed", "M", VALUE_ABSENT);
    assert_clock(world, "M/c", CLOCK_RUNNING);
    publish(world, "2025-09-06 10:00", "land", "done", "M/b", VALUE_ABSENT);
    publish(world, "2025-09-06 11:00", "land", "done", "M/c", VALUE_ABSENT);
    assert_state(world, "M", "reviewing");
}

/* --- suspension and closing ------------------------------------------------------------------ */

static void test_suspension_goes_down_and_its_own_stays(void **state)
{
    struct world *world = world_of(state);
    start_two(world);
    publish(world, "2025-09-02 09:00", "ecology", "paused", "M/a", VALUE_ABSENT);
    publish(world, "2025-09-02 10:00", "office", "halted", "M", VALUE_ABSENT);
    assert_clock(world, "M/a", CLOCK_PAUSED);
    assert_clock(world, "M/b", CLOCK_PAUSED);
    publish(world, "2025-09-12 10:00", "office", "resumed", "M", VALUE_ABSENT);
    assert_clock(world, "M/a", CLOCK_PAUSED);
    assert_clock(world, "M/b", CLOCK_RUNNING);
    publish(world, "2025-09-13 10:00", "ecology", "unpaused", "M/a", VALUE_ABSENT);
    assert_clock(world, "M/a", CLOCK_RUNNING);
    const struct clock_run *run = &held_of(world, id_of("M/a"))->state.clocks[0];
    assert_int_equal(run->stop_count, 1); /* one pause, whatever the reasons */
}

static void test_closing_goes_down_to_those_that_close_with_it(void **state)
{
    struct world *world = world_of(state);
    start_two(world);
    publish(world, "2025-09-02 10:00", "office", "added", "M",
            pair(world, "name", "c", "unit", "land"));
    publish(world, "2025-09-03 10:00", "ecology", "passed-on", "M/a",
            pair(world, "unit", "land", "due_on", "2025-10-10"));
    assert_state(world, "M/a/part-land", "pending");
    publish(world, "2025-09-04 10:00", "office", "dropped", "M", VALUE_ABSENT);
    assert_state(world, "M/a", "withdrawn");
    assert_state(world, "M/a/part-land", "withdrawn");
    assert_clock(world, "M/a", CLOCK_CANCELLED); /* nobody met it by that */
    assert_state(world, "M/c", "pending");       /* it does not close with its parent */
    assert_true(bytes_is(held_of(world, id_of("M/b"))->state.outcome, "with-parent"));
    const struct case_state *parent = &held_of(world, id_of("M"))->state;
    assert_true(bytes_is(parent->subs[0].outcome, "with-parent") && parent->subs[2].is_open);
    publish(world, "2025-09-05 10:00", "land", "done", "M/c", VALUE_ABSENT);
    assert_false(parent->subs[2].is_open);
    assert_state(world, "M", "closed");
}

static void test_sub_cases_are_nested_to_a_bound(void **state)
{
    struct world *world = world_of(state);
    const char *ids[] = {"M/a", "M/a/part-ecology", "M/a/part-ecology/part-ecology",
                         "M/a/part-ecology/part-ecology/part-ecology"};
    start_two(world);
    for (int i = 0; i < CASE_DEPTH_MAX; i++) {
        enum refusal refusal = publish(world, "2025-09-03 10:00", "ecology", "passed-on", ids[i],
                                       pair(world, "unit", "ecology", "due_on", "2025-10-10"));
        assert_int_equal(refusal, i < CASE_DEPTH_MAX - 1 ? REFUSAL_NONE : REFUSAL_SUB_CASE);
    }
    assert_true(bytes_is(world->effects.detail_wanted, "too deep"));
}

/* --- drafts and emitted events --------------------------------------------------------------- */

static void test_a_rung_opens_a_draft(void **state)
{
    struct world *world = world_of(state);
    start_two(world);
    pass(world, "2025-10-23 10:00"); /* due on Monday 10-20, the third working day after it */
    const struct held *sheet = held_of(world, id_of("M/a/sheet-1"));
    assert_non_null(sheet);
    assert_true(bytes_is(sheet->state.parties[0].as.text, "mayor"));
    assert_true(bytes_is(sheet->state.parties[1].as.text, "ecology"));
    assert_true(bytes_is(sheet->state.fields[0].as.text, "限期落实"));
    int32_t due_on = 0;
    assert_true(date_parse(BYTES_LITERAL("2025-10-20"), &due_on));
    assert_int_equal(sheet->state.fields[1].as.date, due_on);
    assert_state(world, "M/a/sheet-1", "draft");
}

static void test_what_time_cannot_open_is_a_problem(void **state)
{
    struct world *world = world_of(state);
    start_two(world);
    world->programs[2] = world->programs[1]; /* there is no such workflow any more */
    pass(world, "2025-10-23 10:00");
    assert_true(bytes_is(world->problem, "M/a/sheet-1: no such workflow"));
    assert_int_equal(held_of(world, id_of("M/a"))->state.sub_count, 0);
}

static void test_a_list_ends_with_its_first_trouble(void **state)
{
    struct world *world = world_of(state);
    start_two(world);
    world->problem_count = 0;
    pass(world, "2025-11-01 00:00");
    assert_state(world, "M/late", "pending"); /* what came before the trouble stands */
    assert_null(held_of(world, id_of("M/after")));
    assert_true(bytes_is(world->problem, "a/b: name"));
    assert_int_equal(world->problem_count, 1);
}

static void test_an_event_is_emitted_with_its_cause(void **state)
{
    struct world *world = world_of(state);
    start_two(world);
    publish(world, "2025-09-02 10:00", "office", "reported", "M",
            pair(world, "text", "进展", "on", "2025-09-01"));
    assert_true(bytes_is(world->emitted_type, "report.public"));
    assert_null(value_get(&world->emitted, "subject"));
    publish(world, "2025-09-02 11:00", "ecology", "done", "M/a", VALUE_ABSENT);
    publish(world, "2025-09-02 12:00", "office", "reported", "M",
            pair(world, "text", "进展", "on", "2025-09-01"));
    assert_true(bytes_is(value_get_text(&world->emitted, "subject"), "M-R"));
    assert_true(bytes_is(value_get_text(&world->emitted, "source"), "office"));
    assert_true(bytes_is(value_get_text(&world->emitted, "role"), "head"));
    const struct value *data = value_get(&world->emitted, "data");
    assert_true(bytes_is(value_get_text(data, "on"), "2025-09-01"));
    assert_true(bytes_is(value_get_text(data, "by"), "office"));
    assert_int_equal(value_get_int(data, "open", -1), 1);
}

/* Two cases that answer each other come to an end, and stay able to take what people send. */
static void test_emitted_events_follow_each_other_to_a_bound(void **state)
{
    struct world *world = world_of(state);
    struct value data = pair(world, "text", "进展", "on", "2025-09-01");
    start_two(world);
    publish(world, "2025-09-02 11:00", "ecology", "done", "M/a", VALUE_ABSENT);
    publish(world, "2025-09-02 12:00", "office", "reported", "M", data);
    assert_null(value_get(&world->emitted, "hops"));
    world->hops = EMIT_HOPS_MAX - 1;
    publish(world, "2025-09-02 12:01", "office", "reported", "M", data);
    assert_int_equal(value_get_int(&world->emitted, "hops", 0), EMIT_HOPS_MAX);
    world->hops = EMIT_HOPS_MAX;
    assert_int_equal(publish(world, "2025-09-02 12:02", "office", "reported", "M", data),
                     REFUSAL_LIMIT);
    assert_true(bytes_is(world->effects.detail, "report.received"));
    assert_true(bytes_is(world->effects.detail_wanted, "hops"));
    world->hops = 0;
    assert_int_equal(publish(world, "2025-09-02 12:03", "office", "reported", "M", data),
                     REFUSAL_NONE);
}

static void test_a_subject_that_no_event_can_name_is_refused(void **state)
{
    struct world *world = world_of(state);
    struct value data = pair(world, "text", "进展", "on", "2025-09-01");
    struct held *held;
    start_two(world);
    publish(world, "2025-09-02 11:00", "ecology", "done", "M/a", VALUE_ABSENT);
    held = held_of(world, id_of("M"));
    held->state.id = id_of("/M"); /* the subject is made of it */
    struct case_input input = {.kind = INPUT_EVENT, .now_ms = at("2025-09-02 12:00")};
    input.event = (struct case_event){.source = BYTES_LITERAL("office"),
                                      .type = BYTES_LITERAL("reported"),
                                      .time_ms = INSTANT_NONE,
                                      .digest = {77},
                                      .roles = &(struct bytes)BYTES_LITERAL("head"),
                                      .role_count = 1,
                                      .data = data};
    assert_int_equal(step(world, held, &input), LD_OK);
    assert_int_equal(world->effects.refusal, REFUSAL_EXPRESSION);
    assert_true(bytes_is(world->effects.detail_wanted, "subject"));
}

/* What they count goes along through parents and sub-cases, or these would make a loop endless. */
static void test_a_family_hands_on_what_led_to_it(void **state)
{
    struct world *world = world_of(state);
    start_two(world);
    publish(world, "2025-09-02 11:00", "ecology", "done", "M/a", VALUE_ABSENT);
    world->hops = EMIT_HOPS_MAX - 1;
    publish(world, "2025-09-02 11:01", "land", "done", "M/b", VALUE_ABSENT);
    assert_int_equal(world->kept_count, 2);
    assert_true(bytes_is(world->emitted_type, "meeting.joined"));
    assert_int_equal(value_get_int(&world->emitted, "hops", 0), EMIT_HOPS_MAX);
}

static void test_a_reason_is_told_in_words(void **state)
{
    struct bytes rest;
    (void)state;
    assert_string_equal(reason_words(BYTES_LITERAL("used"), &rest)->zh, "名称已用过");
    assert_int_equal(rest.size, 0);
    assert_string_equal(reason_words(BYTES_LITERAL("missing-data: due_on"), &rest)->word,
                        "missing-data");
    assert_true(bytes_is(rest, "due_on"));
    assert_null(reason_words(BYTES_NONE, &rest));
    assert_null(reason_words(BYTES_LITERAL("agency, town"), &rest));
    assert_true(refusal_has_reason(BYTES_LITERAL("sub-case")));
    assert_false(refusal_has_reason(BYTES_LITERAL("wrong-sender")));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_list_opens_a_sub_case_for_each_element),
        TEST(test_one_impossible_sub_case_refuses_the_event),
        TEST(test_a_sub_case_is_opened_by_its_parent_alone),
        TEST(test_more_sub_cases_than_a_case_can_have),
        TEST(test_no_room_is_said_and_not_decided),
        TEST(test_the_last_to_close_tells_the_parent),
        TEST(test_joining_waits_until_the_parent_is_resumed),
        TEST(test_a_new_sub_case_of_a_suspended_parent),
        TEST(test_suspension_goes_down_and_its_own_stays),
        TEST(test_closing_goes_down_to_those_that_close_with_it),
        TEST(test_sub_cases_are_nested_to_a_bound),
        TEST(test_a_rung_opens_a_draft),
        TEST(test_what_time_cannot_open_is_a_problem),
        TEST(test_a_list_ends_with_its_first_trouble),
        TEST(test_an_event_is_emitted_with_its_cause),
        TEST(test_emitted_events_follow_each_other_to_a_bound),
        TEST(test_a_family_hands_on_what_led_to_it),
        TEST(test_a_subject_that_no_event_can_name_is_refused),
        cmocka_unit_test(test_a_reason_is_told_in_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
