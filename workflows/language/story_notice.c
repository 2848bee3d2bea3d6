/* The expectations of a story about what waits: `held`, `suspended`, and the `notices` that were
 * given since the last step that named the case. As with alerts, notices are exact. */
#include "workflows/language/story_parts.h"

enum { NOTICES_MAX = 64, WORDS_SIZE_MAX = 2048 };

static struct buffer words(const struct story_view *view)
{
    return story_words(view, WORDS_SIZE_MAX);
}

static void differ(const struct story_view *view, const struct yaml_node *node, const char *code,
                   struct bytes expected, struct bytes seen)
{
    diagnose(view->diagnostics, node->place, code, (struct bytes[]){expected, seen}, 2);
}

static void put_item(struct buffer *buffer, struct bytes word)
{
    if (buffer->used)
        buffer_put_text(buffer, ", ");
    buffer_put(buffer, word);
}

void story_expect_suspended(const struct story_view *view, const struct yaml_node *node)
{
    struct bytes seen = bytes_from_text(case_is_suspended(view->state) ? "true" : "false");
    if (story_has_kind(view, node, YAML_SCALAR, "suspended") && !bytes_equal(node->text, seen))
        differ(view, node, "story-suspended", node->text, seen);
}

void story_expect_held(const struct story_view *view, const struct yaml_node *node)
{
    if (!story_has_kind(view, node, YAML_SEQUENCE, "held"))
        return;
    struct buffer expected = words(view), seen = words(view);
    for (uint32_t i = 0; i < node->count; i++)
        put_item(&expected, node->items[i]->text);
    for (uint32_t i = 0; i < view->state->held_count; i++)
        put_item(&seen, value_get_text(&view->state->held[i], "type"));
    if (!bytes_equal(buffer_bytes(&expected), buffer_bytes(&seen)))
        differ(view, node, "story-held", buffer_bytes(&expected), buffer_bytes(&seen));
}

static uint32_t collect(const struct story_view *view, const struct fact **notices)
{
    uint32_t count = 0;
    for (uint32_t i = view->named_row; i < view->row_count; i++) {
        const struct story_row *row = &view->rows[i];
        bool is_ours = bytes_equal(row->after->id, view->case_id);
        for (uint32_t j = 0; is_ours && j < row->effects.fact_count; j++) {
            if (row->effects.facts[j].kind == FACT_NOTICE && count < NOTICES_MAX)
                notices[count++] = &row->effects.facts[j];
        }
    }
    return count;
}

/* "warning 逾期未回复 → qj-ecology, qj-joint-office" */
static struct bytes notice_seen(const struct story_view *view, const struct fact *notice)
{
    struct buffer buffer = words(view);
    buffer_put_text(&buffer, alert_level_word(notice->alert->level));
    buffer_put_text(&buffer, " ");
    buffer_put(&buffer, notice->text);
    buffer_put_text(&buffer, " → ");
    for (uint32_t i = 0; i < notice->alert->recipient_count; i++) {
        buffer_put_text(&buffer, i ? ", " : "");
        buffer_put(&buffer, notice->alert->recipients[i].unit);
    }
    return buffer_bytes(&buffer);
}

static bool names(const struct yaml_node *list, struct bytes unit)
{
    for (uint32_t i = 0; i < list->count; i++) {
        if (bytes_equal(list->items[i]->text, unit))
            return true;
    }
    return false;
}

static bool is_notice(const struct yaml_node *node, const struct fact *notice)
{
    const struct yaml_node *level = yaml_get(node, "level"), *text = yaml_get(node, "text");
    const struct yaml_node *to = yaml_get(node, "to");
    const struct alert *alert = notice->alert;
    if (level && !bytes_is(level->text, alert_level_word(alert->level)))
        return false;
    if (text && !bytes_equal(text->text, notice->text))
        return false;
    for (uint32_t i = 0; to && i < alert->recipient_count; i++) {
        if (!names(to, alert->recipients[i].unit))
            return false;
    }
    return !to || to->count == alert->recipient_count;
}

static bool has_shape(const struct story_view *view, const struct yaml_node *node)
{
    if (!story_has_kind(view, node, YAML_MAPPING, "notices"))
        return false;
    for (uint32_t i = 0; i < node->count; i++) {
        const struct yaml_entry *entry = &node->entries[i];
        struct bytes arguments[] = {entry->key, BYTES_LITERAL("level, to, text")};
        bool is_to = bytes_is(entry->key, "to");
        if (!is_to && !bytes_is(entry->key, "level") && !bytes_is(entry->key, "text")) {
            diagnose(view->diagnostics, entry->key_place, "story-key", arguments, 2);
            return false;
        }
        if (!story_has_kind(view, entry->value, is_to ? YAML_SEQUENCE : YAML_SCALAR,
                            is_to ? "to" : "level, text"))
            return false;
    }
    return true;
}

static struct bytes all_seen(const struct story_view *view, const struct fact **notices,
                             uint32_t count)
{
    struct buffer buffer = words(view);
    for (uint32_t i = 0; i < count; i++) {
        buffer_put_text(&buffer, i ? "; " : "");
        buffer_put(&buffer, notice_seen(view, notices[i]));
    }
    return count ? buffer_bytes(&buffer) : BYTES_LITERAL("none");
}

static struct bytes notice_wanted(const struct yaml_node *node)
{
    const struct yaml_node *text = yaml_get(node, "text"), *level = yaml_get(node, "level");
    return text ? text->text : level ? level->text : BYTES_LITERAL("to");
}

/* Each notice that was expected is taken out; what remains was not. */
void story_expect_notices(const struct story_view *view, const struct yaml_node *node)
{
    const struct fact **notices = arena_alloc_array(view->arena, NOTICES_MAX, sizeof *notices);
    if (!notices || !story_has_kind(view, node, YAML_SEQUENCE, "notices"))
        return;
    uint32_t count = collect(view, notices);
    for (uint32_t i = 0; i < node->count; i++) {
        uint32_t found = 0;
        if (!has_shape(view, node->items[i]))
            continue;
        while (found < count && !is_notice(node->items[i], notices[found]))
            found++;
        if (found == count)
            differ(view, node->items[i], "story-notice-missing", notice_wanted(node->items[i]),
                   all_seen(view, notices, count));
        else
            notices[found] = notices[--count];
    }
    for (uint32_t i = 0; i < count; i++)
        differ(view, node, "story-notice-extra", notice_seen(view, notices[i]), BYTES_NONE);
}
