/* What a diagram says of a program, in the reader's language and as short as a box is wide:
 * titles, guards, periods, clocks. Must not know where it stands or how it is drawn. */
#ifndef LD_LANGUAGE_DIAGRAM_WORDS_H
#define LD_LANGUAGE_DIAGRAM_WORDS_H

#include "base/buffer.h"
#include "workflows/core/program.h"
#include "workflows/language/diagram.h"

struct words {
    const struct program *program;
    bool is_zh;
    struct buffer *buffer;
    const struct diagram_request *request; /* for titles of other workflows; or NULL */
};

void words_say(struct words *words, const char *zh, const char *en);
/* The title in the reader's language; the other one, then the name, where there is none. */
struct bytes words_title(const struct words *words, const struct title *title, struct bytes name);
void words_put_state(struct words *words, int32_t state);
void words_put_event(struct words *words, int32_t event);
void words_put_party(struct words *words, int32_t party);
const char *words_force(enum clock_force force, bool is_zh);

/* "开立下级案件“整改”，“清单”每项一件", "发出“移送” → 〔案件编号〕-T"; false: nothing is said of
 * such an action. event: whose data it may name. */
bool words_put_action(struct words *words, const struct action *action, int32_t event);
/* The same with a line for each of its parts. */
bool words_put_action_lines(struct words *words, const struct action *action, int32_t event);
/* "整改期限、责任单位": what must be given to a sub-case that is opened. */
void words_put_given(struct words *words);

/* "紧急情形 且 kind = withdraw": titles in the place of names, as far as an expression is made of
 * names, literals and plain operators; else its source. event: whose data it may name. */
void words_put_expr(struct words *words, const struct expr *expr, int32_t event);
/* "紧急情形时 15 日;否则 2 个月" */
void words_put_period(struct words *words, const struct clock_rule *clock);
/* "法定 · 承办检察院 · 可暂停 · 可延长": all that matters of a clock beside title and period. */
void words_put_clock_terms(struct words *words, const struct clock_rule *clock);
/* The same at length, with the legal source: for a tooltip. */
void words_put_clock_notes(struct words *words, const struct clock_rule *clock);

#endif
