/* The clocks of a workflow definition (LANGUAGE §4). What a clock's expressions may name of an
 * event: of a clock given by `from`, that event's data; of one given by `while`, the data of the
 * one event that leads into its states, where it is one and no expiry leads there. */
#include "workflows/language/definition_draft.h"

static const struct key clock_keys[] = {
    KEY("title", SHAPE_SCALAR | SHAPE_MAP),
    KEY("force", SHAPE_SCALAR | SHAPE_REQUIRED),
    KEY("basis", SHAPE_SCALAR),
    KEY("who", SHAPE_SCALAR | SHAPE_REQUIRED),
    KEY("while", SHAPE_SCALAR | SHAPE_LIST),
    KEY("from", SHAPE_SCALAR),
    KEY("until", SHAPE_SCALAR),
    KEY("reentry", SHAPE_SCALAR),
    KEY("period", SHAPE_SCALAR | SHAPE_LIST | SHAPE_REQUIRED),
    KEY("rule", SHAPE_SCALAR),
    KEY("roll", SHAPE_SCALAR),
    KEY("anchor", SHAPE_SCALAR),
    KEY("pause", SHAPE_MAP | SHAPE_LIST),
    KEY("extend", SHAPE_MAP | SHAPE_LIST),
    KEY("ladder", SHAPE_SCALAR),
    KEY("expire", SHAPE_MAP | SHAPE_LIST),
    KEY("repeat", SHAPE_SCALAR),
    KEY("right", SHAPE_SCALAR),
};

static struct names event_names(const struct draft *draft)
{
    return NAMES_OF(draft->events, draft->program.event_count);
}

static struct names state_names(const struct draft *draft)
{
    return NAMES_OF(draft->states, draft->program.state_count);
}

static int32_t refer_event(const struct draft *draft, const struct yaml_node *node)
{
    return sheet_refer(&draft->sheet, node, event_names(draft), "unknown-event");
}

void draft_clock_names(struct draft *draft)
{
    uint32_t count = draft_rows(draft, "clocks", PROGRAM_CLOCKS_MAX, &draft->clock_nodes);
    draft->clocks = sheet_rows(&draft->sheet, count, sizeof *draft->clocks);
    if (!draft->clocks)
        return;
    draft->program.clock_count = count;
    for (uint32_t i = 0; i < count; i++) {
        const struct yaml_entry *entry = &draft->clock_nodes->entries[i];
        draft->clocks[i].name = sheet_name(&draft->sheet, entry->key, entry->key_place, NAME_PLAIN);
    }
}

static void read_while(struct draft *draft, const struct yaml_node *node, struct clock_rule *clock)
{
    for (uint32_t i = 0; i < sheet_many(node); i++) {
        const struct yaml_node *name = sheet_many_at(node, i);
        int32_t state = sheet_refer(&draft->sheet, name, state_names(draft), "unknown-state");
        if (state == INDEX_NONE)
            continue;
        if (draft->states[state].is_end)
            sheet_report(&draft->sheet, name->place, "clock-in-end", name->text);
        clock->states |= UINT64_C(1) << state;
    }
    if (sheet_many(node) == 0)
        sheet_report(&draft->sheet, node->place, "missing-key", BYTES_LITERAL("while"));
}

/* An event, or `enter STATE`. */
static void read_until(struct draft *draft, const struct yaml_node *node, struct clock_rule *clock)
{
    struct bytes enter = BYTES_LITERAL("enter ");
    if (!bytes_starts_with(node->text, enter)) {
        clock->until_event = refer_event(draft, node);
        return;
    }
    struct bytes name = bytes_slice(node->text, enter.size, node->text.size);
    clock->until_state = names_find(state_names(draft), name);
    struct place place = sheet_content_place(node);
    place.column += (uint32_t)enter.size;
    if (clock->until_state == INDEX_NONE)
        sheet_report_unknown(&draft->sheet, place, "unknown-state", name, state_names(draft));
}

static void read_span(struct draft *draft, const struct yaml_node *node, struct clock_rule *clock)
{
    const struct yaml_node *states = sheet_get(node, "while", SHAPE_SCALAR | SHAPE_LIST);
    const struct yaml_node *from = sheet_get(node, "from", SHAPE_SCALAR);
    const struct yaml_node *until = sheet_get(node, "until", SHAPE_SCALAR);
    clock->from_event = INDEX_NONE;
    clock->until_event = INDEX_NONE;
    clock->until_state = INDEX_NONE;
    bool is_span = states ? !from && !until : from && until;
    if (!is_span)
        sheet_report(&draft->sheet, node->place, "clock-span", clock->name);
    if (states)
        read_while(draft, states, clock);
    if (from)
        clock->from_event = refer_event(draft, from);
    if (until)
        read_until(draft, until, clock);
}

/* The events whose branches lead into the states from outside, or into one of them again. */
struct entrance {
    int32_t event; /* the only one so far; INDEX_NONE: none yet */
    bool is_ambiguous;
};

static void add_entrance(struct entrance *entrance, int32_t event)
{
    if (entrance->event == INDEX_NONE && event != INDEX_NONE)
        entrance->event = event;
    else if (entrance->event != event)
        entrance->is_ambiguous = true;
}

static void add_handlers(struct entrance *entrance, const struct handler *handlers, uint32_t count,
                         uint64_t states, int32_t source)
{
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t j = 0; j < handlers[i].branch_count; j++) {
            int32_t to = handlers[i].branches[j].to;
            bool is_inside = source != INDEX_NONE && (states >> source & 1) && to != source;
            if (to != INDEX_NONE && (states >> to & 1) && !is_inside)
                add_entrance(entrance, handlers[i].event);
        }
    }
}

/* Does an expiry of any clock name one of the states? Clocks are read one by one, so the text is
 * asked. */
static bool expires_into(const struct draft *draft, uint64_t states)
{
    for (uint32_t i = 0; i < draft->program.clock_count; i++) {
        const struct yaml_node *node = draft->clock_nodes->entries[i].value;
        const struct yaml_node *expire = sheet_get(node, "expire", SHAPE_MAP | SHAPE_LIST);
        for (uint32_t j = 0; expire && j < sheet_many(expire); j++) {
            const struct yaml_node *to = sheet_get(sheet_many_at(expire, j), "to", SHAPE_SCALAR);
            int32_t state = to ? names_find(state_names(draft), to->text) : INDEX_NONE;
            if (state != INDEX_NONE && (states >> state & 1))
                return true;
        }
    }
    return false;
}

static int32_t only_event_into(const struct draft *draft, uint64_t states)
{
    const struct program *program = &draft->program;
    struct entrance entrance = {.event = INDEX_NONE, .is_ambiguous = expires_into(draft, states)};
    if (program->start.to != INDEX_NONE && (states >> program->start.to & 1))
        add_entrance(&entrance, program->start_event);
    for (uint32_t i = 0; i < program->state_count; i++)
        add_handlers(&entrance, draft->states[i].handlers, draft->states[i].handler_count, states,
                     (int32_t)i);
    add_handlers(&entrance, program->handlers, program->handler_count, states, INDEX_NONE);
    return entrance.is_ambiguous ? INDEX_NONE : entrance.event;
}

static void read_period(struct draft *draft, const struct yaml_node *node, int32_t event,
                        struct clock_period *period)
{
    static const struct key keys[] = {KEY("if", SHAPE_SCALAR | SHAPE_REQUIRED),
                                      KEY("is", SHAPE_SCALAR | SHAPE_REQUIRED)};
    const struct yaml_node *amount = node;
    const struct expression_known *outside = draft->known;
    if (!sheet_shape(&draft->sheet, node, SHAPE_SCALAR | SHAPE_MAP))
        return;
    if (node->kind == YAML_MAPPING) {
        (void)sheet_keys(&draft->sheet, node, keys, KEY_COUNT(keys)); /* reported there */
        period->guard = draft_expr(draft, sheet_get(node, "if", SHAPE_SCALAR), event, STATIC_BOOL);
        amount = sheet_get(node, "is", SHAPE_SCALAR);
        draft_know(draft, period->guard, true);
    }
    draft_note(draft, period, node->place);
    period->amount = draft_period(draft, amount, event, &period->unit);
    draft->known = outside;
}

static void read_periods(struct draft *draft, const struct yaml_node *node, int32_t event,
                         struct clock_rule *clock)
{
    if (!node)
        return;
    uint32_t count =
        sheet_bound(&draft->sheet, node, sheet_many(node), CLOCK_PERIODS_MAX, "period");
    struct clock_period *periods = sheet_rows(&draft->sheet, count, sizeof *periods);
    if (count == 0)
        sheet_report(&draft->sheet, node->place, "missing-key", BYTES_LITERAL("period"));
    if (!periods)
        return;
    const struct expression_known *outside = draft->known;
    for (uint32_t i = 0; i < count; i++) {
        read_period(draft, sheet_many_at(node, i), event, &periods[i]);
        draft_know(draft, periods[i].guard, false);
    }
    draft->known = outside;
    clock->periods = periods;
    clock->period_count = count;
}

static void read_pause(struct draft *draft, const struct yaml_node *node, struct clock_pause *pause)
{
    static const struct key keys[] = {KEY("from", SHAPE_SCALAR | SHAPE_REQUIRED),
                                      KEY("until", SHAPE_SCALAR | SHAPE_REQUIRED)};
    pause->from = INDEX_NONE;
    pause->until = INDEX_NONE;
    draft_note(draft, pause, node->place);
    if (!sheet_keys(&draft->sheet, node, keys, KEY_COUNT(keys)))
        return;
    pause->from = refer_event(draft, sheet_get(node, "from", SHAPE_SCALAR));
    pause->until = refer_event(draft, sheet_get(node, "until", SHAPE_SCALAR));
    if (pause->from != INDEX_NONE && pause->from == pause->until)
        sheet_report(&draft->sheet, node->place, "pause-same-event", BYTES_NONE);
}

static void read_pauses(struct draft *draft, const struct yaml_node *node, struct clock_rule *clock)
{
    if (!node)
        return;
    uint32_t count = sheet_bound(&draft->sheet, node, sheet_many(node), CLOCK_PAUSES_MAX, "pause");
    struct clock_pause *pauses = sheet_rows(&draft->sheet, count, sizeof *pauses);
    if (!pauses)
        return;
    for (uint32_t i = 0; i < count; i++)
        read_pause(draft, sheet_many_at(node, i), &pauses[i]);
    clock->pauses = pauses;
    clock->pause_count = count;
}

static void read_extend(struct draft *draft, const struct yaml_node *node,
                        struct clock_extend *extend)
{
    static const struct key keys[] = {
        KEY("event", SHAPE_SCALAR | SHAPE_REQUIRED),
        KEY("by", SHAPE_SCALAR | SHAPE_REQUIRED),
        KEY("times", SHAPE_SCALAR),
        KEY("before-due", SHAPE_SCALAR),
    };
    const struct sheet *sheet = &draft->sheet;
    extend->event = INDEX_NONE;
    draft_note(draft, extend, node->place);
    if (!sheet_keys(sheet, node, keys, KEY_COUNT(keys)))
        return;
    const struct yaml_node *times = sheet_get(node, "times", SHAPE_SCALAR);
    const struct yaml_node *by = sheet_get(node, "by", SHAPE_SCALAR);
    extend->event = refer_event(draft, sheet_get(node, "event", SHAPE_SCALAR));
    if (extend->event != INDEX_NONE) /* what an unknown event carries is unknown too */
        extend->amount = draft_period(draft, by, extend->event, &extend->unit);
    extend->times = times ? (uint32_t)sheet_whole(sheet, times, 1, CLOCK_EXTENSIONS_MAX) : 0;
    extend->is_before_due = sheet_bool(sheet, sheet_get(node, "before-due", SHAPE_SCALAR), false);
    if (extend->amount && extend->unit == PERIOD_UNTIL)
        sheet_report(sheet, by->place, "extend-until", by->text);
}

static void read_extends(struct draft *draft, const struct yaml_node *node,
                         struct clock_rule *clock)
{
    if (!node)
        return;
    uint32_t count =
        sheet_bound(&draft->sheet, node, sheet_many(node), CLOCK_EXTENDS_MAX, "extend");
    struct clock_extend *extends = sheet_rows(&draft->sheet, count, sizeof *extends);
    if (!extends)
        return;
    for (uint32_t i = 0; i < count; i++)
        read_extend(draft, sheet_many_at(node, i), &extends[i]);
    clock->extends = extends;
    clock->extend_count = count;
}

static void read_counting(struct draft *draft, const struct yaml_node *node,
                          struct clock_rule *clock)
{
    static const char *const rule_words[] = {"civil", "criminal", "custody"};
    static const char *const roll_words[] = {"next-working-day", "none"};
    static const char *const reentry_words[] = {"restart", "continue"};
    const struct sheet *sheet = &draft->sheet;
    const struct yaml_node *reentry = sheet_get(node, "reentry", SHAPE_SCALAR);
    clock->rule = (enum period_rule)sheet_word(sheet, sheet_get(node, "rule", SHAPE_SCALAR),
                                               rule_words, RULE_CUSTODY + 1, RULE_CIVIL);
    clock->is_rolled =
        sheet_word(sheet, sheet_get(node, "roll", SHAPE_SCALAR), roll_words, 2, 0) == 0;
    clock->continues = sheet_word(sheet, reentry, reentry_words, 2, 0) == 1;
    if (reentry && !clock->states)
        diagnose(sheet->diagnostics, reentry->place, "key-not-here",
                 (struct bytes[]){BYTES_LITERAL("reentry"), BYTES_LITERAL("from/until")}, 2);
    clock->repeats = sheet_bool(sheet, sheet_get(node, "repeat", SHAPE_SCALAR), false);
    clock->is_right = sheet_bool(sheet, sheet_get(node, "right", SHAPE_SCALAR), false);
    if (clock->is_right && clock->repeats) /* what lapses does not begin again */
        sheet_report(sheet, sheet_get(node, "repeat", SHAPE_SCALAR)->place, "repeat-right",
                     clock->name);
}

static void read_force(struct draft *draft, const struct yaml_node *node, struct clock_rule *clock)
{
    static const char *const force_words[] = {"statutory", "reference", "agreed"};
    const struct yaml_node *force = sheet_get(node, "force", SHAPE_SCALAR);
    const struct yaml_node *repeat = sheet_get(node, "repeat", SHAPE_SCALAR);
    clock->force = (enum clock_force)sheet_word(&draft->sheet, force, force_words, FORCE_AGREED + 1,
                                                FORCE_AGREED);
    clock->basis = sheet_text(&draft->sheet, sheet_get(node, "basis", SHAPE_SCALAR));
    if (clock->force == FORCE_STATUTORY && clock->basis.size == 0)
        sheet_report(&draft->sheet, force->place, "statutory-without-basis", clock->name);
    if (clock->force == FORCE_STATUTORY && clock->repeats)
        sheet_report(&draft->sheet, repeat->place, "repeat-statutory", clock->name);
}

static void read_ladder(struct draft *draft, const struct yaml_node *node, struct clock_rule *clock)
{
    const struct policy *policy = draft->context->policy;
    if (!node)
        return;
    clock->ladder = sheet_name(&draft->sheet, node->text, node->place, NAME_PLAIN);
    draft_note(draft, &clock->ladder, node->place);
    if (policy)
        (void)sheet_refer(&draft->sheet, node, NAMES_OF(policy->ladders, policy->ladder_count),
                          "unknown-ladder"); /* reported there */
}

static void read_who(struct draft *draft, const struct yaml_node *node, struct clock_rule *clock)
{
    clock->who = sheet_refer(&draft->sheet, node,
                             NAMES_OF(draft->parties, draft->program.party_count), "unknown-party");
    if (node)
        draft_note(draft, &clock->who, node->place);
}

static void read_clock(struct draft *draft, const struct yaml_entry *entry,
                       struct clock_rule *clock)
{
    const struct yaml_node *node = entry->value;
    const struct yaml_node *expire = sheet_get(node, "expire", SHAPE_MAP | SHAPE_LIST);
    clock->title.zh = entry->key;
    draft_note(draft, clock, entry->key_place);
    if (!sheet_keys(&draft->sheet, node, clock_keys, KEY_COUNT(clock_keys)))
        return;
    clock->title =
        sheet_title(&draft->sheet, sheet_get(node, "title", SHAPE_SCALAR | SHAPE_MAP), entry->key);
    read_span(draft, node, clock);
    read_counting(draft, node, clock);
    read_force(draft, node, clock);
    read_who(draft, sheet_get(node, "who", SHAPE_SCALAR), clock);
    int32_t event = clock->states ? only_event_into(draft, clock->states) : clock->from_event;
    read_periods(draft, sheet_get(node, "period", SHAPE_SCALAR | SHAPE_LIST), event, clock);
    clock->anchor = draft_expr(draft, sheet_get(node, "anchor", SHAPE_SCALAR), event, STATIC_DATE);
    read_pauses(draft, sheet_get(node, "pause", SHAPE_MAP | SHAPE_LIST), clock);
    read_extends(draft, sheet_get(node, "extend", SHAPE_MAP | SHAPE_LIST), clock);
    read_ladder(draft, sheet_get(node, "ladder", SHAPE_SCALAR), clock);
    if (expire)
        clock->expire = draft_branches(draft, expire, INDEX_NONE, &clock->expire_count);
}

static void mark_states(struct draft *draft, uint32_t clock)
{
    for (uint32_t i = 0; i < draft->program.state_count; i++)
        draft->states[i].clocks |= (draft->clocks[clock].states >> i & 1) << clock;
}

void draft_clocks(struct draft *draft)
{
    for (uint32_t i = 0; i < draft->program.clock_count; i++) {
        read_clock(draft, &draft->clock_nodes->entries[i], &draft->clocks[i]);
        mark_states(draft, i);
    }
}
