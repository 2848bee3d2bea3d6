/* What a diagram says of a branch's actions: which sub-cases it opens, which events it emits. A
 * notice moves no case and is not in the picture. Another workflow is called by its title where
 * the caller knows it, else by its id; the picture of a family is one for each workflow. */
#include "workflows/language/diagram_words.h"

static void put_quoted(struct words *words, struct bytes text)
{
    words_say(words, "“", "\"");
    buffer_put(words->buffer, text);
    words_say(words, "”", "\"");
}

static void put_workflow(struct words *words, struct bytes id)
{
    const struct diagram_request *request = words->request;
    struct title title = {0};
    bool is_known =
        request && request->find_title && request->find_title(request->finder, id, &title);
    put_quoted(words, is_known ? words_title(words, &title, id) : id);
}

/* Text with parts in it: "〔案件编号〕-T". Of texts a sum is one behind the other, however the
 * template was put together (expression_template.c). */
static void put_template(struct words *words, const struct expr *expr, int32_t event)
{
    bool is_shown = expr->op == EXPR_CALL && expr->function == FUNCTION_STRING;
    if (expr->op == EXPR_ADD) {
        put_template(words, expr->args[0], event);
        put_template(words, expr->args[1], event);
    } else if (expr->op == EXPR_LITERAL && expr->literal.kind == VALUE_TEXT) {
        buffer_put(words->buffer, expr->literal.as.text);
    } else {
        words_say(words, "〔", "[");
        words_put_expr(words, is_shown ? expr->args[0] : expr, event);
        words_say(words, "〕", "]");
    }
}

/* What stands between the parts of an action: a comma in a sentence, else the end of the line. */
struct parts {
    struct words *words;
    int32_t event;
    bool is_lines;
};

static void put_part(const struct parts *parts, const char *zh, const char *en)
{
    buffer_put_text(parts->words->buffer, parts->is_lines       ? "\n"
                                          : parts->words->is_zh ? "，"
                                                                : ", ");
    words_say(parts->words, zh, en);
}

static void put_open(const struct parts *parts, const struct action *action)
{
    struct words *words = parts->words;
    words_say(words, "开立下级案件", "opens sub-case ");
    put_workflow(words, action->workflow);
    if (action->each) {
        put_part(parts, "对“", "for each of \"");
        words_put_expr(words, action->each, parts->event);
        words_say(words, "”每项一件", "\"");
    }
    if (action->suspends && action->closes)
        put_part(parts, "随本案中止、办结", "suspended and closed with this case");
    else if (action->suspends)
        put_part(parts, "随本案中止", "suspended with this case");
    else if (action->closes)
        put_part(parts, "随本案办结", "closed with this case");
}

/* What is published goes to subscribers too; without a subject to nobody else. */
static void put_emit(const struct parts *parts, const struct action *action)
{
    struct words *words = parts->words;
    int32_t own = program_event(words->program, action->type);
    words_say(words, "发出", "emits ");
    put_quoted(words, own == INDEX_NONE
                          ? action->type
                          : words_title(words, &words->program->events[own].title, action->type));
    if (action->subject) {
        buffer_put_text(words->buffer, parts->is_lines ? "\n→ " : " → ");
        put_template(words, action->subject, parts->event);
    } else {
        put_part(parts, "供订阅", "to subscribers");
    }
    if (!action->workflow.size)
        return;
    put_part(parts, "可立流程", "which may open ");
    put_workflow(words, action->workflow);
}

static bool put_action(const struct parts *parts, const struct action *action)
{
    switch (action->kind) {
    case ACTION_NOTIFY: return false;
    case ACTION_OPEN: put_open(parts, action); return true;
    case ACTION_EMIT: put_emit(parts, action); return true;
    }
    return false;
}

bool words_put_action(struct words *words, const struct action *action, int32_t event)
{
    return put_action(&(struct parts){words, event, false}, action);
}

bool words_put_action_lines(struct words *words, const struct action *action, int32_t event)
{
    return put_action(&(struct parts){words, event, true}, action);
}

/* Those of the fields and parties that whoever opens a case without an event must supply. */
void words_put_given(struct words *words)
{
    const struct program *program = words->program;
    for (uint32_t i = 0; i < program->given_field_count; i++) {
        const struct field *field = &program->fields[program->given_fields[i]];
        buffer_put_text(words->buffer, i == 0 ? "" : words->is_zh ? "、" : ", ");
        buffer_put(words->buffer, words_title(words, &field->title, field->name));
    }
    for (uint32_t i = 0; i < program->given_party_count; i++) {
        bool is_first = i == 0 && program->given_field_count == 0;
        buffer_put_text(words->buffer, is_first ? "" : words->is_zh ? "、" : ", ");
        words_put_party(words, program->given_parties[i]);
    }
}
