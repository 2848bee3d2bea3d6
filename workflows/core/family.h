/* A family: a case, the sub-cases that it opened, theirs, and so on. They change together: what one
 * input does to one of them, and all that follows from it in the others, is one transaction of the
 * shell, in the store as in stories.
 *
 *   root step ─▶ openings decided (any refused: the event is) ─▶ root kept ─▶ sub-cases kept
 *             ─▶ suspension and closing go down, a closed sub-case goes up, until nothing follows
 *
 * Pure: what cases there are and where facts go is the shell's, behind struct family_room. */
#ifndef LD_CORE_FAMILY_H
#define LD_CORE_FAMILY_H

#include "workflows/core/case.h"

/* A case as the shell holds it. Pointers stay good until the transaction ends. */
struct family_member {
    const struct program *program;
    const struct rules *rules;
    struct case_state *state;
};

struct family_room {
    void *context;
    struct arena *arena; /* of the transaction: decisions live in it until they are kept */
    struct fact *facts;  /* EFFECTS_MAX, scratch */
    /* An open case. LD_NOT_FOUND, LD_CORRUPT; LD_FULL: no room, nothing of it all is to count. */
    enum ld_err (*find)(void *context, struct bytes id, struct family_member *ret_member);
    /* A case that does not exist yet, empty, under the workflow's newest version in effect on the
     * date. LD_NOT_FOUND: there is no such workflow; LD_EXISTS: there is such a case; LD_FULL. */
    enum ld_err (*blank)(void *context, struct bytes workflow, int32_t date, struct bytes id,
                         struct family_member *ret_member);
    /* Journals the step and applies its facts. The root's comes first and is the cause of the
     * others. LD_FULL: no room; LD_OVERFLOW: the case's record would grow past its bound. */
    enum ld_err (*keep)(void *context, struct family_member *member,
                        const struct case_input *input, const struct effects *effects);
};

/* Decides the input for the root, and keeps it with all that follows. An event that is refused, or
 * a duplicate, is not kept: ret_effects says so, for the shell to put on record. What time or
 * another case of the family causes cannot be refused: a sub-case that cannot be opened then is a
 * FACT_PROBLEM of its parent. For INPUT_EVENT every case of the family must be caught up.
 * Anything but LD_OK (LD_FULL, LD_OVERFLOW also where more than FAMILY_STEPS_MAX steps follow,
 * LD_CORRUPT, what keep says): what was kept so far is not to count, the shell takes it back. */
LD_MUST_USE enum ld_err family_step(const struct family_room *room, struct family_member *root,
                                    const struct case_input *input, struct effects *ret_effects);

#endif
