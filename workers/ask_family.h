/* What a case's answer says of its family: whose sub-case it is, what suspends it, and the
 * sub-cases that it opened, as their own records have them. */
#ifndef LD_WORKERS_ASK_FAMILY_H
#define LD_WORKERS_ASK_FAMILY_H

#include "workers/ask.h"
#include "workers/form.h"

enum { ASK_FAMILY_KEYS = 4 };

/* parent, suspended, suspended_above, subs: what applies. O(sub-cases). */
void form_family(struct form *form, const struct ask *ask, const struct case_state *state);
/* What a row of a family did to the case whose row it is. */
const char *family_word(enum input_kind input);

#endif
