/* The rows of a question to every partition, page by page and merged by a key. */
#ifndef LD_TOOLS_ROWS_H
#define LD_TOOLS_ROWS_H

#include "tools/liandong/online.h"

struct rows;

/* question: a map without `after` and `max`; key: the text of a row by which rows are merged (each
 * partition gives them in that order). partition: one, or PARTITION_ALL for every one in turn. The
 * question must outlive the rows. NULL: no memory, after a complaint. */
struct rows *rows_open(struct command_context *context, struct connection *connection,
                       uint32_t partition, const struct value *question, const char *key);
void rows_close(struct rows *rows); /* takes NULL */
/* The next row, valid until the next call; NULL at the end, or after a complaint (rows_failed). */
const struct value *rows_next(struct rows *rows);
bool rows_failed(const struct rows *rows);

#endif
