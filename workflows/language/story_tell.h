/* How a story is put into words, between the timeline and the derivations: nobody else's. */
#ifndef LD_LANGUAGE_STORY_TELL_H
#define LD_LANGUAGE_STORY_TELL_H

#include "base/assert.h"
#include "workflows/language/keys.h"
#include "workflows/language/story_parts.h"

struct teller {
    const struct story_run *run;
    /* Of the case that is told of; where there is none, the last told of stands in for its zone and
     * for the units' names. */
    const struct program *program;
    const struct calendar *calendar;
    const struct directory *directory;
    int zone_minutes;
    bool is_zh;
    struct arena *arena;
    struct buffer *buffer;
};

struct pair {
    const char *zh, *en;
};

/* From here on it tells of a case of this actor; NULL: of none. */
void teller_turn_to(struct teller *teller, const struct story_actor *actor);
void teller_words(const struct teller *teller, const char *zh, const char *en);
void teller_pair(const struct teller *teller, struct pair pair);
void teller_title(const struct teller *teller, struct title title, struct bytes name);
/* 2025-10-10 09:00 */
void teller_moment(const struct teller *teller, int64_t instant_ms);
void teller_unit(const struct teller *teller, struct bytes id);
/* The beginning of a line beneath a row: what it is about. */
void teller_label(const struct teller *teller, const char *zh, const char *en);
void teller_force(const struct teller *teller, enum clock_force force);
void teller_sender(const struct teller *teller, const struct case_event *event);
/* The title of an event, where it has one, and its type. */
void teller_type(const struct teller *teller, struct bytes type);
/* What another case of its family did to it: "(opened by C-1)". */
void teller_family(const struct teller *teller, const struct story_row *row);
/* story_derive.c: the runs of clocks that began in a row. */
void teller_derive(struct teller *teller, uint32_t row);

#endif
