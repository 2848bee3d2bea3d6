/* The policy: when reminders go out, to whom, and how far back a legal date may lie
 * (LANGUAGE §4). */
#include "base/buffer.h"
#include "workflows/language/definition.h"
#include "workflows/language/expression.h"
#include "workflows/language/keys.h"
#include "workflows/language/policy_draft.h"
#include "workflows/language/tell.h"

#include <stdlib.h>

enum { ALERT_HOUR_DEFAULT = 9, BACKDATE_DEFAULT = 30 };

static const struct key policy_keys[] = {
    KEY("policy", SHAPE_SCALAR | SHAPE_REQUIRED),
    KEY("version", SHAPE_SCALAR),
    KEY("title", SHAPE_SCALAR | SHAPE_MAP),
    KEY("alert-hour", SHAPE_SCALAR),
    KEY("backdate", SHAPE_SCALAR),
    KEY("ladders", SHAPE_MAP | SHAPE_REQUIRED),
};

static const struct key rung_keys[] = {
    KEY("at", SHAPE_SCALAR | SHAPE_REQUIRED),
    KEY("level", SHAPE_SCALAR | SHAPE_REQUIRED),
    KEY("tell", SHAPE_SCALAR | SHAPE_LIST | SHAPE_REQUIRED),
    KEY("ack-within", SHAPE_SCALAR),
    KEY("else-tell", SHAPE_SCALAR | SHAPE_LIST),
    KEY("repeat", SHAPE_SCALAR),
    KEY("open", SHAPE_MAP),
};

struct policy_reading {
    struct sheet sheet;
    const struct definition_context *context; /* no directory: names but `who` are parties */
};

/* "N unit" where N may be 0: the last day itself. */
static bool parse_distance(struct bytes text, struct period *ret_period)
{
    uint8_t memory[32];
    struct buffer buffer;
    if (!bytes_starts_with(text, BYTES_LITERAL("0 ")))
        return period_parse(text, ret_period);
    buffer_init(&buffer, memory, sizeof memory);
    buffer_put_text(&buffer, "1 ");
    buffer_put(&buffer, bytes_slice(text, 2, text.size));
    bool is_good = !buffer.is_full && period_parse(buffer_bytes(&buffer), ret_period);
    if (is_good)
        ret_period->amount = 0;
    return is_good;
}

/* `due`, `due - N unit`, `due + N unit`. */
static bool parse_at(struct bytes text, struct rung *rung)
{
    struct bytes before = BYTES_LITERAL("due - ");
    struct period period;
    rung->unit = PERIOD_UNTIL;
    if (bytes_is(text, "due"))
        return true;
    rung->is_before = bytes_starts_with(text, before);
    if (!rung->is_before && !bytes_starts_with(text, BYTES_LITERAL("due + ")))
        return false;
    if (!parse_distance(bytes_slice(text, before.size, text.size), &period))
        return false;
    rung->amount = period.amount;
    rung->unit = period.unit;
    bool is_unit = period.unit != PERIOD_UNTIL && period.unit != PERIOD_YEARS;
    return is_unit && (period.amount > 0 || (rung->is_before && period.unit == PERIOD_DAYS));
}

static void read_plain_period(const struct policy_reading *reading, const struct yaml_node *node,
                              struct period *ret_period)
{
    if (!node)
        return;
    bool is_good = period_parse(node->text, ret_period) && ret_period->unit != PERIOD_UNTIL;
    if (!is_good)
        sheet_report(&reading->sheet, node->place, "bad-period", node->text);
}

static void read_rung(const struct policy_reading *reading, const struct yaml_node *node,
                      struct rung *rung)
{
    const struct sheet *sheet = &reading->sheet;
    unsigned one_or_many = SHAPE_SCALAR | SHAPE_LIST;
    struct tell_scope scope = {.directory = reading->context->directory};
    if (!sheet_keys(sheet, node, rung_keys, KEY_COUNT(rung_keys)))
        return;
    const struct yaml_node *at = sheet_get(node, "at", SHAPE_SCALAR);
    const struct yaml_node *else_tell = sheet_get(node, "else-tell", one_or_many);
    if (at && !parse_at(at->text, rung))
        sheet_report(sheet, at->place, "bad-rung", at->text);
    rung->level = tell_level(sheet, sheet_get(node, "level", SHAPE_SCALAR));
    rung->tell = tell_list(sheet, &scope, sheet_get(node, "tell", one_or_many), &rung->tell_count);
    rung->else_tell = tell_list(sheet, &scope, else_tell, &rung->else_tell_count);
    read_plain_period(reading, sheet_get(node, "ack-within", SHAPE_SCALAR), &rung->ack_within);
    read_plain_period(reading, sheet_get(node, "repeat", SHAPE_SCALAR), &rung->repeat);
    if (else_tell && !yaml_get(node, "ack-within"))
        sheet_report(sheet, else_tell->place, "missing-key", BYTES_LITERAL("ack-within"));
    rung->draft = policy_draft(sheet, reading->context, sheet_get(node, "open", SHAPE_MAP));
}

static void read_ladder(const struct policy_reading *reading, const struct yaml_entry *entry,
                        struct ladder *ladder)
{
    const struct yaml_node *node = entry->value;
    ladder->name = sheet_name(&reading->sheet, entry->key, entry->key_place, NAME_PLAIN);
    if (!sheet_shape(&reading->sheet, node, SHAPE_LIST))
        return;
    uint32_t count = sheet_bound(&reading->sheet, node, node->count, LADDER_RUNGS_MAX, "ladders");
    struct rung *rungs = sheet_rows(&reading->sheet, count, sizeof *rungs);
    if (!rungs)
        return;
    for (uint32_t i = 0; i < count; i++)
        read_rung(reading, node->items[i], &rungs[i]);
    ladder->rungs = rungs;
    ladder->rung_count = count;
}

static int compare_ladders(const void *left, const void *right)
{
    return bytes_compare(((const struct ladder *)left)->name, ((const struct ladder *)right)->name);
}

static void read_ladders(const struct policy_reading *reading, const struct yaml_node *nodes,
                         struct policy *policy)
{
    struct ladder *ladders =
        nodes ? sheet_rows(&reading->sheet, nodes->count, sizeof *ladders) : NULL;
    if (!ladders)
        return;
    for (uint32_t i = 0; i < nodes->count; i++)
        read_ladder(reading, &nodes->entries[i], &ladders[i]);
    qsort(ladders, nodes->count, sizeof *ladders, compare_ladders);
    policy->ladders = ladders;
    policy->ladder_count = nodes->count;
}

static int32_t read_backdate(const struct policy_reading *reading, const struct yaml_node *node)
{
    struct period period;
    if (!node)
        return BACKDATE_DEFAULT;
    if (period_parse(node->text, &period) && period.unit == PERIOD_DAYS)
        return period.amount;
    sheet_report(&reading->sheet, node->place, "bad-period", node->text);
    return BACKDATE_DEFAULT;
}

static void read_policy(const struct policy_reading *reading, const struct yaml_node *root,
                        struct policy *policy)
{
    const struct sheet *sheet = &reading->sheet;
    const struct yaml_node *id = sheet_get(root, "policy", SHAPE_SCALAR);
    const struct yaml_node *version = sheet_get(root, "version", SHAPE_SCALAR);
    const struct yaml_node *hour = sheet_get(root, "alert-hour", SHAPE_SCALAR);
    if (id)
        policy->id = sheet_name(sheet, id->text, id->place, NAME_PLAIN);
    policy->version = version ? (uint32_t)sheet_whole(sheet, version, 1, INT32_MAX) : 0;
    policy->alert_hour = hour ? (uint8_t)sheet_whole(sheet, hour, 0, 23) : ALERT_HOUR_DEFAULT;
    policy->backdate_days = read_backdate(reading, sheet_get(root, "backdate", SHAPE_SCALAR));
    read_ladders(reading, sheet_get(root, "ladders", SHAPE_MAP), policy);
}

const struct policy *definition_policy(struct bytes text, const struct directory *directory,
                                       struct arena *arena, struct diagnostics *diagnostics)
{
    struct definition_context context = {.directory = directory};
    return definition_policy_within(text, &context, arena, diagnostics);
}

const struct policy *definition_policy_within(struct bytes text,
                                              const struct definition_context *context,
                                              struct arena *arena, struct diagnostics *diagnostics)
{
    static const struct definition_context nothing = {0};
    struct policy_reading reading = {{arena, diagnostics}, context ? context : &nothing};
    struct sheet_watch watch = sheet_begin(&reading.sheet);
    struct policy *policy = sheet_rows(&reading.sheet, 1, sizeof *policy);
    const struct yaml_node *root = yaml_read(text, arena, diagnostics);
    bool is_read =
        policy && root && sheet_keys(&reading.sheet, root, policy_keys, KEY_COUNT(policy_keys));
    if (is_read)
        read_policy(&reading, root, policy);
    return sheet_finish(&reading.sheet, watch) && is_read ? policy : NULL;
}
