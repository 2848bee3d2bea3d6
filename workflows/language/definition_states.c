/* States and transitions of a workflow definition (LANGUAGE §1). A handler without a
 * branch (`EVENT: {}`) takes the event and the case stays: it is one branch without a target. */
#include "workflows/language/definition_draft.h"

static const struct key branch_keys[] = {
    KEY("if", SHAPE_SCALAR), KEY("to", SHAPE_SCALAR),      KEY("set", SHAPE_MAP),
    KEY("bind", SHAPE_MAP),  KEY("outcome", SHAPE_SCALAR), KEY("refuse", SHAPE_SCALAR | SHAPE_MAP),
    KEY("do", SHAPE_LIST),
};

static const struct key state_keys[] = {
    KEY("title", SHAPE_SCALAR | SHAPE_MAP),
    KEY("when", SHAPE_MAP),
    KEY("end", SHAPE_SCALAR),
    KEY("late-events", SHAPE_SCALAR),
    KEY("no-clock", SHAPE_SCALAR),
    KEY("hold", SHAPE_SCALAR | SHAPE_LIST),
    KEY("with-parent", SHAPE_SCALAR),
};

void draft_refuse_key(const struct draft *draft, const struct yaml_node *node, const char *key,
                      const char *where)
{
    const struct yaml_node *value = yaml_get(node, key);
    if (value)
        diagnose(draft->sheet.diagnostics, value->place, "key-not-here",
                 (struct bytes[]){bytes_from_text(key), bytes_from_text(where)}, 2);
}

static void read_set(struct draft *draft, const struct yaml_entry *entry, int32_t event,
                     struct assignment *set)
{
    struct names names = NAMES_OF(draft->fields, draft->program.field_count);
    set->target = names_find(names, entry->key);
    if (set->target == INDEX_NONE) {
        sheet_report_unknown(&draft->sheet, entry->key_place, "unknown-field", entry->key, names);
        return;
    }
    const struct field *field = &draft->fields[set->target];
    set->value = field->is_optional
                     ? draft_expr_optional(draft, entry->value, event, &field->type, &set->asked)
                     : draft_expr_as(draft, entry->value, event, &field->type);
}

static void read_bind(struct draft *draft, const struct yaml_entry *entry, int32_t event,
                      struct assignment *bind)
{
    struct names names = NAMES_OF(draft->parties, draft->program.party_count);
    bind->target = names_find(names, entry->key);
    if (bind->target == INDEX_NONE)
        sheet_report_unknown(&draft->sheet, entry->key_place, "unknown-party", entry->key, names);
    else
        bind->value = draft_expr(draft, entry->value, event, STATIC_UNIT);
}

/* At most as many assignments as there are targets: keys are unique and unknown ones errors. */
void draft_assignments(struct draft *draft, const struct yaml_node *node, int32_t event,
                       struct branch *branch)
{
    const struct yaml_node *set = sheet_get(node, "set", SHAPE_MAP);
    const struct yaml_node *bind = sheet_get(node, "bind", SHAPE_MAP);
    struct assignment *sets = sheet_rows(&draft->sheet, set ? set->count : 0, sizeof *sets);
    struct assignment *binds = sheet_rows(&draft->sheet, bind ? bind->count : 0, sizeof *binds);
    if (!sets || !binds)
        return;
    branch->sets = sets;
    branch->binds = binds;
    branch->set_count = set ? set->count : 0;
    branch->bind_count = bind ? bind->count : 0;
    for (uint32_t i = 0; i < branch->set_count; i++)
        read_set(draft, &set->entries[i], event, &sets[i]);
    for (uint32_t i = 0; i < branch->bind_count; i++)
        read_bind(draft, &bind->entries[i], event, &binds[i]);
}

static void read_outcome(struct draft *draft, const struct yaml_node *node, struct branch *branch)
{
    const struct yaml_node *outcome = sheet_get(node, "outcome", SHAPE_SCALAR);
    if (!outcome)
        return;
    branch->outcome = sheet_name(&draft->sheet, outcome->text, outcome->place, NAME_PLAIN);
    bool leads_to_end = branch->to != INDEX_NONE && draft->states[branch->to].is_end;
    if (!leads_to_end)
        sheet_report(&draft->sheet, outcome->place, "outcome-without-end", outcome->text);
}

/* Nobody is told no by what time or a sub-case causes. */
static void read_refuse(struct draft *draft, const struct yaml_node *node, int32_t event,
                        struct branch *branch)
{
    const struct yaml_node *refuse = sheet_get(node, "refuse", SHAPE_SCALAR | SHAPE_MAP);
    if (!refuse)
        return;
    branch->refuse = sheet_title(&draft->sheet, refuse, BYTES_LITERAL("?"));
    if (branch->refuse.zh.size == 0)
        sheet_report(&draft->sheet, refuse->place, "missing-key", BYTES_LITERAL("refuse"));
    if (event == INDEX_NONE)
        draft_refuse_key(draft, node, "refuse", "expire");
    else if (event == draft->program.joined_event)
        draft_refuse_key(draft, node, "refuse", EVENT_SUBS_CLOSED);
    draft_refuse_key(draft, node, "to", "refuse");
    draft_refuse_key(draft, node, "set", "refuse");
    draft_refuse_key(draft, node, "bind", "refuse");
    draft_refuse_key(draft, node, "do", "refuse");
}

static void read_branch(struct draft *draft, const struct yaml_node *node, int32_t event,
                        struct branch *branch)
{
    branch->to = INDEX_NONE;
    draft_note(draft, branch, node->place);
    if (!sheet_keys(&draft->sheet, node, branch_keys, KEY_COUNT(branch_keys)))
        return;
    const struct expression_known *outside = draft->known;
    branch->guard = draft_expr(draft, sheet_get(node, "if", SHAPE_SCALAR), event, STATIC_BOOL);
    draft_know(draft, branch->guard, true);
    branch->to = sheet_refer(&draft->sheet, sheet_get(node, "to", SHAPE_SCALAR),
                             NAMES_OF(draft->states, draft->program.state_count), "unknown-state");
    draft_assignments(draft, node, event, branch);
    draft_actions(draft, node, event, branch);
    read_outcome(draft, node, branch);
    read_refuse(draft, node, event, branch);
    draft->known = outside;
}

const struct branch *draft_branches(struct draft *draft, const struct yaml_node *node,
                                    int32_t event, uint32_t *ret_count)
{
    *ret_count = 0;
    if (!sheet_shape(&draft->sheet, node, SHAPE_MAP | SHAPE_LIST))
        return NULL;
    uint32_t count = sheet_many(node);
    struct branch *branches = sheet_rows(&draft->sheet, count, sizeof *branches);
    if (!branches)
        return NULL;
    if (count == 0)
        sheet_report(&draft->sheet, node->place, "no-branches", BYTES_NONE);
    const struct expression_known *outside = draft->known;
    for (uint32_t i = 0; i < count; i++) {
        read_branch(draft, sheet_many_at(node, i), event, &branches[i]);
        draft_know(draft, branches[i].guard, false); /* where a later one is come to */
    }
    draft->known = outside;
    *ret_count = count;
    return branches;
}

static void read_handler(struct draft *draft, const struct yaml_entry *entry,
                         struct handler *handler)
{
    struct names names = NAMES_OF(draft->events, draft->program.event_count);
    handler->event = names_find(names, entry->key);
    draft_note(draft, handler, entry->key_place);
    if (handler->event == INDEX_NONE)
        sheet_report_unknown(&draft->sheet, entry->key_place, "unknown-event", entry->key, names);
    if (handler->event != INDEX_NONE)
        handler->branches =
            draft_branches(draft, entry->value, handler->event, &handler->branch_count);
}

static const struct handler *read_handlers(struct draft *draft, const struct yaml_node *node,
                                           uint32_t *ret_count)
{
    *ret_count = 0;
    struct handler *handlers = sheet_rows(&draft->sheet, node ? node->count : 0, sizeof *handlers);
    if (!node || !handlers)
        return NULL;
    for (uint32_t i = 0; i < node->count; i++)
        read_handler(draft, &node->entries[i], &handlers[i]);
    *ret_count = node->count;
    return handlers;
}

static bool says_true(const struct yaml_node *node, const char *key)
{
    const struct yaml_node *flag = sheet_get(node, key, SHAPE_SCALAR);
    return flag && bytes_is(flag->text, "true");
}

/* Where a sub-case ends whose parent closes it: the end that says so, else the last one. */
static void note_cascade_end(struct draft *draft, int32_t index, const struct yaml_node *node)
{
    struct program *program = &draft->program;
    struct state *state = &draft->states[index];
    bool has_one =
        program->cascade_end != INDEX_NONE && draft->states[program->cascade_end].is_cascade_end;
    state->is_cascade_end = says_true(node, "with-parent");
    if (state->is_cascade_end && has_one)
        sheet_report(&draft->sheet, yaml_get(node, "with-parent")->place, "with-parent-twice",
                     state->name);
    if (state->is_cascade_end || !has_one)
        program->cascade_end = index;
}

void draft_state_names(struct draft *draft)
{
    uint32_t count = draft_rows(draft, "states", PROGRAM_STATES_MAX, &draft->state_nodes);
    draft->states = sheet_rows(&draft->sheet, count, sizeof *draft->states);
    if (!draft->states)
        return;
    draft->program.state_count = count;
    for (uint32_t i = 0; i < count; i++) {
        const struct yaml_entry *entry = &draft->state_nodes->entries[i];
        draft->states[i].name = sheet_name(&draft->sheet, entry->key, entry->key_place, NAME_PLAIN);
        draft->states[i].is_end = says_true(entry->value, "end");
        if (draft->states[i].is_end)
            note_cascade_end(draft, (int32_t)i, entry->value);
    }
}

static void read_state(struct draft *draft, const struct yaml_entry *entry, struct state *state)
{
    static const char *const late_words[] = {"refuse", "record"};
    const struct sheet *sheet = &draft->sheet;
    const struct yaml_node *node = entry->value;
    const struct yaml_node *no_clock = sheet_get(node, "no-clock", SHAPE_SCALAR);
    state->title.zh = entry->key;
    if (!sheet_keys(sheet, node, state_keys, KEY_COUNT(state_keys)))
        return;
    state->title =
        sheet_title(sheet, sheet_get(node, "title", SHAPE_SCALAR | SHAPE_MAP), entry->key);
    (void)sheet_bool(sheet, sheet_get(node, "end", SHAPE_SCALAR), false); /* read with the names, */
    (void)sheet_bool(sheet, sheet_get(node, "with-parent", SHAPE_SCALAR), false); /* as is this */
    state->records_late =
        sheet_word(sheet, sheet_get(node, "late-events", SHAPE_SCALAR), late_words, 2, 0) == 1;
    state->no_clock = sheet_text(sheet, no_clock);
    if (no_clock && state->no_clock.size == 0)
        sheet_report(sheet, no_clock->place, "missing-key", BYTES_LITERAL("no-clock"));
    if (state->is_end) {
        draft_refuse_key(draft, node, "when", "end: true");
        draft_refuse_key(draft, node, "no-clock", "end: true");
        draft_refuse_key(draft, node, "hold", "end: true");
    } else {
        draft_refuse_key(draft, node, "late-events", "end: false");
        draft_refuse_key(draft, node, "with-parent", "end: false");
    }
    state->handlers =
        read_handlers(draft, sheet_get(node, "when", SHAPE_MAP), &state->handler_count);
    draft_holds(draft, node, state);
}

void draft_states(struct draft *draft)
{
    for (uint32_t i = 0; i < draft->program.state_count; i++)
        read_state(draft, &draft->state_nodes->entries[i], &draft->states[i]);
}

void draft_top_handlers(struct draft *draft)
{
    draft->program.handlers = read_handlers(draft, sheet_get(draft->root, "when", SHAPE_MAP),
                                            &draft->program.handler_count);
}
