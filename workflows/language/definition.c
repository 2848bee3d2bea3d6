/* A workflow definition from text to program (LANGUAGE §1-§4, §6): its head, and the order in which
 * the parts are read. First all names, so that parts may refer to each other in any order of the
 * text; then the parts; and, when no part has a mistake, what is proved of the whole. A finding
 * in a part would otherwise bring untrue findings of the whole with it. */
#include "workflows/language/definition.h"

#include "base/civil.h"
#include "base/digest.h"
#include "workflows/language/definition_draft.h"

static const struct key top_keys[] = {
    KEY("workflow", SHAPE_SCALAR | SHAPE_REQUIRED),
    KEY("version", SHAPE_SCALAR | SHAPE_REQUIRED),
    KEY("effective", SHAPE_SCALAR),
    KEY("title", SHAPE_SCALAR | SHAPE_MAP),
    KEY("basis", SHAPE_SCALAR),
    KEY("labels", SHAPE_LIST),
    KEY("calendar", SHAPE_SCALAR),
    KEY("parties", SHAPE_MAP),
    KEY("data", SHAPE_MAP),
    KEY("events", SHAPE_MAP),
    KEY("start", SHAPE_MAP | SHAPE_REQUIRED),
    KEY("states", SHAPE_MAP | SHAPE_REQUIRED),
    KEY("clocks", SHAPE_MAP),
    KEY("when", SHAPE_MAP),
    KEY("suspend", SHAPE_MAP),
};

void draft_note(struct draft *draft, const void *thing, struct place place)
{
    struct note *note = thing ? arena_alloc(draft->sheet.arena, sizeof *note) : NULL;
    if (!note)
        return;
    *note = (struct note){.next = draft->notes, .thing = thing, .place = place};
    draft->notes = note;
}

struct place draft_place(const struct draft *draft, const void *thing)
{
    for (const struct note *note = draft->notes; note; note = note->next) {
        if (note->thing == thing)
            return note->place;
    }
    return (struct place){1, 1};
}

uint32_t draft_rows(struct draft *draft, const char *key, uint32_t max,
                    const struct yaml_node **ret_node)
{
    *ret_node = sheet_get(draft->root, key, SHAPE_MAP);
    return *ret_node ? sheet_bound(&draft->sheet, *ret_node, (*ret_node)->count, max, key) : 0;
}

struct expression_scope draft_scope(const struct draft *draft, int32_t event)
{
    return (struct expression_scope){
        .parties = draft->parties,
        .party_count = draft->program.party_count,
        .fields = draft->fields,
        .field_count = draft->program.field_count,
        .event = event == INDEX_NONE ? NULL : &draft->events[event],
        .is_unsent = event != INDEX_NONE && event == draft->program.joined_event,
        .element = draft->element,
        .clocks = draft->clocks,
        .clock_count = draft->program.clock_count,
        .directory = draft->context->directory,
        .has_subs = true,
        .known = draft->known,
    };
}

/* The first name of the sub-cases' count in the expression, or NULL. */
static const struct expr *find_subs(const struct expr *expr)
{
    if (expr->op == EXPR_NAME && (expr->slot == SLOT_SUBS_OPEN || expr->slot == SLOT_SUBS_CLOSED))
        return expr;
    const struct expr *found = NULL;
    for (uint32_t i = 0; i < expr->arg_count && !found; i++)
        found = find_subs(expr->args[i]);
    return found;
}

const struct expr *draft_note_expr(struct draft *draft, const struct expr *expr, struct place place)
{
    const struct expr *subs = expr && draft->subs_place.line == 0 ? find_subs(expr) : NULL;
    draft_note(draft, expr, place);
    if (subs)
        draft->subs_place = (struct place){place.line, subs->column};
    return expr;
}

const struct expr *draft_expr(struct draft *draft, const struct yaml_node *node, int32_t event,
                              enum static_kind wanted)
{
    if (!node || !sheet_shape(&draft->sheet, node, SHAPE_SCALAR))
        return NULL;
    struct place place = sheet_content_place(node);
    struct expression_scope scope = draft_scope(draft, event);
    const struct expr *expr = expression_compile(node->text, place, &scope, wanted,
                                                 draft->sheet.arena, draft->sheet.diagnostics);
    return draft_note_expr(draft, expr, place);
}

const struct expr *draft_expr_as(struct draft *draft, const struct yaml_node *node, int32_t event,
                                 const struct data_type *wanted)
{
    if (!node || !sheet_shape(&draft->sheet, node, SHAPE_SCALAR))
        return NULL;
    struct place place = sheet_content_place(node);
    struct expression_scope scope = draft_scope(draft, event);
    const struct expr *expr = expression_compile_as(node->text, place, &scope, wanted,
                                                    draft->sheet.arena, draft->sheet.diagnostics);
    return draft_note_expr(draft, expr, place);
}

const struct expr *draft_expr_optional(struct draft *draft, const struct yaml_node *node,
                                       int32_t event, const struct data_type *wanted,
                                       const struct expr **ret_asked)
{
    if (!node || !sheet_shape(&draft->sheet, node, SHAPE_SCALAR))
        return NULL;
    struct place place = sheet_content_place(node);
    struct expression_scope scope = draft_scope(draft, event);
    const struct expr *expr = expression_compile_optional(
        node->text, place, &scope, wanted, draft->sheet.arena, draft->sheet.diagnostics, ret_asked);
    return draft_note_expr(draft, expr, place);
}

void draft_know(struct draft *draft, const struct expr *guard, bool is_true)
{
    struct expression_known *known = guard ? arena_alloc(draft->sheet.arena, sizeof *known) : NULL;
    if (!known)
        return;
    *known = (struct expression_known){guard, is_true, draft->known};
    draft->known = known;
}

const struct expr *draft_template(struct draft *draft, const struct yaml_node *node, int32_t event)
{
    if (!node || !sheet_shape(&draft->sheet, node, SHAPE_SCALAR))
        return NULL;
    struct place place = sheet_content_place(node);
    struct expression_scope scope = draft_scope(draft, event);
    const struct expr *expr = expression_template(node->text, place, &scope, draft->sheet.arena,
                                                  draft->sheet.diagnostics);
    return draft_note_expr(draft, expr, place);
}

const struct expr *draft_period(struct draft *draft, const struct yaml_node *node, int32_t event,
                                enum period_unit *ret_unit)
{
    if (!node || !sheet_shape(&draft->sheet, node, SHAPE_SCALAR))
        return NULL;
    struct place place = sheet_content_place(node);
    struct expression_scope scope = draft_scope(draft, event);
    const struct expr *expr = expression_period(node->text, place, &scope, draft->sheet.arena,
                                                draft->sheet.diagnostics, ret_unit);
    return draft_note_expr(draft, expr, place);
}

/* A date, or the fallback where that side of the range is open. */
static bool range_side(struct bytes text, int32_t fallback, int32_t *ret_date)
{
    *ret_date = fallback;
    return text.size == 0 || date_parse(text, ret_date);
}

/* `2021-07-01..`, `..2025-12-31`, `A..B`. */
static void read_effective(struct draft *draft)
{
    const struct yaml_node *node = sheet_get(draft->root, "effective", SHAPE_SCALAR);
    struct program *program = &draft->program;
    program->effective_from = DATE_MIN;
    program->effective_until = DATE_MAX;
    if (!node)
        return;
    size_t dots = bytes_find(node->text, BYTES_LITERAL(".."));
    bool is_range =
        dots != SIZE_MAX && node->text.size > 2
        && range_side(bytes_slice(node->text, 0, dots), DATE_MIN, &program->effective_from)
        && range_side(bytes_slice(node->text, dots + 2, node->text.size), DATE_MAX,
                      &program->effective_until);
    if (!is_range || program->effective_from > program->effective_until)
        sheet_report(&draft->sheet, node->place, "bad-range", node->text);
}

static void read_labels(struct draft *draft)
{
    const struct yaml_node *node = sheet_get(draft->root, "labels", SHAPE_LIST);
    struct bytes *labels = node ? sheet_rows(&draft->sheet, node->count, sizeof *labels) : NULL;
    if (!labels)
        return;
    for (uint32_t i = 0; i < node->count; i++)
        labels[i] = sheet_text(&draft->sheet, node->items[i]);
    draft->program.labels = labels;
    draft->program.label_count = node->count;
}

static void read_calendar(struct draft *draft)
{
    const struct yaml_node *node = sheet_get(draft->root, "calendar", SHAPE_SCALAR);
    const struct calendar *calendar = draft->context->calendar;
    if (!node)
        return;
    draft->program.calendar = sheet_name(&draft->sheet, node->text, node->place, NAME_PLAIN);
    if (calendar && !bytes_equal(calendar->id, node->text))
        sheet_report_unknown(&draft->sheet, node->place, "unknown-calendar", node->text,
                             NAMES_OF(&calendar->id, 1));
}

static void read_head(struct draft *draft)
{
    const struct yaml_node *root = draft->root;
    const struct yaml_node *id = sheet_get(root, "workflow", SHAPE_SCALAR);
    if (id)
        draft->program.id = sheet_name(&draft->sheet, id->text, id->place, NAME_PLAIN);
    draft->program.version = (uint32_t)sheet_whole(
        &draft->sheet, sheet_get(root, "version", SHAPE_SCALAR), 1, INT32_MAX);
    draft->program.title = sheet_title(
        &draft->sheet, sheet_get(root, "title", SHAPE_SCALAR | SHAPE_MAP), draft->program.id);
    draft->program.basis = sheet_text(&draft->sheet, sheet_get(root, "basis", SHAPE_SCALAR));
    draft->program.suspend_from = INDEX_NONE;
    draft->program.suspend_until = INDEX_NONE;
    draft->program.cascade_end = INDEX_NONE;
    draft->program.joined_event = INDEX_NONE;
    read_effective(draft);
    read_labels(draft);
    read_calendar(draft);
}

static void read_parts(struct draft *draft)
{
    draft_parties(draft);
    draft_data(draft);
    draft_events(draft);
    draft_state_names(draft);
    draft_clock_names(draft);
    draft_start(draft);
    draft_states(draft);
    draft_top_handlers(draft);
    draft_clocks(draft);
    draft_suspend(draft);
}

struct program draft_program(const struct draft *draft)
{
    struct program program = draft->program;
    program.parties = draft->parties;
    program.fields = draft->fields;
    program.events = draft->events;
    program.states = draft->states;
    program.clocks = draft->clocks;
    return program;
}

static const struct program *finish(const struct draft *draft)
{
    struct program *program = arena_alloc(draft->sheet.arena, sizeof *program);
    if (program)
        *program = draft_program(draft);
    return program;
}

const struct program *definition_workflow(struct bytes text,
                                          const struct definition_context *context,
                                          struct arena *arena, struct diagnostics *diagnostics)
{
    static const struct definition_context nothing = {0};
    struct draft draft = {.sheet = {arena, diagnostics}, .context = context ? context : &nothing};
    struct sheet_watch watch = sheet_begin(&draft.sheet);
    const struct program *program = NULL;
    draft.root = yaml_read(text, arena, diagnostics);
    if (draft.root && sheet_keys(&draft.sheet, draft.root, top_keys, KEY_COUNT(top_keys))) {
        read_head(&draft);
        read_parts(&draft);
        if (diagnostics->error_count == watch.error_count && !arena->is_exhausted)
            draft_check(&draft);
        digest_of(text, draft.program.digest);
        program = finish(&draft);
    }
    return sheet_finish(&draft.sheet, watch) ? program : NULL;
}
