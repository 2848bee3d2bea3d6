/* Memory handed out from one block of the caller's and given back all at once.
 * The pure rooms allocate from nothing else; the bound of a step is the size of its block. */
#ifndef LD_BASE_ARENA_H
#define LD_BASE_ARENA_H

#include "base/bytes.h"

struct arena {
    uint8_t *block; /* owned by the caller of arena_init */
    size_t size;
    size_t used;
    bool is_exhausted; /* some allocation did not fit since the last clear */
};

void arena_init(struct arena *arena, void *block, size_t size);
/* Everything handed out is given back. */
void arena_clear(struct arena *arena);
/* Zeroed memory aligned for any type, or NULL when the block is used up. */
void *arena_alloc(struct arena *arena, size_t size);
/* count * size with the product checked. */
void *arena_alloc_array(struct arena *arena, size_t count, size_t size);
/* A copy that lives as long as the arena, with a terminating zero behind it that size does not
 * count; {NULL, 0} when the block is used up (is_exhausted tells it from an empty view). */
struct bytes arena_copy(struct arena *arena, struct bytes bytes);
/* A mark to come back to: what was handed out after it is given back by arena_rewind. */
size_t arena_mark(const struct arena *arena);
void arena_rewind(struct arena *arena, size_t mark);

#endif
