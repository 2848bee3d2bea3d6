/* The expectations of a story about more than one case: `subs`, the sub-cases of the step's case
 * with the state of each, and `emitted`, the events that it sent out since the last step that named
 * it. Both are exact. */
#include "workflows/language/story_parts.h"

enum { EMITTED_MAX = 256, WORDS_SIZE_MAX = 2048 };

static struct buffer words(const struct story_view *view)
{
    return story_words(view, WORDS_SIZE_MAX);
}

/* --- subs ----------------------------------------------------------------------------------- */

static const struct sub_case *find_sub(const struct case_state *state, struct bytes name)
{
    for (uint32_t i = 0; i < state->sub_count; i++) {
        if (bytes_equal(state->subs[i].name, name))
            return &state->subs[i];
    }
    return NULL;
}

/* PARENT/NAME */
static bool is_id_of(struct bytes id, struct bytes parent, struct bytes name)
{
    return id.size == parent.size + 1 + name.size && bytes_equal(case_parent_id(id), parent)
           && bytes_ends_with(id, name);
}

/* The name of the state that it is in. */
static struct bytes state_of_sub(const struct story_view *view, struct bytes name)
{
    for (uint32_t i = 0; i < view->case_count; i++) {
        const struct played_case *played = &view->cases[i];
        if (played->actor && is_id_of(played->id, view->case_id, name))
            return played->actor->program->states[played->state.state].name;
    }
    return BYTES_LITERAL("none");
}

static struct bytes subs_seen(const struct story_view *view)
{
    struct buffer buffer = words(view);
    for (uint32_t i = 0; i < view->state->sub_count; i++) {
        struct bytes name = view->state->subs[i].name;
        buffer_put_text(&buffer, i ? ", " : "");
        buffer_put(&buffer, name);
        buffer_put_text(&buffer, ": ");
        buffer_put(&buffer, state_of_sub(view, name));
    }
    return view->state->sub_count ? buffer_bytes(&buffer) : BYTES_LITERAL("none");
}

static void expect_sub(const struct story_view *view, const struct yaml_entry *entry)
{
    struct bytes missing[] = {entry->key, subs_seen(view)};
    if (!story_has_kind(view, entry->value, YAML_SCALAR, "subs"))
        return;
    if (!find_sub(view->state, entry->key)) {
        diagnose(view->diagnostics, entry->key_place, "story-sub-missing", missing, 2);
        return;
    }
    struct bytes seen = state_of_sub(view, entry->key);
    struct bytes arguments[] = {entry->key, entry->value->text, seen};
    if (!bytes_equal(entry->value->text, seen))
        diagnose(view->diagnostics, entry->value->place, "story-sub", arguments, 3);
}

static bool has_entry(const struct yaml_node *node, struct bytes key)
{
    for (uint32_t i = 0; i < node->count; i++) {
        if (bytes_equal(node->entries[i].key, key))
            return true;
    }
    return false;
}

void story_expect_subs(const struct story_view *view, const struct yaml_node *node)
{
    if (!story_has_kind(view, node, YAML_MAPPING, "subs"))
        return;
    for (uint32_t i = 0; i < node->count; i++)
        expect_sub(view, &node->entries[i]);
    for (uint32_t i = 0; i < view->state->sub_count; i++) {
        struct bytes name = view->state->subs[i].name;
        struct bytes arguments[] = {name, state_of_sub(view, name)};
        if (!has_entry(node, name))
            diagnose(view->diagnostics, node->place, "story-sub-extra", arguments, 2);
    }
}

/* --- emitted -------------------------------------------------------------------------------- */

static uint32_t collect(const struct story_view *view, struct bytes *types)
{
    uint32_t count = 0;
    for (uint32_t i = view->named_row; i < view->row_count; i++) {
        const struct story_row *row = &view->rows[i];
        bool is_ours = bytes_equal(row->after->id, view->case_id);
        for (uint32_t j = 0; is_ours && j < row->effects.fact_count; j++) {
            if (row->effects.facts[j].kind == FACT_EMITTED && count < EMITTED_MAX)
                types[count++] = row->effects.facts[j].text;
        }
    }
    return count;
}

static struct bytes types_seen(const struct story_view *view, const struct bytes *types,
                               uint32_t count)
{
    struct buffer buffer = words(view);
    for (uint32_t i = 0; i < count; i++) {
        buffer_put_text(&buffer, i ? ", " : "");
        buffer_put(&buffer, types[i]);
    }
    return count ? buffer_bytes(&buffer) : BYTES_LITERAL("none");
}

/* Each type that was expected is taken out; what remains was not. */
void story_expect_emitted(const struct story_view *view, const struct yaml_node *node)
{
    struct bytes *types = arena_alloc_array(view->arena, EMITTED_MAX, sizeof *types);
    if (!types || !story_has_kind(view, node, YAML_SEQUENCE, "emitted"))
        return;
    uint32_t count = collect(view, types);
    struct bytes all = types_seen(view, types, count);
    for (uint32_t i = 0; i < node->count; i++) {
        const struct yaml_node *item = node->items[i];
        uint32_t found = 0;
        if (!story_has_kind(view, item, YAML_SCALAR, "emitted"))
            continue;
        while (found < count && !bytes_equal(types[found], item->text))
            found++;
        if (found == count)
            diagnose(view->diagnostics, item->place, "story-emitted-missing",
                     (struct bytes[]){item->text, all}, 2);
        else
            types[found] = types[--count];
    }
    for (uint32_t i = 0; i < count; i++)
        diagnose(view->diagnostics, node->place, "story-emitted-extra", &types[i], 1);
}
