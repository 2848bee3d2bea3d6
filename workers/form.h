/* Writes an answer: a map whose keys that say nothing are left out, in an arena. What does not fit
 * the arena is left out too; the arena's is_exhausted tells, and the answer is then made smaller.
 */
#ifndef LD_WORKERS_FORM_H
#define LD_WORKERS_FORM_H

#include "base/arena.h"
#include "base/civil.h"
#include "base/value.h"
#include "workflows/core/rules.h"

struct form {
    struct arena *arena;
    int zone_minutes;
    struct value_builder map; /* capacity 0: the arena is used up */
};

struct form form_open(struct arena *arena, uint32_t capacity, int zone_minutes);
struct value form_close(const struct form *form);

void form_value(struct form *form, const char *key, struct value value);
void form_text(struct form *form, const char *key, struct bytes text); /* empty: left out */
void form_word(struct form *form, const char *key, const char *word);
void form_int(struct form *form, const char *key, int64_t number);
void form_bool(struct form *form, const char *key, bool is_true);
void form_instant(struct form *form, const char *key, int64_t instant_ms); /* NONE: left out */
void form_date(struct form *form, const char *key, int32_t date);          /* NONE: left out */
void form_digest(struct form *form, const char *key, const uint8_t *digest, size_t size);
void form_title(struct form *form, const char *key, const struct title *title);
/* The title of a unit of the directory; left out where it is no such unit, or directory is NULL. */
void form_unit_title(struct form *form, const char *key, const struct directory *directory,
                     struct bytes unit);
/* A list of at most capacity values, filled by the caller. */
struct value *form_items(struct arena *arena, uint32_t capacity);

#endif
