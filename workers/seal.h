/* Which of the values that a case sends out say what a sealed field says: those whose expression
 * reads one, under whatever name they go. */
#ifndef LD_WORKERS_SEAL_H
#define LD_WORKERS_SEAL_H

#include "workflows/core/program.h"

/* Does any `emit` of events of this type fill this name of its data from a sealed field of the case
 * or of the event that caused it? O(branches of the program). */
bool seal_covers(const struct program *program, struct bytes type, struct bytes name);

#endif
