/* What all partitions answered to one request: a list whose rows are {partition, answer} or
 * {partition, error}. */
#ifndef LD_TOOLS_GATHERED_H
#define LD_TOOLS_GATHERED_H

#include "tools/liandong/command.h"

/* The answer of a partition's row; NULL where it is an error. */
const struct value *gathered_answer(const struct value *row);
/* Complains once of each error. EXIT_YES where there is none, EXIT_NO where all are refusals,
 * EXIT_TROUBLE where a partition could not be asked. */
int gathered_check(const struct command_context *context, const struct value *list);

#endif
