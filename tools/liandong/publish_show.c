/* One event, one line, in the order of the input. */
#include "tools/liandong/publish_show.h"

#include "workflows/core/case.h"

bool fate_is_refusal(const struct fate_answer *answer)
{
    struct bytes fate = bytes_is(answer->fate, "duplicate") ? answer->first_fate : answer->fate;
    return bytes_is(fate, "refused");
}

/* --- JSON ----------------------------------------------------------------------------------- */

static void put_text(struct value_builder *builder, const char *key, struct bytes text)
{
    if (text.size)
        value_put(builder, key, value_text(text));
}

static void put_position(struct value_builder *builder, uint64_t position)
{
    if (position)
        value_put(builder, "position", value_int((int64_t)position));
}

static void print_line(FILE *file, const struct value_builder *builder)
{
    struct value map = value_built(builder);
    print_json(file, &map);
    fputc('\n', file);
}

static void print_fate_json(FILE *file, const struct fate_answer *answer)
{
    struct value_entry entries[12], firsts[3];
    struct value_builder builder = {entries, 12, 0}, first = {firsts, 3, 0};
    value_put(&builder, "id", value_text(answer->id));
    value_put(&builder, "subject", value_text(answer->subject));
    value_put(&builder, "fate", value_text(answer->fate));
    put_position(&builder, answer->position);
    put_text(&builder, "code", answer->code);
    put_text(&builder, "detail", answer->detail);
    put_text(&builder, "wanted", answer->wanted);
    put_text(&builder, "zh", answer->zh);
    put_text(&builder, "en", answer->en);
    if (answer->takes.kind == VALUE_LIST)
        value_put(&builder, "takes", answer->takes);
    put_text(&first, "fate", answer->first_fate);
    put_text(&first, "code", answer->first_code);
    put_position(&first, answer->first_position);
    if (first.count)
        value_put(&builder, "first", value_built(&first));
    put_text(&builder, "state", answer->state);
    print_line(file, &builder);
}

/* --- people --------------------------------------------------------------------------------- */

static const char *fate_title(const struct command_context *context, struct bytes word)
{
    for (int fate = 0; fate < FATE_COUNT; fate++) {
        const struct word_row *row = fate_words((enum fate)fate);
        if (bytes_is(word, row->word))
            return say(context, row->zh, row->en);
    }
    return "?";
}

/* Some of it an agency wrote: nothing that drives a terminal gets through. */
static void print_part(FILE *file, const char *before, struct bytes text)
{
    if (text.size)
        fputs(before, file);
    for (size_t i = 0; i < text.size; i++)
        fputc(text.ptr[i] < 0x20 || text.ptr[i] == 0x7F ? '?' : text.ptr[i], file);
}

static void print_takes(FILE *file, const struct command_context *context,
                        const struct value *takes)
{
    if (takes->kind != VALUE_LIST || takes->as.list.count == 0)
        return;
    fputs(say(context, ";现在可受理:", "; taken now: "), file);
    for (uint32_t i = 0; i < takes->as.list.count; i++)
        print_part(file, i ? ", " : "", takes->as.list.items[i].as.text);
}

static void print_wanted(FILE *file, const struct command_context *context,
                         const struct fate_answer *answer)
{
    struct bytes rest = BYTES_NONE;
    const struct word_row *row = reason_words(answer->wanted, &rest);
    if (!refusal_has_reason(answer->code)) {
        print_part(file, say(context, ";应为 ", "; wanted: "), answer->wanted);
        return;
    }
    struct bytes why = row ? bytes_from_text(say(context, row->zh, row->en)) : answer->wanted;
    print_part(file, say(context, ";原因:", "; because: "), why);
    if (row)
        print_part(file, ": ", rest);
}

static void print_fate_words(FILE *file, const struct command_context *context,
                             const struct fate_answer *answer)
{
    fprintf(file, "%.*s  %.*s  %s", BYTES_PRINTF(answer->subject), BYTES_PRINTF(answer->id),
            fate_title(context, answer->fate));
    if (answer->first_fate.size)
        fprintf(file, " (%s%s)", say(context, "首次:", "first: "),
                fate_title(context, answer->first_fate));
    print_part(file, " [", answer->code);
    if (answer->code.size)
        fputc(']', file);
    print_part(file, " ", context->is_zh ? answer->zh : answer->en);
    print_part(file, ": ", answer->detail);
    print_wanted(file, context, answer);
    print_takes(file, context, &answer->takes);
    print_part(file,
               fate_is_refusal(answer) ? say(context, ";状态仍为 ", "; the state stays ") : " → ",
               answer->state);
    fputc('\n', file);
}

void print_fate(FILE *file, const struct fate_printer *printer, const struct fate_answer *answer)
{
    if (printer->is_json)
        print_fate_json(file, answer);
    else
        print_fate_words(file, printer->context, answer);
}

void print_malformed(FILE *file, const struct fate_printer *printer, uint64_t line,
                     const struct value *event, const struct event_problem *problem)
{
    const struct command_context *context = printer->context;
    struct value_entry entries[8];
    struct value_builder builder = {entries, 8, 0};
    if (!printer->is_json) {
        fprintf(file,
                say(context, "第 %llu 行  已拒绝 [malformed] %s\n",
                    "line %llu  refused [malformed] %s\n"),
                (unsigned long long)line, say(context, problem->zh, problem->en));
        return;
    }
    put_text(&builder, "id", value_get_text(event, "id"));
    put_text(&builder, "subject", value_get_text(event, "subject"));
    value_put(&builder, "fate", value_words("refused"));
    value_put(&builder, "code", value_words("malformed"));
    value_put(&builder, "line", value_int((int64_t)line));
    value_put(&builder, "zh", value_words(problem->zh));
    value_put(&builder, "en", value_words(problem->en));
    print_line(file, &builder);
}

void print_fateless(FILE *file, const struct fate_printer *printer, const struct value *event,
                    const char *why)
{
    struct bytes id = value_get_text(event, "id"), subject = value_get_text(event, "subject");
    struct value_entry entries[4];
    struct value_builder builder = {entries, 4, 0};
    const char *reason = why ? why : "no-answer";
    if (!printer->is_json) {
        fprintf(file, "%.*s  %.*s  %s [%s]\n", BYTES_PRINTF(subject), BYTES_PRINTF(id),
                say(printer->context, "没有结果", "no fate"), reason);
        return;
    }
    value_put(&builder, "id", value_text(id));
    value_put(&builder, "subject", value_text(subject));
    value_put(&builder, "fate", VALUE_ABSENT);
    value_put(&builder, "code", value_words(reason));
    print_line(file, &builder);
}
