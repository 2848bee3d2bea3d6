/* How a case begins (LANGUAGE §1): with an event, or opened as a sub-case, and then with what it is
 * given. A workflow with a start event may be opened, too: as no event is at hand then, what its
 * `set` and `bind` would have filled must be given instead. */
#include "workflows/language/definition_draft.h"

static const struct key start_keys[] = {
    KEY("event", SHAPE_SCALAR), KEY("set", SHAPE_MAP),
    KEY("bind", SHAPE_MAP),     KEY("to", SHAPE_SCALAR | SHAPE_REQUIRED),
    KEY("do", SHAPE_LIST),      KEY("given", SHAPE_SCALAR | SHAPE_LIST),
};

/* Rows for what must be given, at most so many of each. */
struct given {
    int32_t *fields, *parties;
    uint32_t field_count, party_count;
};

static bool is_listed(const int32_t *rows, uint32_t count, int32_t index)
{
    for (uint32_t i = 0; i < count; i++) {
        if (rows[i] == index)
            return true;
    }
    return false;
}

/* A name that is both a field and a party asks for both. */
static void read_given_name(struct draft *draft, const struct yaml_node *node, struct given *given)
{
    if (!sheet_shape(&draft->sheet, node, SHAPE_SCALAR))
        return;
    struct names fields = NAMES_OF(draft->fields, draft->program.field_count);
    struct names parties = NAMES_OF(draft->parties, draft->program.party_count);
    int32_t field = names_find(fields, node->text), party = names_find(parties, node->text);
    if (field == INDEX_NONE && party == INDEX_NONE)
        sheet_report_unknown(&draft->sheet, node->place, "unknown-given", node->text,
                             fields.count ? fields : parties);
    bool is_twice =
        (field != INDEX_NONE && is_listed(given->fields, given->field_count, field))
        || (party != INDEX_NONE && is_listed(given->parties, given->party_count, party));
    if (is_twice) {
        sheet_report(&draft->sheet, node->place, "given-twice", node->text);
        return;
    }
    if (field != INDEX_NONE)
        given->fields[given->field_count++] = field;
    if (party != INDEX_NONE)
        given->parties[given->party_count++] = party;
}

static void read_given(struct draft *draft, const struct yaml_node *node, struct given *given)
{
    if (node && sheet_many(node) == 0)
        sheet_report(&draft->sheet, node->place, "missing-key", BYTES_LITERAL("given"));
    for (uint32_t i = 0; node && i < sheet_many(node); i++)
        read_given_name(draft, sheet_many_at(node, i), given);
}

/* What is unknown has been reported. */
static void give_assigned(const struct branch *start, struct given *given)
{
    for (uint32_t i = 0; i < start->set_count; i++) {
        bool is_needed = !start->sets[i].asked; /* what may be absent need not be given */
        if (start->sets[i].target != INDEX_NONE && is_needed)
            given->fields[given->field_count++] = start->sets[i].target;
    }
    for (uint32_t i = 0; i < start->bind_count; i++) {
        if (start->binds[i].target != INDEX_NONE)
            given->parties[given->party_count++] = start->binds[i].target;
    }
}

static void note_given(struct draft *draft, const struct yaml_node *node)
{
    struct program *program = &draft->program;
    struct given given = {
        .fields = sheet_rows(&draft->sheet, program->field_count, sizeof *given.fields),
        .parties = sheet_rows(&draft->sheet, program->party_count, sizeof *given.parties),
    };
    if (!given.fields || !given.parties)
        return;
    if (sheet_get(node, "event", SHAPE_SCALAR)) {
        draft_refuse_key(draft, node, "given", "event");
        give_assigned(&program->start, &given);
    } else {
        read_given(draft, sheet_get(node, "given", SHAPE_SCALAR | SHAPE_LIST), &given);
    }
    program->given_fields = given.fields;
    program->given_field_count = given.field_count;
    program->given_parties = given.parties;
    program->given_party_count = given.party_count;
}

/* No party is bound yet: who writes the name of a kind there means the units of that kind, and a
 * party of the same name hides them. */
static void check_hidden_kinds(struct draft *draft, int32_t event)
{
    if (event == INDEX_NONE)
        return;
    const struct yaml_node *type = draft->event_nodes->entries[event].value;
    const struct yaml_node *from = sheet_get(type, "from", SHAPE_SCALAR | SHAPE_LIST);
    struct names parties = NAMES_OF(draft->parties, draft->program.party_count);
    for (uint32_t i = 0; from && i < sheet_many(from); i++) {
        const struct yaml_node *name = sheet_many_at(from, i);
        int32_t party = names_find(parties, name->text);
        if (party == INDEX_NONE || bytes_equal(draft->parties[party].kind, name->text))
            continue;
        if (draft_is_kind(draft, name->text))
            sheet_report(&draft->sheet, name->place, "party-hides-kind", name->text);
    }
}

void draft_start(struct draft *draft)
{
    const struct yaml_node *node = sheet_get(draft->root, "start", SHAPE_MAP);
    struct branch *start = &draft->program.start;
    start->to = INDEX_NONE;
    draft->program.start_event = INDEX_NONE;
    if (!node || !sheet_keys(&draft->sheet, node, start_keys, KEY_COUNT(start_keys)))
        return;
    const struct yaml_node *event = sheet_get(node, "event", SHAPE_SCALAR);
    draft_note(draft, start, event ? event->place : node->place);
    draft->program.start_event = draft_refer_published(draft, event, "start");
    check_hidden_kinds(draft, draft->program.start_event);
    start->to = sheet_refer(&draft->sheet, sheet_get(node, "to", SHAPE_SCALAR),
                            NAMES_OF(draft->states, draft->program.state_count), "unknown-state");
    /* What an unknown event carries is unknown too: one finding is enough. */
    if (event && draft->program.start_event == INDEX_NONE)
        return;
    draft_assignments(draft, node, draft->program.start_event, start);
    note_given(draft, node);
    draft_actions(draft, node, draft->program.start_event, start);
}
