/* What the engine sends: the events that the branches of a workflow emit. One message for each
 * type, whatever branches emit it: where they send different data, its schema is any of theirs.
 * Keys begin with a capital, which no name of the language does, so that an event that is both
 * received and emitted has two messages. */
#include "workflows/language/asyncapi_parts.h"

enum { KEYS = 12, PROPERTIES = 9 };

#define EMITTED "Emitted."

/* One `emit`, with the event whose data it may name. */
struct emission {
    const struct action *action;
    int32_t event;
};

/* A walk over all emissions of a program: what is found is counted, and given to `take`. */
struct walk {
    const struct program *program;
    struct bytes type;     /* wanted; empty: the first of each type */
    struct emission *rows; /* NULL: they are only counted */
    uint32_t count;
};

static void take(struct walk *walk, const struct action *action, int32_t event)
{
    bool is_wanted = action->kind == ACTION_EMIT
                     && (walk->type.size == 0 || bytes_equal(walk->type, action->type));
    for (uint32_t i = 0; is_wanted && walk->type.size == 0 && walk->rows && i < walk->count; i++)
        is_wanted = !bytes_equal(walk->rows[i].action->type, action->type);
    if (!is_wanted)
        return;
    if (walk->rows)
        walk->rows[walk->count] = (struct emission){action, event};
    walk->count++;
}

static void walk_branches(struct walk *walk, const struct branch *branches, uint32_t count,
                          int32_t event)
{
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t j = 0; j < branches[i].action_count; j++)
            take(walk, &branches[i].actions[j], event);
    }
}

static void walk_handlers(struct walk *walk, const struct handler *handlers, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        walk_branches(walk, handlers[i].branches, handlers[i].branch_count, handlers[i].event);
}

static void walk_all(struct walk *walk)
{
    const struct program *program = walk->program;
    walk_branches(walk, &program->start, 1, program->start_event);
    for (uint32_t i = 0; i < program->state_count; i++)
        walk_handlers(walk, program->states[i].handlers, program->states[i].handler_count);
    walk_handlers(walk, program->handlers, program->handler_count);
    for (uint32_t i = 0; i < program->clock_count; i++)
        walk_branches(walk, program->clocks[i].expire, program->clocks[i].expire_count, INDEX_NONE);
}

uint32_t doc_emitted_count(const struct program *program)
{
    struct walk walk = {.program = program};
    walk_all(&walk);
    return walk.count;
}

/* All of one type; the first of each with an empty type. */
static struct walk find(const struct program *program, struct bytes type, struct arena *arena)
{
    struct walk walk = {.program = program, .type = type};
    walk.rows = arena_alloc_array(arena, doc_emitted_count(program) + 1, sizeof *walk.rows);
    if (walk.rows) /* else the arena's flag says it */
        walk_all(&walk);
    return walk;
}

static struct title title_of(const struct program *program, const struct action *action)
{
    int32_t own = program_event(program, action->type);
    return own == INDEX_NONE ? (struct title){action->type, BYTES_NONE}
                             : program->events[own].title;
}

/* Where it comes from: events and, by the names of their clocks, expiries. */
static struct value causes(const struct walk *walk, struct arena *arena)
{
    struct doc_list list = doc_list(arena, walk->count);
    for (uint32_t i = 0; i < walk->count; i++) {
        int32_t event = walk->rows[i].event;
        struct bytes name = event == INDEX_NONE ? BYTES_NONE : walk->program->events[event].name;
        bool is_new = event != INDEX_NONE;
        for (uint32_t j = 0; is_new && j < list.count; j++)
            is_new = !bytes_equal(list.items[j].as.text, name);
        if (is_new)
            doc_add(&list, value_text(name));
    }
    return doc_listed(&list);
}

static struct value message(const struct program *program, const struct action *action,
                            struct arena *arena)
{
    struct walk walk = find(program, action->type, arena);
    struct title title = title_of(program, action);
    struct value_builder map = doc_map(arena, KEYS);
    doc_put(&map, "name", value_text(action->type));
    doc_put(&map, "title", doc_both(arena, &title));
    doc_words(&map, "description",
              action->subject ? "由流程发出,投递给另一案件,订阅者也可以收取。\n\nEmitted by the "
                                "workflow for another case; subscribers may fetch it too."
                              : "由流程发出,供订阅者收取。\n\nEmitted by the workflow for its "
                                "subscribers.");
    doc_words(&map, "contentType", "application/msgpack");
    doc_put(&map, "payload", doc_ref(arena, "#/components/schemas/" EMITTED, action->type, ""));
    if (action->subject)
        doc_put(&map, "x-subject", value_text(action->subject->source));
    if (action->workflow.size)
        doc_put(&map, "x-workflow", value_text(action->workflow));
    doc_put(&map, "x-caused-by", causes(&walk, arena));
    return value_built(&map);
}

static struct value data_of(const struct program *program, const struct emission *emission,
                            struct arena *arena)
{
    const struct action *action = emission->action;
    struct doc_scope scope = {program, emission->event};
    struct value_builder map = doc_map(arena, 4), properties = doc_map(arena, action->value_count);
    struct doc_list required = doc_list(arena, action->value_count);
    for (uint32_t i = 0; i < action->value_count; i++) {
        doc_put(&properties, doc_key(arena, "", action->values[i].name, ""),
                doc_infer(&scope, action->values[i].value, arena));
        doc_add(&required, value_text(action->values[i].name));
    }
    doc_words(&map, "type", "object");
    doc_put(&map, "properties", value_built(&properties));
    if (required.count)
        doc_put(&map, "required", doc_listed(&required));
    doc_put(&map, "additionalProperties", value_bool(false));
    return value_built(&map);
}

static struct value data_schema(const struct walk *walk, struct arena *arena)
{
    struct doc_list list = doc_list(arena, walk->count);
    struct value_builder map = doc_map(arena, 1);
    for (uint32_t i = 0; i < walk->count; i++) {
        struct value one = data_of(walk->program, &walk->rows[i], arena);
        bool is_new = true;
        for (uint32_t j = 0; is_new && j < list.count; j++)
            is_new = !value_equal(&list.items[j], &one);
        if (is_new)
            doc_add(&list, one);
    }
    if (list.count == 1)
        return list.items[0];
    doc_put(&map, "anyOf", doc_listed(&list));
    return value_built(&map);
}

/* What all of them have. */
static struct value required(const struct walk *walk, struct arena *arena)
{
    struct doc_list list = doc_list(arena, 6);
    bool has_subject = true, has_data = true;
    for (uint32_t i = 0; i < walk->count; i++) {
        has_subject = has_subject && walk->rows[i].action->subject;
        has_data = has_data && walk->rows[i].action->value_count;
    }
    doc_add(&list, value_words("id"));
    doc_add(&list, value_words("source"));
    doc_add(&list, value_words("type"));
    doc_add(&list, value_words("time"));
    if (has_subject)
        doc_add(&list, value_words("subject"));
    if (has_data)
        doc_add(&list, value_words("data"));
    return doc_listed(&list);
}

/* CloudEvents 1.0, as the engine writes it (core/case_publish.c). */
static struct value envelope(const struct program *program, const struct action *action,
                             struct arena *arena)
{
    struct walk walk = find(program, action->type, arena);
    struct title title = title_of(program, action);
    struct value_builder properties = doc_map(arena, PROPERTIES), map = doc_map(arena, 5);
    doc_put(&properties, "id",
            doc_described(arena, doc_string(arena, EVENT_ID_MAX, NULL),
                          "案件编号@日志位置.序号;重复投递时不变。 CASE@POSITION.INDEX, the same "
                          "when it is delivered again."));
    doc_put(&properties, "source",
            doc_described(arena, doc_string(arena, NAME_MAX_SIZE, DOC_UNIT_PATTERN),
                          "以其名义发布的单位。 The unit in whose name it is published."));
    doc_put(&properties, "type", doc_constant(arena, action->type));
    doc_put(&properties, "subject",
            doc_described(arena, doc_string(arena, CASE_ID_MAX, NULL),
                          "收件案件的编号。 The id of the case that it is for."));
    doc_put(&properties, "time", doc_instant(arena));
    doc_put(&properties, "role", doc_string(arena, NAME_MAX_SIZE, NULL));
    doc_put(&properties, "workflow", doc_string(arena, NAME_MAX_SIZE, NULL));
    doc_put(&properties, "data",
            doc_ref(arena, "#/components/schemas/" EMITTED, action->type, ".data"));
    doc_words(&map, "$schema", "https://json-schema.org/draft/2020-12/schema");
    doc_put(&map, "title", doc_both(arena, &title));
    doc_words(&map, "type", "object");
    doc_put(&map, "properties", value_built(&properties));
    doc_put(&map, "required", required(&walk, arena));
    return value_built(&map);
}

static struct value operation(const struct program *program, const struct action *action,
                              struct arena *arena)
{
    struct title title = title_of(program, action);
    struct value_builder map = doc_map(arena, KEYS);
    struct doc_list list = doc_list(arena, 1);
    doc_add(&list, doc_ref(arena, "#/channels/emitted/messages/", action->type, ""));
    doc_words(&map, "action", "send");
    doc_put(&map, "channel", doc_ref(arena, "#/channels/emitted", BYTES_NONE, ""));
    doc_put(&map, "title", doc_both(arena, &title));
    doc_put(&map, "messages", doc_listed(&list));
    return value_built(&map);
}

void doc_put_emitted_messages(struct value_builder *map, const struct program *program,
                              struct arena *arena)
{
    struct walk walk = find(program, BYTES_NONE, arena);
    for (uint32_t i = 0; i < walk.count; i++)
        doc_put(map, doc_key(arena, EMITTED, walk.rows[i].action->type, ""),
                message(program, walk.rows[i].action, arena));
}

void doc_put_emitted_schemas(struct value_builder *map, const struct program *program,
                             struct arena *arena)
{
    struct walk walk = find(program, BYTES_NONE, arena);
    for (uint32_t i = 0; i < walk.count; i++) {
        const struct action *action = walk.rows[i].action;
        struct walk same = find(program, action->type, arena);
        doc_put(map, doc_key(arena, EMITTED, action->type, ""), envelope(program, action, arena));
        doc_put(map, doc_key(arena, EMITTED, action->type, ".data"), data_schema(&same, arena));
    }
}

void doc_put_emitted_operations(struct value_builder *map, const struct program *program,
                                struct arena *arena)
{
    struct walk walk = find(program, BYTES_NONE, arena);
    for (uint32_t i = 0; i < walk.count; i++)
        doc_put(map, doc_key(arena, EMITTED, walk.rows[i].action->type, ""),
                operation(program, walk.rows[i].action, arena));
}

struct value doc_emitted_refs(const struct program *program, struct arena *arena)
{
    struct walk walk = find(program, BYTES_NONE, arena);
    struct value_builder map = doc_map(arena, walk.count);
    for (uint32_t i = 0; i < walk.count; i++)
        doc_put(&map, doc_key(arena, "", walk.rows[i].action->type, ""),
                doc_ref(arena, "#/components/messages/" EMITTED, walk.rows[i].action->type, ""));
    return value_built(&map);
}
