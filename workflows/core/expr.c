/* Evaluates the typed trees that workflows/language compiles.
 *
 * The compiler has proven types where it could; what stays dynamic (mixed lists, absent values)
 * is checked again here, so that a tree can never read a value as what it is not. Invariants:
 *   - the stack is as deep as the tree, which the compiler bounds by EXPR_DEPTH_MAX;
 *   - the work is at most EXPR_STEPS_MAX steps, what operators do with long texts and lists counted
 *     in before they do it; the memory is at most the arena;
 *   - && || all exists absorb errors as CEL says: one operand that decides is enough, in any
 *     order, and an error counts only where nothing decided. */
#include "workflows/core/expr.h"

#include "workflows/core/expr_parts.h"

/* The variables of the macros around an expression, the innermost first. */
struct binding {
    const struct value *value;
    const struct binding *outer;
};

struct evaluation {
    const struct expr_env *env;
    struct arena *arena;
    const struct binding *bindings;
    uint32_t steps;
};

static enum expr_err evaluate(struct evaluation *eval, const struct expr *expr,
                              struct value *ret_value);

enum {
    STEP_TEXT_SIZE = 32,
    STEP_SEARCH_SIZE = 2,
    STEP_DIGITS = 4,
    STEP_PLACES = 4, /* room made for the elements of a list or map */
    STEP_BINDINGS = 4,
    STEPS_OF_CALL = 8,
    STEPS_OF_CONVERSION = 8,
    STEPS_OF_WORKING_DAYS = 12
};

static enum expr_err spend(struct evaluation *eval, uint64_t steps)
{
    if (steps > EXPR_STEPS_MAX - eval->steps)
        return EXPR_ERR_LIMIT;
    eval->steps += (uint32_t)steps;
    return EXPR_OK;
}

/* A key is compared with those of so many entries: three short ones in two steps. */
static uint64_t weight_of_search(uint64_t count, struct bytes key)
{
    return count * (2 + key.size / STEP_TEXT_SIZE) / 3;
}

/* What it takes to go through a whole value: in steps, never far beyond EXPR_STEPS_MAX. A map is
 * compared with each key looked up among all. */
static uint64_t weight(const struct value *value)
{
    uint64_t steps = 2; /* it is weighed, and gone through */
    if (value->kind == VALUE_TEXT || value->kind == VALUE_UNIT)
        steps += value->as.text.size / STEP_TEXT_SIZE;
    if (value->kind == VALUE_LIST)
        for (uint32_t i = 0; i < value->as.list.count && steps <= EXPR_STEPS_MAX; i++)
            steps += weight(&value->as.list.items[i]);
    if (value->kind != VALUE_MAP)
        return steps;
    for (uint32_t i = 0; i < value->as.map.count && steps <= EXPR_STEPS_MAX; i++)
        steps += weight_of_search(value->as.map.count, value->as.map.entries[i].key)
                 + weight(&value->as.map.entries[i].value);
    return steps;
}

/* What it takes to compare two values, which ends where their kinds or sizes differ. The weighing
 * ends there too: a long value beside a short one is not gone through. */
static uint64_t weight_of_pair(const struct value *left, const struct value *right)
{
    uint64_t steps = 2;
    if (left->kind != right->kind)
        return steps;
    if (left->kind == VALUE_TEXT || left->kind == VALUE_UNIT) {
        size_t of_left = left->as.text.size, of_right = right->as.text.size;
        steps += (of_left < of_right ? of_left : of_right) / STEP_TEXT_SIZE;
    } else if (left->kind == VALUE_LIST && left->as.list.count == right->as.list.count) {
        for (uint32_t i = 0; i < left->as.list.count && steps <= EXPR_STEPS_MAX; i++)
            steps += weight_of_pair(&left->as.list.items[i], &right->as.list.items[i]);
    } else if (left->kind == VALUE_MAP && left->as.map.count == right->as.map.count) {
        steps += weight(left) + weight(right);
    }
    return steps;
}

/* What an operator does beyond one step with its operands. */
static uint64_t weight_of_operation(enum expr_op op, const struct value *left,
                                    const struct value *right)
{
    if (op == EXPR_IN && right->kind == VALUE_MAP)
        return left->kind == VALUE_TEXT ? weight_of_search(right->as.map.count, left->as.text) : 0;
    if (op == EXPR_IN)
        return weight(right);
    if (left->kind != right->kind || left->kind < VALUE_TEXT)
        return 0;
    if (op == EXPR_ADD && left->kind == VALUE_LIST)
        return 2 + (uint64_t)left->as.list.count + right->as.list.count;
    if (op == EXPR_ADD && left->kind == VALUE_TEXT)
        return 2 + (left->as.text.size + right->as.text.size) / STEP_TEXT_SIZE;
    return weight_of_pair(left, right) - 2;
}

/* The special days of (after, through], in either order: each is looked at by itself. */
static uint64_t weight_of_days(const struct calendar *calendar, int32_t after, int32_t through)
{
    uint32_t bounds[2] = {0, 0}, bits = 0;
    const int32_t dates[2] = {after < through ? after : through, after < through ? through : after};
    for (int i = 0; calendar && i < 2; i++) {
        uint32_t high = calendar->day_count;
        while (bounds[i] < high) {
            uint32_t middle = bounds[i] + (high - bounds[i]) / 2;
            if (calendar->days[middle].date <= dates[i])
                bounds[i] = middle + 1;
            else
                high = middle;
        }
    }
    while (calendar && calendar->day_count >> bits)
        bits++;
    return STEPS_OF_WORKING_DAYS + (uint64_t)(bounds[1] - bounds[0]) * (1 + bits / 2);
}

static size_t size_of_text(const struct value *value)
{
    return value->kind == VALUE_TEXT ? value->as.text.size : 0;
}

/* What a function does with its arguments. A search goes through the text once for each place at
 * which it may begin. */
static uint64_t weight_of_call(const struct evaluation *eval, enum expr_function function,
                               const struct value *args)
{
    switch (function) {
    case FUNCTION_CONTAINS:
        return size_of_text(&args[0]) * (1 + size_of_text(&args[1]) / STEP_TEXT_SIZE)
               / STEP_SEARCH_SIZE;
    case FUNCTION_STARTS_WITH:
    case FUNCTION_ENDS_WITH: return size_of_text(&args[1]) / STEP_TEXT_SIZE;
    case FUNCTION_SIZE: return size_of_text(&args[0]) / STEP_TEXT_SIZE;
    case FUNCTION_INT:
    case FUNCTION_DOUBLE: return size_of_text(&args[0]) / STEP_DIGITS;
    case FUNCTION_STRING: return STEPS_OF_CONVERSION;
    case FUNCTION_WORKING_DAYS:
        if (args[0].kind == VALUE_DATE && args[1].kind == VALUE_DATE)
            return weight_of_days(eval->env->calendar, args[0].as.date, args[1].as.date);
        break;
    case FUNCTION_UNIT:
    case FUNCTION_DATE:
    case FUNCTION_DAYS:
    case FUNCTION_DUE: break;
    }
    return 0;
}

static enum expr_err literal(struct evaluation *eval, const struct expr *expr,
                             struct value *ret_value)
{
    (void)eval; /* every evaluator has one form */
    *ret_value = expr->literal;
    return EXPR_OK;
}

static struct value indexed(const struct value *values, uint16_t index)
{
    return values ? values[index] : VALUE_ABSENT;
}

/* VALUE_NONE where the name stands for nothing now. */
static struct value value_of_name(const struct expr_env *env, const struct expr *expr)
{
    switch (expr->slot) {
    case SLOT_EVENT_TYPE: return value_text(env->event_type);
    case SLOT_EVENT_TIME: return value_timestamp(env->event_time_ms);
    case SLOT_EVENT_DATE: return value_date(env->event_date);
    case SLOT_EVENT_SENDER: return value_unit(env->event_sender);
    case SLOT_EVENT_DATA: return indexed(env->event_data, expr->index);
    case SLOT_CASE_ID: return value_text(env->case_id);
    case SLOT_CASE_STATE: return value_text(env->case_state);
    case SLOT_CASE_OPENED: return value_timestamp(env->case_opened_ms);
    case SLOT_CASE_FIELD: return indexed(env->fields, expr->index);
    case SLOT_PARTY: return indexed(env->parties, expr->index);
    case SLOT_SUBS_OPEN: return value_int(env->subs_open);
    case SLOT_SUBS_CLOSED: return value_int(env->subs_closed);
    case SLOT_ELEMENT: return env->element ? *env->element : VALUE_ABSENT;
    }
    LD_ASSERT(!"a name of no slot");
    return VALUE_ABSENT;
}

static enum expr_err name(struct evaluation *eval, const struct expr *expr, struct value *ret_value)
{
    struct value value = value_of_name(eval->env, expr);
    if (value.kind == VALUE_NONE)
        return EXPR_ERR_NO_SUCH_FIELD;
    *ret_value = value;
    return EXPR_OK;
}

static enum expr_err variable(struct evaluation *eval, const struct expr *expr,
                              struct value *ret_value)
{
    if (spend(eval, expr->index / STEP_BINDINGS))
        return EXPR_ERR_LIMIT;
    const struct binding *binding = eval->bindings;
    for (uint16_t i = 0; binding && i < expr->index; i++)
        binding = binding->outer;
    LD_ASSERT(binding);
    *ret_value = *binding->value;
    return EXPR_OK;
}

static enum expr_err take_entry(struct evaluation *eval, const struct value *map, struct bytes key,
                                struct value *ret_value)
{
    if (map->kind != VALUE_MAP)
        return EXPR_ERR_NO_OVERLOAD;
    if (spend(eval, weight_of_search(map->as.map.count, key)))
        return EXPR_ERR_LIMIT;
    const struct value *entry = value_get_bytes(map, key);
    if (!entry)
        return EXPR_ERR_NO_SUCH_FIELD;
    *ret_value = *entry;
    return EXPR_OK;
}

static enum expr_err select_field(struct evaluation *eval, const struct expr *expr,
                                  struct value *ret_value)
{
    struct value record, value;
    enum expr_err err = evaluate(eval, expr->args[0], &record);
    if (!err)
        err = take_entry(eval, &record, expr->name, &value);
    if (err)
        return err;
    *ret_value = value;
    return EXPR_OK;
}

static enum expr_err take_item(const struct value *list, const struct value *at,
                               struct value *ret_value)
{
    bool is_integral = at->kind == VALUE_DOUBLE && at->as.real >= 0 && at->as.real < UINT32_MAX
                       && (double)(uint32_t)at->as.real == at->as.real;
    if (at->kind != VALUE_INT && !is_integral)
        return EXPR_ERR_NO_OVERLOAD;
    int64_t index = is_integral ? (int64_t)at->as.real : at->as.integer;
    if (index < 0 || index >= list->as.list.count)
        return EXPR_ERR_NO_SUCH_FIELD;
    *ret_value = list->as.list.items[index];
    return EXPR_OK;
}

static enum expr_err take_at(struct evaluation *eval, const struct expr *expr,
                             struct value *ret_value)
{
    struct value whole, at;
    enum expr_err err = evaluate(eval, expr->args[0], &whole);
    if (!err)
        err = evaluate(eval, expr->args[1], &at);
    if (err)
        return err;
    if (whole.kind == VALUE_LIST)
        return take_item(&whole, &at, ret_value);
    if (at.kind != VALUE_TEXT)
        return EXPR_ERR_NO_OVERLOAD;
    return take_entry(eval, &whole, at.as.text, ret_value);
}

/* Absence is the answer here; an error in what is selected from stays one. */
static enum expr_err has(struct evaluation *eval, const struct expr *expr, struct value *ret_value)
{
    const struct expr *field = expr->args[0];
    if (field->op == EXPR_NAME) {
        *ret_value = value_bool(value_of_name(eval->env, field).kind != VALUE_NONE);
        return EXPR_OK;
    }
    struct value record, value;
    enum expr_err err = evaluate(eval, field->args[0], &record);
    if (err)
        return err;
    err = take_entry(eval, &record, field->name, &value);
    if (err && err != EXPR_ERR_NO_SUCH_FIELD)
        return err;
    *ret_value = value_bool(!err);
    return EXPR_OK;
}

static enum expr_err list(struct evaluation *eval, const struct expr *expr, struct value *ret_value)
{
    if (spend(eval, 1 + expr->arg_count / STEP_PLACES))
        return EXPR_ERR_LIMIT;
    struct value *items = arena_alloc_array(eval->arena, expr->arg_count, sizeof *items);
    if (!items)
        return EXPR_ERR_MEMORY;
    for (uint16_t i = 0; i < expr->arg_count; i++) {
        enum expr_err err = evaluate(eval, expr->args[i], &items[i]);
        if (err)
            return err;
    }
    *ret_value = value_list(items, expr->arg_count);
    return EXPR_OK;
}

static enum expr_err map_entry(struct evaluation *eval, const struct expr *const *pair,
                               struct value *map, struct value_entry *entries)
{
    struct value key;
    struct value_entry *entry = &entries[map->as.map.count];
    enum expr_err err = evaluate(eval, pair[0], &key);
    if (!err)
        err = evaluate(eval, pair[1], &entry->value);
    if (err)
        return err;
    if (key.kind != VALUE_TEXT)
        return EXPR_ERR_NO_OVERLOAD;
    err = spend(eval, weight_of_search(map->as.map.count, key.as.text));
    if (err)
        return err;
    if (value_get_bytes(map, key.as.text))
        return EXPR_ERR_BAD_VALUE; /* a key stands in a map once */
    entry->key = key.as.text;
    map->as.map.count++;
    return EXPR_OK;
}

static enum expr_err map(struct evaluation *eval, const struct expr *expr, struct value *ret_value)
{
    if (spend(eval, 1 + expr->arg_count / STEP_PLACES))
        return EXPR_ERR_LIMIT;
    struct value_entry *entries =
        arena_alloc_array(eval->arena, expr->arg_count / 2u, sizeof *entries);
    if (!entries)
        return EXPR_ERR_MEMORY;
    struct value built = value_map(entries, 0);
    for (uint16_t i = 0; i + 1 < expr->arg_count; i = (uint16_t)(i + 2)) {
        enum expr_err err = map_entry(eval, &expr->args[i], &built, entries);
        if (err)
            return err;
    }
    *ret_value = built;
    return EXPR_OK;
}

static enum expr_err evaluate_bool(struct evaluation *eval, const struct expr *expr, bool *ret_bool)
{
    struct value value;
    enum expr_err err = evaluate(eval, expr, &value);
    if (err)
        return err;
    if (value.kind != VALUE_BOOL)
        return EXPR_ERR_NO_OVERLOAD;
    *ret_bool = value.as.boolean;
    return EXPR_OK;
}

/* Running out of memory or steps is no answer of the expression: nothing absorbs it, or a
 * replay with another arena could decide otherwise. */
static bool is_absorbed(enum expr_err err)
{
    return err != EXPR_OK && err != EXPR_ERR_MEMORY && err != EXPR_ERR_LIMIT;
}

/* What && || all exists have seen so far: one operand equal to `deciding` decides. */
struct verdict {
    bool deciding;
    bool is_decided;
    enum expr_err err; /* the first that was absorbed */
};

/* False: evaluation ends here, with *ret_err. */
static bool weigh(struct verdict *verdict, struct evaluation *eval, const struct expr *operand,
                  enum expr_err *ret_err)
{
    bool is_true = false;
    enum expr_err err = evaluate_bool(eval, operand, &is_true);
    if (err && !is_absorbed(err)) {
        *ret_err = err;
        return false;
    }
    if (err && !verdict->err)
        verdict->err = err;
    verdict->is_decided = !err && is_true == verdict->deciding;
    *ret_err = EXPR_OK;
    return !verdict->is_decided;
}

static enum expr_err conclude(const struct verdict *verdict, enum expr_err stopped,
                              struct value *ret_value)
{
    if (stopped)
        return stopped;
    if (!verdict->is_decided && verdict->err)
        return verdict->err;
    *ret_value = value_bool(verdict->is_decided == verdict->deciding);
    return EXPR_OK;
}

static enum expr_err and_or(struct evaluation *eval, const struct expr *expr,
                            struct value *ret_value)
{
    struct verdict verdict = {.deciding = expr->op == EXPR_OR};
    enum expr_err stopped = EXPR_OK;
    for (uint16_t i = 0; i < expr->arg_count; i++) {
        if (!weigh(&verdict, eval, expr->args[i], &stopped))
            break;
    }
    return conclude(&verdict, stopped, ret_value);
}

static enum expr_err invert(struct evaluation *eval, const struct expr *expr,
                            struct value *ret_value)
{
    bool is_true;
    enum expr_err err = evaluate_bool(eval, expr->args[0], &is_true);
    if (err)
        return err;
    *ret_value = value_bool(!is_true);
    return EXPR_OK;
}

static enum expr_err negate(struct evaluation *eval, const struct expr *expr,
                            struct value *ret_value)
{
    struct value value;
    enum expr_err err = evaluate(eval, expr->args[0], &value);
    return err ? err : expr_negate(&value, ret_value);
}

static enum expr_err choose(struct evaluation *eval, const struct expr *expr,
                            struct value *ret_value)
{
    bool is_true;
    enum expr_err err = evaluate_bool(eval, expr->args[0], &is_true);
    return err ? err : evaluate(eval, expr->args[is_true ? 1 : 2], ret_value);
}

static enum expr_err operate(struct evaluation *eval, const struct expr *expr,
                             struct value *ret_value)
{
    struct value left, right;
    enum expr_err err = evaluate(eval, expr->args[0], &left);
    if (!err)
        err = evaluate(eval, expr->args[1], &right);
    if (!err)
        err = spend(eval, weight_of_operation(expr->op, &left, &right));
    return err ? err : expr_operate(expr->op, &left, &right, eval->arena, ret_value);
}

static enum expr_err call(struct evaluation *eval, const struct expr *expr, struct value *ret_value)
{
    struct value args[EXPR_CALL_ARGS_MAX];
    LD_ASSERT(expr->arg_count <= EXPR_CALL_ARGS_MAX);
    for (uint16_t i = 0; i < expr->arg_count; i++) {
        enum expr_err err = evaluate(eval, expr->args[i], &args[i]);
        if (err)
            return err;
    }
    enum expr_err err = spend(eval, STEPS_OF_CALL + weight_of_call(eval, expr->function, args));
    return err ? err : expr_call(expr, args, eval->env, eval->arena, ret_value);
}

static enum expr_err evaluate_list(struct evaluation *eval, const struct expr *expr,
                                   struct value *ret_list)
{
    enum expr_err err = evaluate(eval, expr, ret_list);
    if (err)
        return err;
    return ret_list->kind == VALUE_LIST ? EXPR_OK : EXPR_ERR_NO_OVERLOAD;
}

static enum expr_err all_exists(struct evaluation *eval, const struct expr *expr,
                                struct value *ret_value)
{
    struct value list_value;
    enum expr_err err = evaluate_list(eval, expr->args[0], &list_value);
    if (err)
        return err;
    const struct binding *outer = eval->bindings;
    struct verdict verdict = {.deciding = expr->op == EXPR_EXISTS};
    enum expr_err stopped = EXPR_OK;
    for (uint32_t i = 0; i < list_value.as.list.count; i++) {
        struct binding binding = {&list_value.as.list.items[i], outer};
        eval->bindings = &binding;
        bool goes_on = weigh(&verdict, eval, expr->args[1], &stopped);
        eval->bindings = outer;
        if (!goes_on)
            break;
    }
    return conclude(&verdict, stopped, ret_value);
}

static enum expr_err filter_into(struct evaluation *eval, const struct expr *body,
                                 const struct value *from, struct value *items, uint32_t *ret_count)
{
    const struct binding *outer = eval->bindings;
    enum expr_err err = EXPR_OK;
    for (uint32_t i = 0; !err && i < from->as.list.count; i++) {
        bool is_kept = false;
        struct binding binding = {&from->as.list.items[i], outer};
        eval->bindings = &binding;
        err = evaluate_bool(eval, body, &is_kept);
        eval->bindings = outer;
        if (!err && is_kept)
            items[(*ret_count)++] = from->as.list.items[i];
    }
    return err;
}

static enum expr_err filter(struct evaluation *eval, const struct expr *expr,
                            struct value *ret_value)
{
    struct value from;
    uint32_t count = 0;
    enum expr_err err = evaluate_list(eval, expr->args[0], &from);
    if (err)
        return err;
    if (spend(eval, 1 + from.as.list.count / STEP_PLACES))
        return EXPR_ERR_LIMIT;
    struct value *items = arena_alloc_array(eval->arena, from.as.list.count, sizeof *items);
    if (!items)
        return EXPR_ERR_MEMORY;
    err = filter_into(eval, expr->args[1], &from, items, &count);
    if (err)
        return err;
    *ret_value = value_list(items, count);
    return EXPR_OK;
}

static enum expr_err (*const evaluators[])(struct evaluation *eval, const struct expr *expr,
                                           struct value *ret_value) = {
    [EXPR_LITERAL] = literal,
    [EXPR_NAME] = name,
    [EXPR_VARIABLE] = variable,
    [EXPR_SELECT] = select_field,
    [EXPR_INDEX] = take_at,
    [EXPR_HAS] = has,
    [EXPR_LIST] = list,
    [EXPR_MAP] = map,
    [EXPR_NOT] = invert,
    [EXPR_NEGATE] = negate,
    [EXPR_AND] = and_or,
    [EXPR_OR] = and_or,
    [EXPR_CHOOSE] = choose,
    [EXPR_EQUAL] = operate,
    [EXPR_NOT_EQUAL] = operate,
    [EXPR_LESS] = operate,
    [EXPR_LESS_EQUAL] = operate,
    [EXPR_GREATER] = operate,
    [EXPR_GREATER_EQUAL] = operate,
    [EXPR_IN] = operate,
    [EXPR_ADD] = operate,
    [EXPR_SUBTRACT] = operate,
    [EXPR_MULTIPLY] = operate,
    [EXPR_DIVIDE] = operate,
    [EXPR_MODULO] = operate,
    [EXPR_CALL] = call,
    [EXPR_ALL] = all_exists,
    [EXPR_EXISTS] = all_exists,
    [EXPR_FILTER] = filter};

_Static_assert(sizeof evaluators / sizeof evaluators[0] == EXPR_FILTER + 1,
               "every operator has its evaluator");

static enum expr_err evaluate(struct evaluation *eval, const struct expr *expr,
                              struct value *ret_value)
{
    if (eval->steps == EXPR_STEPS_MAX)
        return EXPR_ERR_LIMIT;
    eval->steps++;
    return evaluators[expr->op](eval, expr, ret_value);
}

enum expr_err expr_eval(const struct expr *expr, const struct expr_env *env, struct arena *arena,
                        struct value *ret_value)
{
    struct evaluation eval = {.env = env, .arena = arena};
    struct value value = VALUE_ABSENT;
    enum expr_err err = evaluate(&eval, expr, &value);
    if (err)
        return err;
    *ret_value = value;
    return EXPR_OK;
}

const char *expr_err_word(enum expr_err err)
{
    static const char *const words[EXPR_ERR_COUNT] = {
        [EXPR_OK] = "ok",
        [EXPR_ERR_OVERFLOW] = "overflow",
        [EXPR_ERR_DIVIDE_BY_ZERO] = "divide-by-zero",
        [EXPR_ERR_NO_SUCH_FIELD] = "no-such-field",
        [EXPR_ERR_NO_OVERLOAD] = "no-overload",
        [EXPR_ERR_BAD_VALUE] = "bad-value",
        [EXPR_ERR_MEMORY] = "memory",
        [EXPR_ERR_LIMIT] = "limit",
    };
    LD_ASSERT(err < EXPR_ERR_COUNT);
    return words[err];
}
