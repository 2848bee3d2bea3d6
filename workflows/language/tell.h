/* Whom a rung of a ladder or a notice tells, as people write it: `who`, a name, `supervisor(X)`.
 * Private to the readers of policies and workflows. */
#ifndef LD_LANGUAGE_TELL_H
#define LD_LANGUAGE_TELL_H

#include "workflows/language/keys.h"

struct tell_scope {
    const struct directory *directory; /* NULL: roles and units are not known */
    struct names parties;              /* of the workflow; none where a policy is read */
};

/* One name or a list of them, at most RUNG_TELL_MAX; a name that is nobody known is taken for a
 * party. NULL after a finding, and for a NULL node. */
struct tell *tell_list(const struct sheet *sheet, const struct tell_scope *scope,
                       const struct yaml_node *node, uint32_t *ret_count);
/* Never none: that is no level of an alert. */
enum alert_level tell_level(const struct sheet *sheet, const struct yaml_node *node);

#endif
