/* The draft that a rung opens for a named person to sign (LANGUAGE §4). Private to the reader of
 * policies. */
#ifndef LD_LANGUAGE_POLICY_DRAFT_H
#define LD_LANGUAGE_POLICY_DRAFT_H

#include "workflows/language/definition.h"
#include "workflows/language/keys.h"

/* NULL after a finding and for a NULL node. */
const struct rung_draft *policy_draft(const struct sheet *sheet,
                                      const struct definition_context *context,
                                      const struct yaml_node *node);

#endif
