/* What a step did, copied out of the memory of its transaction: a story keeps rows, not the scratch
 * in which they were decided, which is hundreds of times as large. */
#include "workflows/language/story_parts.h"

static struct value copy_value(const struct value *value, struct arena *arena);

static struct value copy_list(const struct value *value, struct arena *arena)
{
    uint32_t count = value->as.list.count;
    struct value *items = arena_alloc_array(arena, count, sizeof *items);
    for (uint32_t i = 0; items && i < count; i++)
        items[i] = copy_value(&value->as.list.items[i], arena);
    return value_list(items, items ? count : 0);
}

static struct value copy_map(const struct value *value, struct arena *arena)
{
    uint32_t count = value->as.map.count;
    struct value_entry *entries = arena_alloc_array(arena, count, sizeof *entries);
    for (uint32_t i = 0; entries && i < count; i++) {
        const struct value_entry *entry = &value->as.map.entries[i];
        entries[i] =
            (struct value_entry){arena_copy(arena, entry->key), copy_value(&entry->value, arena)};
    }
    return value_map(entries, entries ? count : 0);
}

/* As deep as a story's text, or what its expressions built of it: both are bounded. */
static struct value copy_value(const struct value *value, struct arena *arena)
{
    struct value copy = *value;
    if (value->kind == VALUE_LIST)
        return copy_list(value, arena);
    if (value->kind == VALUE_MAP)
        return copy_map(value, arena);
    if (value->kind == VALUE_TEXT || value->kind == VALUE_UNIT)
        copy.as.text = arena_copy(arena, value->as.text);
    return copy;
}

static const struct alert *copy_alert(const struct alert *alert, struct arena *arena)
{
    struct alert *copy = arena_alloc(arena, sizeof *copy);
    struct alert_recipient *recipients =
        arena_alloc_array(arena, alert->recipient_count, sizeof *recipients);
    if (!copy || !recipients)
        return NULL;
    *copy = *alert;
    copy->recipients = recipients;
    for (uint32_t i = 0; i < alert->recipient_count; i++) {
        recipients[i] = alert->recipients[i];
        recipients[i].unit = arena_copy(arena, alert->recipients[i].unit);
        recipients[i].name = arena_copy(arena, alert->recipients[i].name);
    }
    return copy;
}

static struct fact copy_fact(const struct fact *fact, struct arena *arena)
{
    struct fact copy = *fact;
    copy.text = arena_copy(arena, fact->text);
    copy.value = copy_value(&fact->value, arena);
    if (fact->alert)
        copy.alert = copy_alert(fact->alert, arena);
    struct clock_run *run = fact->run ? arena_alloc(arena, sizeof *run) : NULL;
    if (run)
        *run = *fact->run;
    copy.run = run;
    return copy;
}

bool story_copy_effects(const struct effects *effects, struct arena *arena,
                        struct effects *ret_copy)
{
    struct fact *facts = arena_alloc_array(arena, effects->fact_count, sizeof *facts);
    for (uint32_t i = 0; facts && i < effects->fact_count; i++)
        facts[i] = copy_fact(&effects->facts[i], arena);
    *ret_copy = *effects;
    ret_copy->facts = facts;
    ret_copy->detail = arena_copy(arena, effects->detail);
    ret_copy->detail_wanted = arena_copy(arena, effects->detail_wanted);
    ret_copy->openings = NULL; /* they have become cases, or nothing */
    ret_copy->opening_count = 0;
    return !arena->is_exhausted;
}
