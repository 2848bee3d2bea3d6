/* `open` of a rung: a sub-case that is a draft, its parties named as `tell` names people, its
 * fields filled with what there is to say of the clock. A policy serves many workflows: it names no
 * field and no event of theirs, and what is written in a draft beyond that is for the person to
 * write. */
#include "workflows/language/policy_draft.h"

#include "workflows/language/definition_target.h"
#include "workflows/language/expression_parts.h"
#include "workflows/language/tell.h"

static const struct key draft_keys[] = {
    KEY("workflow", SHAPE_SCALAR | SHAPE_REQUIRED),
    KEY("parties", SHAPE_MAP),
    KEY("set", SHAPE_MAP),
};

static const char *const fact_words[] = {
#define X(name, word) word,
    RUNG_FACT_TABLE(X)
#undef X
};

/* What the names stand for, where that is known; NULL: anything. */
struct reading {
    const struct sheet *sheet;
    const struct definition_context *context;
    const struct program *target;
};

static void check_fact(const struct reading *reading, const struct yaml_entry *entry,
                       enum rung_fact fact)
{
    const struct program *target = reading->target;
    int32_t field = program_field(target, entry->key);
    const struct static_type *type = fact == RUNG_FACT_DUE ? &static_date : &static_string;
    struct static_type wanted;
    if (field == INDEX_NONE)
        sheet_report_unknown(reading->sheet, entry->key_place, "unknown-field", entry->key,
                             NAMES_OF(target->fields, target->field_count));
    else if (!static_fits_data(type, &target->fields[field].type)
             && static_of_data(reading->sheet->arena, &target->fields[field].type, &wanted))
        diagnose(reading->sheet->diagnostics, entry->value->place, "expr-wanted",
                 (struct bytes[]){bytes_from_text(static_word(&wanted)),
                                  bytes_from_text(static_word(type))},
                 2);
}

static void read_values(const struct reading *reading, const struct yaml_node *node,
                        struct rung_draft *draft)
{
    const struct sheet *sheet = reading->sheet;
    uint32_t count = node ? sheet_bound(sheet, node, node->count, ACTION_VALUES_MAX, "set") : 0;
    struct rung_value *values = sheet_rows(sheet, count, sizeof *values);
    if (!values)
        return;
    for (uint32_t i = 0; i < count; i++) {
        const struct yaml_entry *entry = &node->entries[i];
        values[i].name = sheet_name(sheet, entry->key, entry->key_place, NAME_FIELD);
        values[i].fact = (enum rung_fact)sheet_word(sheet, entry->value, fact_words,
                                                    RUNG_FACT_COUNT, RUNG_FACT_CLOCK);
        if (reading->target)
            check_fact(reading, entry, values[i].fact);
    }
    draft->values = values;
    draft->value_count = count;
}

static void read_party(const struct reading *reading, const struct yaml_entry *entry,
                       struct rung_party *party)
{
    const struct program *target = reading->target;
    struct tell_scope scope = {.directory = reading->context->directory};
    uint32_t count;
    party->name = sheet_name(reading->sheet, entry->key, entry->key_place, NAME_PLAIN);
    if (target && program_party(target, entry->key) == INDEX_NONE)
        sheet_report_unknown(reading->sheet, entry->key_place, "unknown-party", entry->key,
                             NAMES_OF(target->parties, target->party_count));
    if (!sheet_shape(reading->sheet, entry->value, SHAPE_SCALAR))
        return;
    const struct tell *tell = tell_list(reading->sheet, &scope, entry->value, &count);
    if (tell)
        party->tell = *tell;
}

static void read_parties(const struct reading *reading, const struct yaml_node *node,
                         struct rung_draft *draft)
{
    const struct sheet *sheet = reading->sheet;
    uint32_t count = node ? sheet_bound(sheet, node, node->count, ACTION_VALUES_MAX, "parties") : 0;
    struct rung_party *parties = sheet_rows(sheet, count, sizeof *parties);
    if (!parties)
        return;
    for (uint32_t i = 0; i < count; i++)
        read_party(reading, &node->entries[i], &parties[i]);
    draft->parties = parties;
    draft->party_count = count;
}

static void check_target(const struct reading *reading, const struct yaml_node *node,
                         const struct rung_draft *draft)
{
    const struct program *target = reading->target;
    struct bytes asked = target_reads_event(target);
    target_check_given(reading->sheet, node->place, target,
                       NAMES_OF(draft->values, draft->value_count),
                       NAMES_OF(draft->parties, draft->party_count));
    if (asked.size)
        diagnose(reading->sheet->diagnostics, node->place, "open-without-event",
                 (struct bytes[]){target->id, asked}, 2);
}

const struct rung_draft *policy_draft(const struct sheet *sheet,
                                      const struct definition_context *context,
                                      const struct yaml_node *node)
{
    struct reading reading = {sheet, context, NULL};
    struct rung_draft *draft = sheet_rows(sheet, 1, sizeof *draft);
    if (!node || !draft || !sheet_keys(sheet, node, draft_keys, KEY_COUNT(draft_keys)))
        return NULL;
    const struct yaml_node *workflow = sheet_get(node, "workflow", SHAPE_SCALAR);
    if (workflow)
        draft->workflow = sheet_name(sheet, workflow->text, workflow->place, NAME_PLAIN);
    reading.target = target_find(sheet, context, workflow);
    read_values(&reading, sheet_get(node, "set", SHAPE_MAP), draft);
    read_parties(&reading, sheet_get(node, "parties", SHAPE_MAP), draft);
    if (reading.target)
        check_target(&reading, node, draft);
    return draft;
}
