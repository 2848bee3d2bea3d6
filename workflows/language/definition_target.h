/* What another workflow asks of those who open a case of it, or send it the event that starts one.
 * For the readers of actions and of policies. Private to them. */
#ifndef LD_LANGUAGE_DEFINITION_TARGET_H
#define LD_LANGUAGE_DEFINITION_TARGET_H

#include "workflows/language/definition.h"
#include "workflows/language/keys.h"

/* NULL: nobody can be asked, or it is unknown, which is reported, and for a NULL node. */
const struct program *target_find(const struct sheet *sheet,
                                  const struct definition_context *context,
                                  const struct yaml_node *id);
/* Every field and party that must be given is among the names. */
void target_check_given(const struct sheet *sheet, struct place place, const struct program *target,
                        struct names fields, struct names parties);
/* Every data field that the event must carry is among the names. */
void target_check_data(const struct sheet *sheet, struct place place, struct bytes workflow,
                       const struct event_type *event, struct names data);
/* What the workflow's beginning reads of the event that starts it, and so lacks where a case is
 * opened as a sub-case; the text of the expression, or nothing. */
struct bytes target_reads_event(const struct program *target);

#endif
