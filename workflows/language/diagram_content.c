/* What stands in each box and beside each line. A state's box says all that a reader needs while a
 * case is there: what it is called, which clocks begin and which run on, what else may be
 * published without moving the case, what is refused. Moves that found no room for a line of their
 * own are said in words. */
#include "workflows/language/diagram_model.h"

/* A list in one paragraph: "A；B；C", as titles have commas of their own. */
struct listing {
    struct diagram *diagram;
    struct diagram_box *box;
    const char *zh, *en; /* its head */
    uint32_t count;
};

static struct diagram_line *add(struct diagram *diagram, struct diagram_box *box,
                                enum diagram_line_kind kind)
{
    return box_add(diagram, box, kind, BOX_TEXT_WIDTH);
}

static void list_item(struct listing *listing)
{
    struct diagram *diagram = listing->diagram;
    if (listing->count++ > 0)
        words_say(&diagram->words, "；", "; ");
}

static void list_begin(struct listing *listing)
{
    if (listing->count > 0)
        return;
    words_say(&listing->diagram->words, listing->zh, listing->en);
    (void)add(listing->diagram, listing->box, LINE_HEAD); /* a full arena is seen at the end */
}

static void list_end(struct listing *listing, enum diagram_line_kind kind)
{
    (void)add(listing->diagram, listing->box, kind);
}

/* "（紧急情形）" */
static void put_guard(struct diagram *diagram, const struct expr *guard, int32_t event)
{
    if (!guard)
        return;
    words_say(&diagram->words, "（", " (");
    words_put_expr(&diagram->words, guard, event);
    words_say(&diagram->words, "）", ")");
}

static bool has_actions(const struct branch *branch)
{
    bool is_found = false;
    for (uint32_t i = 0; !is_found && i < branch->action_count; i++)
        is_found = branch->actions[i].kind != ACTION_NOTIFY;
    return is_found;
}

/* A line for each, with its sign. */
static void add_actions(struct diagram *diagram, struct diagram_box *box,
                        const struct branch *branch, int32_t event)
{
    for (uint32_t i = 0; i < branch->action_count; i++) {
        const struct action *action = &branch->actions[i];
        if (words_put_action_lines(&diagram->words, action, event))
            (void)box_add(diagram, box, action->kind == ACTION_OPEN ? LINE_OPEN : LINE_EMIT,
                          ACTION_TEXT_WIDTH);
    }
}

static bool is_staying(const struct branch *branch, int32_t state)
{
    return !branch->refuse.zh.size && (branch->to == INDEX_NONE || branch->to == state);
}

static void put_staying(struct diagram *diagram, const struct handler *handler, uint32_t index)
{
    const struct branch *branch = &handler->branches[index];
    words_put_event(&diagram->words, handler->event);
    put_guard(diagram, branch->guard, handler->event);
    if (index > 0 && !branch->guard)
        words_say(&diagram->words, "（其余情形）", " (otherwise)");
    if (branch->to != INDEX_NONE)
        words_say(&diagram->words, "（重新进入）", " (entered anew)");
}

/* Each that only moves nothing is an item of the list; what opens or emits has lines of its own
 * behind it. */
static void add_staying_branch(struct listing *listing, const struct handler *handler,
                               uint32_t index, bool is_acting)
{
    struct diagram *diagram = listing->diagram;
    const struct branch *branch = &handler->branches[index];
    if (has_actions(branch) != is_acting)
        return;
    list_begin(listing);
    if (is_acting)
        listing->count++;
    else
        list_item(listing);
    put_staying(diagram, handler, index);
    if (is_acting)
        list_end(listing, LINE_EVENT);
    add_actions(diagram, listing->box, branch, handler->event);
}

static void add_staying_branches(struct listing *listing, const struct handler *handler,
                                 int32_t state, bool is_acting)
{
    for (uint32_t i = 0; i < handler->branch_count; i++) {
        if (is_staying(&handler->branches[i], state))
            add_staying_branch(listing, handler, i, is_acting);
    }
}

static void add_staying(struct diagram *diagram, struct diagram_box *box,
                        const struct handler *handlers, uint32_t count, int32_t state)
{
    struct listing listing = {diagram, box, "可办理，状态不变", "Also taken, the state stays", 0};
    for (uint32_t i = 0; i < count; i++)
        add_staying_branches(&listing, &handlers[i], state, false);
    list_end(&listing, LINE_EVENT);
    for (uint32_t i = 0; i < count; i++)
        add_staying_branches(&listing, &handlers[i], state, true);
}

static void add_refused(struct diagram *diagram, struct diagram_box *box,
                        const struct handler *handlers, uint32_t count)
{
    struct listing listing = {diagram, box, "不予受理", "Refused", 0};
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t j = 0; j < handlers[i].branch_count; j++) {
            const struct branch *branch = &handlers[i].branches[j];
            if (!branch->refuse.zh.size)
                continue;
            list_begin(&listing);
            list_item(&listing);
            words_put_event(&diagram->words, handlers[i].event);
            put_guard(diagram, branch->guard, handlers[i].event);
        }
    }
    list_end(&listing, LINE_EVENT);
}

static void add_held(struct diagram *diagram, struct diagram_box *box, const struct state *state)
{
    struct listing listing = {diagram, box, "先存下，状态变化后再办",
                              "Held until the state changes", 0};
    for (uint32_t i = 0; i < state->hold_count; i++) {
        list_begin(&listing);
        list_item(&listing);
        words_put_event(&diagram->words, state->holds[i]);
    }
    list_end(&listing, LINE_EVENT);
}

/* What happens when a clock falls due that does not move the case. */
static void add_expiry_in_place(struct diagram *diagram, struct diagram_box *box,
                                const struct clock_rule *clock)
{
    for (uint32_t i = 0; i < clock->expire_count; i++) {
        const struct branch *branch = &clock->expire[i];
        for (uint32_t j = 0; branch->to == INDEX_NONE && j < branch->action_count; j++) {
            size_t mark = diagram->text.used;
            words_say(&diagram->words, "期满时", "When it falls due");
            put_guard(diagram, branch->guard, INDEX_NONE);
            words_say(&diagram->words, "，", ", ");
            if (words_put_action(&diagram->words, &branch->actions[j], INDEX_NONE))
                (void)add(diagram, box, LINE_TERMS);
            else
                diagram->text.used = mark;
        }
    }
}

static void add_clock(struct diagram *diagram, struct diagram_box *box, uint32_t index)
{
    const struct clock_rule *clock = &diagram->program->clocks[index];
    buffer_put(&diagram->text, words_title(&diagram->words, &clock->title, clock->name));
    buffer_put_text(&diagram->text, " · ");
    words_put_period(&diagram->words, clock);
    struct diagram_line *line = add(diagram, box, LINE_CLOCK);
    words_put_clock_notes(&diagram->words, clock);
    struct bytes notes = arena_copy(diagram->arena, buffer_bytes(&diagram->text));
    buffer_clear(&diagram->text);
    if (line)
        line->notes = notes;
    words_put_clock_terms(&diagram->words, clock);
    (void)add(diagram, box, LINE_TERMS);
    add_expiry_in_place(diagram, box, clock);
    for (; line; line = line->next)
        line->force = clock->force;
}

/* The clocks that begin here at length; those that run on from before by their titles. */
static void add_clocks(struct diagram *diagram, struct diagram_box *box, uint32_t state)
{
    struct listing listing = {diagram, box, "可能仍在计的期限", "May still be running", 0};
    uint64_t own = UINT64_C(1) << state;
    for (uint32_t i = 0; i < diagram->program->clock_count; i++) {
        if (diagram->starts[i] & own && !diagram_starts_anywhere(diagram, i))
            add_clock(diagram, box, i);
    }
    for (uint32_t i = 0; i < diagram->program->clock_count; i++) {
        const struct clock_rule *clock = &diagram->program->clocks[i];
        if (!(diagram->runs[i] & ~diagram->starts[i] & own) || diagram_starts_anywhere(diagram, i))
            continue;
        list_begin(&listing);
        list_item(&listing);
        buffer_put(&diagram->text, words_title(&diagram->words, &clock->title, clock->name));
    }
    list_end(&listing, LINE_EVENT);
}

static void put_move(struct diagram *diagram, const struct diagram_move *move)
{
    if (move->clock != INDEX_NONE) {
        const struct clock_rule *clock = &diagram->program->clocks[move->clock];
        words_say(&diagram->words, "期满：", "Falls due: ");
        buffer_put(&diagram->text, words_title(&diagram->words, &clock->title, clock->name));
    } else if (move->event != INDEX_NONE) {
        words_put_event(&diagram->words, move->event);
    } else if (move->from == 0) {
        words_say(&diagram->words, "由上级案件开立", "Opened by a parent case");
    } else {
        words_say(&diagram->words, "上级案件办结", "its parent case closes");
    }
}

/* The moves from a node for which there was no room. */
static void add_undrawn(struct diagram *diagram, uint32_t node)
{
    struct diagram_box *box = &diagram->nodes[node].box;
    struct listing listing = {diagram, box, "转到其他状态，线未画出", "Leads on; lines not drawn",
                              0};
    for (uint32_t i = 0; i < diagram->move_count; i++) {
        const struct diagram_move *move = &diagram->moves[i];
        if (move->from != node || diagram->layout.edges[move->edge].is_drawn)
            continue;
        list_begin(&listing);
        listing.count++;
        put_move(diagram, move);
        put_guard(diagram, move->branch->guard, move->event);
        if (move->is_else)
            words_say(&diagram->words, "（其余情形）", " (otherwise)");
        buffer_put_text(&diagram->text, " → ");
        words_put_state(&diagram->words, diagram->nodes[move->to].state);
        (void)add(diagram, box, LINE_EVENT);
        add_actions(diagram, box, move->branch, move->event);
    }
}

static void add_remarks(struct diagram *diagram, struct diagram_box *box, const struct state *state)
{
    if (state->no_clock.size) {
        words_say(&diagram->words, "没有期限：", "No clock: ");
        buffer_put(&diagram->text, state->no_clock);
        (void)add(diagram, box, LINE_REMARK);
    }
    if (state->is_end && state->records_late) {
        words_say(&diagram->words, "迟到的事件留存备查", "Late events are recorded");
        (void)add(diagram, box, LINE_REMARK);
    }
    if (state->is_cascade_end) {
        words_say(&diagram->words, "随上级案件一并终结时在此",
                  "Ends here when its parent closes it");
        (void)add(diagram, box, LINE_REMARK);
    }
}

static void fill_state(struct diagram *diagram, uint32_t node)
{
    struct diagram_box *box = &diagram->nodes[node].box;
    uint32_t index = node - diagram->first_state;
    const struct state *state = &diagram->program->states[index];
    words_put_state(&diagram->words, (int32_t)index);
    (void)add(diagram, box, LINE_TITLE);
    buffer_put(&diagram->text, state->name);
    (void)add(diagram, box, LINE_NAME);
    add_clocks(diagram, box, index);
    add_staying(diagram, box, state->handlers, state->handler_count, (int32_t)index);
    add_refused(diagram, box, state->handlers, state->handler_count);
    add_held(diagram, box, state);
    add_remarks(diagram, box, state);
}

static void add_allowed(struct diagram *diagram, struct diagram_box *box)
{
    const struct program *program = diagram->program;
    struct listing listing = {diagram, box, "中止期间仍可办理", "Taken while suspended", 0};
    for (uint32_t i = 0; i < program->suspend_allow_count; i++) {
        list_begin(&listing);
        list_item(&listing);
        words_put_event(&diagram->words, program->suspend_allows[i]);
    }
    list_end(&listing, LINE_EVENT);
}

static void add_suspension(struct diagram *diagram, struct diagram_box *box)
{
    const struct program *program = diagram->program;
    if (program->suspend_from == INDEX_NONE)
        return;
    words_say(&diagram->words, "中止，全部期限停算", "Suspension: every clock pauses");
    (void)add(diagram, box, LINE_HEAD);
    words_put_event(&diagram->words, program->suspend_from);
    if (program->suspend_until != INDEX_NONE) {
        buffer_put_text(&diagram->text, " → ");
        words_put_event(&diagram->words, program->suspend_until);
    }
    struct diagram_line *line = add(diagram, box, LINE_EVENT);
    if (line)
        line->notes = program->suspend_basis;
    add_allowed(diagram, box);
}

static void fill_anywhere(struct diagram *diagram)
{
    const struct program *program = diagram->program;
    struct diagram_box *box = &diagram->nodes[1].box;
    words_say(&diagram->words, "任何未结状态", "In every open state");
    (void)add(diagram, box, LINE_TITLE);
    for (uint32_t i = 0; i < program->clock_count; i++) {
        if (diagram_starts_anywhere(diagram, i))
            add_clock(diagram, box, i);
    }
    add_staying(diagram, box, program->handlers, program->handler_count, INDEX_NONE);
    add_refused(diagram, box, program->handlers, program->handler_count);
    add_suspension(diagram, box);
}

static void fill_heading(struct diagram *diagram)
{
    const struct program *program = diagram->program;
    struct diagram_box *box = &diagram->heading;
    buffer_put(&diagram->text, words_title(&diagram->words, &program->title, program->id));
    (void)box_add(diagram, box, LINE_HEADING, HEADING_TEXT_WIDTH);
    buffer_put(&diagram->text, program->id);
    words_say(&diagram->words, " · 第 ", " · version ");
    buffer_put_decimal(&diagram->text, program->version);
    words_say(&diagram->words, " 版", "");
    (void)box_add(diagram, box, LINE_BASIS, HEADING_TEXT_WIDTH);
    buffer_put(&diagram->text, program->basis);
    (void)box_add(diagram, box, LINE_BASIS, HEADING_TEXT_WIDTH);
}

/* Its guard; of a start that a parent makes, what that must give. */
static void add_condition(struct diagram *diagram, struct diagram_box *label,
                          const struct diagram_move *move)
{
    const struct program *program = diagram->program;
    bool is_given = move->from == 0 && move->event == INDEX_NONE
                    && program->given_field_count + program->given_party_count > 0;
    if (!move->branch->guard && !move->is_else && !is_given)
        return;
    if (is_given) {
        words_say(&diagram->words, "须给出：", "it must give ");
        words_put_given(&diagram->words);
    } else {
        words_say(&diagram->words, move->is_else ? "其余情形" : "条件：",
                  move->is_else ? "otherwise" : "if ");
        if (move->branch->guard)
            words_put_expr(&diagram->words, move->branch->guard, move->event);
    }
    (void)box_add(diagram, label, LINE_GUARD, LABEL_TEXT_WIDTH);
}

static void fill_label(struct diagram *diagram, const struct diagram_move *move)
{
    struct diagram_box *label = &diagram->edges[move->edge].label;
    enum diagram_line_kind kind = move->clock != INDEX_NONE ? LINE_EXPIRY : LINE_LABEL;
    put_move(diagram, move);
    struct diagram_line *line = box_add(diagram, label, kind, LABEL_TEXT_WIDTH);
    for (; line && move->clock != INDEX_NONE; line = line->next)
        line->force = diagram->program->clocks[move->clock].force;
    add_condition(diagram, label, move);
    add_actions(diagram, label, move->branch, move->event);
}

/* A box is wide enough for the lines at its busier side. */
static int32_t width_for_lines(const struct layout *layout, uint32_t node)
{
    int32_t above = 0, below = 0;
    for (uint32_t i = 0; i < layout->edge_count; i++) {
        const struct layout_edge *edge = &layout->edges[i];
        bool is_end = edge->from == node || edge->to == node;
        if (!edge->is_drawn || !is_end)
            continue;
        if ((edge->from == node) != edge->is_back)
            below++;
        else
            above++;
    }
    return (above > below ? above : below) * LAYOUT_LINE_GAP;
}

static void size_all(struct diagram *diagram)
{
    struct layout *layout = &diagram->layout;
    diagram->nodes[0].box.width = diagram->nodes[0].box.height = START_SIZE;
    for (uint32_t i = 0; i < layout->node_count; i++) {
        struct diagram_box *box = &diagram->nodes[i].box;
        if (i > 0)
            box_close(box, BOX_PADDING);
        int32_t least = width_for_lines(layout, i);
        layout->nodes[i].width = box->width > least ? box->width : least;
        layout->nodes[i].height = box->height;
    }
    for (uint32_t i = 0; i < layout->edge_count; i++) {
        struct diagram_box *label = &diagram->edges[i].label;
        box_close(label, LABEL_PADDING);
        layout->edges[i].label_width = label->width;
        layout->edges[i].label_height = label->height;
    }
}

bool diagram_fill(struct diagram *diagram)
{
    fill_heading(diagram);
    for (uint32_t i = diagram->first_state; i < diagram->layout.node_count; i++)
        fill_state(diagram, i);
    if (diagram_has_anywhere(diagram))
        fill_anywhere(diagram);
    for (uint32_t i = 1; i < diagram->layout.node_count; i++)
        add_undrawn(diagram, i);
    for (uint32_t i = 0; i < diagram->move_count; i++)
        fill_label(diagram, &diagram->moves[i]);
    size_all(diagram);
    return !diagram->arena->is_exhausted && !diagram->text.is_full;
}
