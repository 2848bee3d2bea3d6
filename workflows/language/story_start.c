/* Which workflow a starting event opens, as a worker finds it among what is deployed (LANGUAGE §1:
 * the newest version in effect on the event's legal date); here among the cast. And what a step
 * writes as data, typed by the declaration that it meets there. */
#include "workflows/language/story_parts.h"

static struct value typed_value(const struct yaml_node *node, const struct data_type *type,
                                struct arena *arena);

static struct value typed_map(const struct yaml_node *node, const struct field *fields,
                              uint32_t field_count, struct arena *arena)
{
    struct value map = yaml_to_value(node, arena);
    struct value_entry *entries = arena_alloc_array(arena, node->count, sizeof *entries);
    for (uint32_t i = 0; entries && i < node->count; i++) {
        entries[i] = map.as.map.entries[i];
        for (uint32_t j = 0; j < field_count; j++) {
            if (bytes_equal(fields[j].name, node->entries[i].key))
                entries[i].value = typed_value(node->entries[i].value, &fields[j].type, arena);
        }
    }
    return entries ? value_map(entries, node->count) : map;
}

/* LANGUAGE §6: every scalar is text, typed by its declaration. So `document: 2025` is text where
 * a text is declared; where a number is, what looks like one is one. */
static struct value typed_value(const struct yaml_node *node, const struct data_type *type,
                                struct arena *arena)
{
    bool is_number = type->kind == TYPE_BOOL || type->kind == TYPE_INT || type->kind == TYPE_DOUBLE;
    if (node->kind == YAML_SCALAR)
        return is_number ? yaml_to_value(node, arena) : value_text(node->text);
    if (node->kind == YAML_MAPPING && type->kind == TYPE_RECORD)
        return typed_map(node, type->fields, type->field_count, arena);
    struct value list = yaml_to_value(node, arena);
    if (node->kind != YAML_SEQUENCE || type->kind != TYPE_LIST || !type->of)
        return list;
    struct value *items = arena_alloc_array(arena, node->count, sizeof *items);
    for (uint32_t i = 0; items && i < node->count; i++)
        items[i] = typed_value(node->items[i], type->of, arena);
    return items ? value_list(items, node->count) : list;
}

struct case_event story_event_for(const struct program *program, const struct case_event *event,
                                  const struct yaml_node *data, struct arena *arena)
{
    struct case_event typed = *event;
    int32_t index = program_event(program, event->type);
    if (data && index != INDEX_NONE) {
        const struct event_type *type = &program->events[index];
        typed.data = typed_map(data, type->fields, type->field_count, arena);
    }
    return typed;
}

enum story_start story_start(const struct player *player, const struct case_event *event,
                             const struct yaml_node *data, struct bytes workflow, int64_t now_ms,
                             const struct story_actor **ret_actor)
{
    const struct story_actor *found = NULL;
    bool is_known = false;
    for (uint32_t i = 0; i < player->cast->count; i++) {
        const struct story_actor *actor = &player->cast->actors[i];
        const struct program *program = actor->program;
        if (!program_starts_with(program, event->type, workflow))
            continue;
        struct case_event typed = story_event_for(program, event, data, player->arena);
        is_known = true;
        if (!event_may_start(program, &actor->rules, &typed, now_ms, player->arena))
            continue;
        if (found && !bytes_equal(found->program->id, program->id))
            return STORY_START_AMBIGUOUS;
        if (!found || program->version > found->program->version)
            found = actor;
    }
    *ret_actor = found;
    return found ? STORY_START_FOUND : is_known ? STORY_START_LATER : STORY_START_NONE;
}

const struct story_actor *story_effective(const struct story_cast *cast, struct bytes workflow,
                                          int32_t date)
{
    const struct story_actor *found = NULL;
    for (uint32_t i = 0; i < cast->count; i++) {
        const struct program *program = cast->actors[i].program;
        bool is_ours = bytes_equal(program->id, workflow) && program_is_effective(program, date);
        if (is_ours && (!found || program->version > found->program->version))
            found = &cast->actors[i];
    }
    return found;
}
