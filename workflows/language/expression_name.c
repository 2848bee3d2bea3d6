/* Names and selections, and what is known to be present. An optional field may be read where its
 * presence is known: under a guard that asks has(x), to the right of has(x) &&, to the right of
 * !has(x) ||, and in the branches of ?:. Facts are a list that grows inwards and is cut where the
 * scope ends, so that a fact of one branch is never seen by the other. */
#include "workflows/language/expression_parts.h"

#include "base/buffer.h"
#include "workflows/language/keys.h"

static bool fail_unknown(struct checker *checker, const struct syntax *syntax, const char *code)
{
    return compilation_fail(checker->compilation, syntax->place, code,
                            syntax_source(checker->compilation, syntax), BYTES_NONE);
}

static struct bytes meant_hint(struct arena *arena, const char *before, const char *prefix,
                               struct bytes meant)
{
    uint8_t memory[128];
    struct buffer buffer;
    buffer_init(&buffer, memory, sizeof memory);
    buffer_put_text(&buffer, before);
    buffer_put_text(&buffer, prefix);
    buffer_put(&buffer, meant);
    buffer_put_text(&buffer, "?");
    return arena_copy(arena, buffer_bytes(&buffer));
}

/* prefix: how a name of these is written; names may be none. */
static bool fail_unnamed(struct checker *checker, const struct syntax *syntax, const char *prefix,
                         struct names names)
{
    struct compilation *compilation = checker->compilation;
    const struct bytes *meant = names_nearest(names, syntax->name);
    struct bytes arguments[] = {
        syntax_source(compilation, syntax),
        BYTES_LITERAL(
            "可写 event.data.字段、case.字段、party.当事方;单位写 unit('编号'),文本加引号"),
        BYTES_LITERAL("names are event.data.FIELD, case.FIELD, party.PARTY; a unit is unit('ID'), "
                      "a text stands in quotes")};
    if (meant) {
        arguments[1] = meant_hint(compilation->arena, "是否应为 ", prefix, *meant);
        arguments[2] = meant_hint(compilation->arena, "did you mean ", prefix, *meant);
    }
    if (!compilation->is_failed)
        diagnose(compilation->diagnostics, syntax->place, "expr-unknown-name", arguments, 3);
    compilation->is_failed = true;
    return false;
}

static bool fail_nameless(struct checker *checker, const struct syntax *syntax)
{
    return fail_unnamed(checker, syntax, "", (struct names){0});
}

/* Variables count from the outermost here: a fact keeps its meaning inside further macros. */
static bool is_same_path(const struct expr *left, uint16_t left_depth, const struct expr *right,
                         uint16_t right_depth)
{
    while (left->op == right->op) {
        if (left->op == EXPR_NAME)
            return left->slot == right->slot && left->index == right->index;
        if (left->op == EXPR_VARIABLE)
            return left_depth - left->index == right_depth - right->index;
        if (left->op != EXPR_SELECT || !bytes_equal(left->name, right->name))
            return false;
        left = left->args[0];
        right = right->args[0];
    }
    return false;
}

static bool is_known(const struct checker *checker, const struct expr *path)
{
    for (const struct fact_link *fact = checker->facts; fact; fact = fact->next) {
        if (is_same_path(fact->path, fact->depth, path, checker->depth))
            return true;
    }
    return false;
}

static bool learn(struct checker *checker, const struct expr *path)
{
    if (is_known(checker, path))
        return true;
    struct fact_link *fact = arena_alloc(checker->compilation->arena, sizeof *fact);
    if (!fact)
        return false;
    *fact = (struct fact_link){.path = path, .depth = checker->depth, .next = checker->facts};
    checker->facts = fact;
    return true;
}

bool learn_facts(struct checker *checker, const struct expr *expr, bool is_true)
{
    if (expr->op == EXPR_HAS)
        return !is_true || learn(checker, expr->args[0]);
    if (expr->op == EXPR_NOT)
        return learn_facts(checker, expr->args[0], !is_true);
    /* A true && has true operands alone, a false || false ones alone. */
    if (expr->op != (is_true ? EXPR_AND : EXPR_OR))
        return true;
    for (uint16_t i = 0; i < expr->arg_count; i++) {
        if (!learn_facts(checker, expr->args[i], is_true))
            return false;
    }
    return true;
}

/* A table of names with open addressing: the name's index + 1, or 0 where a place is free. It is
 * made when a compilation searches these names for the SEARCHES_MIN-th time: most never do. */
struct name_index {
    struct name_index *next;
    const void *rows;
    uint32_t searches;
    uint32_t mask;
    uint16_t *places; /* or NULL */
};

enum { INDEX_NAMES_MIN = 16, INDEX_NAMES_MAX = UINT16_MAX / 4, SEARCHES_MIN = 8 };

static const struct bytes *name_of(struct names names, uint32_t row)
{
    return (const struct bytes *)(const void *)((const char *)names.rows + row * names.stride);
}

/* FNV-1a. */
static uint32_t hash_name(struct bytes name)
{
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < name.size; i++)
        hash = (hash ^ name.ptr[i]) * 16777619u;
    return hash ^ hash >> 15;
}

/* Where the name stands in the table, or the free place where it would. */
static uint16_t *place_in(const struct name_index *index, struct names names, struct bytes name)
{
    uint32_t at = hash_name(name) & index->mask;
    while (index->places[at] && !bytes_equal(*name_of(names, index->places[at] - 1u), name))
        at = (at + 1) & index->mask;
    return &index->places[at];
}

static struct name_index *index_of(struct compilation *compilation, struct names names)
{
    struct name_index *index = compilation->indexes;
    while (index && index->rows != names.rows)
        index = index->next;
    if (index)
        return index;
    index = arena_alloc(compilation->arena, sizeof *index);
    if (!index)
        return NULL;
    *index = (struct name_index){.next = compilation->indexes, .rows = names.rows};
    compilation->indexes = index;
    return index;
}

static bool fill_index(struct arena *arena, struct names names, struct name_index *index)
{
    uint32_t size = 2 * INDEX_NAMES_MIN;
    while (size < 2 * names.count)
        size *= 2;
    index->mask = size - 1;
    index->places = arena_alloc_array(arena, size, sizeof *index->places);
    for (uint32_t i = 0; index->places && i < names.count; i++) {
        uint16_t *place = place_in(index, names, *name_of(names, i));
        if (!*place)
            *place = (uint16_t)(i + 1);
    }
    return index->places;
}

int32_t find_name(struct compilation *compilation, struct names names, struct bytes name)
{
    if (names.count < INDEX_NAMES_MIN || names.count > INDEX_NAMES_MAX)
        return names_find(names, name);
    struct name_index *index = index_of(compilation, names);
    if (!index || ++index->searches < SEARCHES_MIN)
        return names_find(names, name);
    if (!index->places && !fill_index(compilation->arena, names, index))
        return names_find(names, name);
    return *place_in(index, names, name) - 1;
}

/* What a name was resolved to. */
struct resolved {
    enum expr_slot slot;
    uint16_t index;
    struct static_type type;
    bool is_optional;
};

static bool resolve_field(struct checker *checker, const struct field *fields, uint32_t count,
                          struct bytes name, struct resolved *ret_resolved)
{
    int32_t index = find_name(checker->compilation, NAMES_OF(fields, count), name);
    if (index < 0)
        return false;
    const struct field *field = &fields[index];
    ret_resolved->index = (uint16_t)index;
    ret_resolved->is_optional = field->is_optional && field->initial.kind == VALUE_NONE;
    return static_of_data(checker->compilation->arena, &field->type, &ret_resolved->type);
}

struct builtin {
    const char *name;
    enum expr_slot slot;
    const struct static_type *type;
};

static bool resolve_builtin(const struct builtin *rows, size_t count, struct bytes name,
                            struct resolved *ret_resolved)
{
    for (size_t i = 0; i < count; i++) {
        if (bytes_is(name, rows[i].name)) {
            ret_resolved->slot = rows[i].slot;
            ret_resolved->type = *rows[i].type;
            return true;
        }
    }
    return false;
}

static bool resolve_event(struct checker *checker, const struct syntax *syntax,
                          struct resolved *ret_resolved)
{
    static const struct builtin rows[] = {{"type", SLOT_EVENT_TYPE, &static_string},
                                          {"time", SLOT_EVENT_TIME, &static_timestamp},
                                          {"date", SLOT_EVENT_DATE, &static_date},
                                          {"sender", SLOT_EVENT_SENDER, &static_unit}};
    const struct event_type *event = checker->compilation->scope->event;
    bool is_there =
        event && !(checker->compilation->scope->is_unsent && bytes_is(syntax->name, "sender"));
    if (!is_there)
        return fail_unknown(checker, syntax, "expr-no-event");
    return resolve_builtin(rows, sizeof rows / sizeof rows[0], syntax->name, ret_resolved)
           || fail_nameless(checker, syntax);
}

static bool resolve_event_data(struct checker *checker, const struct syntax *syntax,
                               struct resolved *ret_resolved)
{
    const struct event_type *event = checker->compilation->scope->event;
    if (!event)
        return fail_unknown(checker, syntax, "expr-no-event");
    ret_resolved->slot = SLOT_EVENT_DATA;
    return resolve_field(checker, event->fields, event->field_count, syntax->name, ret_resolved)
           || fail_unnamed(checker, syntax, "event.data.",
                           NAMES_OF(event->fields, event->field_count));
}

static bool resolve_case(struct checker *checker, const struct syntax *syntax,
                         struct resolved *ret_resolved)
{
    static const struct builtin rows[] = {{"id", SLOT_CASE_ID, &static_string},
                                          {"state", SLOT_CASE_STATE, &static_string},
                                          {"opened", SLOT_CASE_OPENED, &static_timestamp}};
    const struct expression_scope *scope = checker->compilation->scope;
    if (resolve_builtin(rows, sizeof rows / sizeof rows[0], syntax->name, ret_resolved))
        return true;
    ret_resolved->slot = SLOT_CASE_FIELD;
    return resolve_field(checker, scope->fields, scope->field_count, syntax->name, ret_resolved)
           || fail_unnamed(checker, syntax, "case.", NAMES_OF(scope->fields, scope->field_count));
}

static bool resolve_party(struct checker *checker, const struct syntax *syntax,
                          struct resolved *ret_resolved)
{
    const struct expression_scope *scope = checker->compilation->scope;
    for (uint32_t i = 0; i < scope->party_count; i++) {
        if (bytes_equal(scope->parties[i].name, syntax->name)) {
            *ret_resolved =
                (struct resolved){.slot = SLOT_PARTY, .index = (uint16_t)i, .type = static_unit};
            return true;
        }
    }
    return fail_unnamed(checker, syntax, "party.", NAMES_OF(scope->parties, scope->party_count));
}

static bool resolve_subs(struct checker *checker, const struct syntax *syntax,
                         struct resolved *ret_resolved)
{
    static const struct builtin rows[] = {{"open", SLOT_SUBS_OPEN, &static_int},
                                          {"closed", SLOT_SUBS_CLOSED, &static_int}};
    bool is_found =
        checker->compilation->scope->has_subs
        && resolve_builtin(rows, sizeof rows / sizeof rows[0], syntax->name, ret_resolved);
    return is_found || fail_nameless(checker, syntax);
}

static const struct variable *variable_of(const struct checker *checker, struct bytes name,
                                          uint16_t *ret_index)
{
    uint16_t index = 0;
    for (const struct variable *variable = checker->variables; variable;
         variable = variable->outer, index++) {
        if (bytes_equal(variable->name, name)) {
            *ret_index = index;
            return variable;
        }
    }
    return NULL;
}

/* Is this the bare word, not hidden by a macro's variable of the same name? */
static bool is_root(const struct checker *checker, const struct syntax *syntax, const char *word)
{
    uint16_t index;
    return syntax->kind == SYNTAX_NAME && bytes_is(syntax->name, word)
           && !variable_of(checker, syntax->name, &index);
}

/* How a selection is resolved where what is before its last point is a name of the house. */
static bool (*resolver_of(const struct checker *checker,
                          const struct syntax *from))(struct checker *, const struct syntax *,
                                                      struct resolved *)
{
    if (from->kind == SYNTAX_SELECT && bytes_is(from->name, "data")
        && is_root(checker, from->first, "event"))
        return resolve_event_data;
    if (is_root(checker, from, "event"))
        return resolve_event;
    if (is_root(checker, from, "case"))
        return resolve_case;
    if (is_root(checker, from, "party"))
        return resolve_party;
    return is_root(checker, from, "subs") ? resolve_subs : NULL;
}

bool check_name(struct checker *checker, const struct syntax *syntax, struct typed *ret_typed)
{
    uint16_t index;
    const struct variable *variable = variable_of(checker, syntax->name, &index);
    const struct expression_element *element = checker->compilation->scope->element;
    if (!variable && element && bytes_equal(element->name, syntax->name)) {
        if (!make_typed(checker, syntax, EXPR_NAME, NULL, 0, ret_typed))
            return false;
        ret_typed->expr->slot = SLOT_ELEMENT;
        ret_typed->expr->name = element->name;
        ret_typed->type = element->type;
        return true;
    }
    if (!variable)
        return fail_nameless(checker, syntax);
    if (!make_typed(checker, syntax, EXPR_VARIABLE, NULL, 0, ret_typed))
        return false;
    ret_typed->expr->index = index;
    ret_typed->expr->name = syntax->name;
    ret_typed->type = variable->type;
    return true;
}

static bool select_type(struct checker *checker, const struct syntax *syntax,
                        const struct static_type *from, struct resolved *ret_resolved)
{
    if (from->kind == STATIC_RECORD)
        return resolve_field(checker, from->fields, from->field_count, syntax->name, ret_resolved)
               || fail_nameless(checker, syntax);
    if (from->kind == STATIC_MAP)
        ret_resolved->type = *from->of;
    else if (from->kind == STATIC_DYN)
        ret_resolved->type = static_dyn;
    else
        return compilation_fail(checker->compilation, syntax->place, "expr-type",
                                BYTES_LITERAL("."), bytes_from_text(static_word(from)));
    return true;
}

static bool resolve(struct checker *checker, const struct syntax *syntax, struct typed *ret_typed,
                    bool *ret_is_optional)
{
    struct resolved resolved = {0};
    bool (*resolver)(struct checker *, const struct syntax *, struct resolved *) =
        resolver_of(checker, syntax->first);
    if (resolver) {
        if (!resolver(checker, syntax, &resolved)
            || !make_typed(checker, syntax, EXPR_NAME, NULL, 0, ret_typed))
            return false;
        ret_typed->expr->slot = resolved.slot;
        ret_typed->expr->index = resolved.index;
    } else {
        struct typed from;
        if (!check_expression(checker, syntax->first, &from)
            || !select_type(checker, syntax, &from.type, &resolved)
            || !make_typed(checker, syntax, EXPR_SELECT, &from, 1, ret_typed))
            return false;
    }
    ret_typed->expr->name = syntax->name;
    ret_typed->type = resolved.type;
    *ret_is_optional = resolved.is_optional;
    return true;
}

bool check_path(struct checker *checker, const struct syntax *syntax, struct typed *ret_typed,
                bool *ret_is_absent)
{
    bool is_optional;
    if (syntax->kind != SYNTAX_SELECT)
        return fail_unknown(checker, syntax, "expr-has");
    if (!resolve(checker, syntax, ret_typed, &is_optional))
        return false;
    *ret_is_absent = is_optional && !is_known(checker, ret_typed->expr);
    return true;
}

bool check_select(struct checker *checker, const struct syntax *syntax, struct typed *ret_typed)
{
    bool is_optional;
    if (!resolve(checker, syntax, ret_typed, &is_optional))
        return false;
    return !is_optional || is_known(checker, ret_typed->expr)
           || fail_unknown(checker, syntax, "expr-optional");
}
