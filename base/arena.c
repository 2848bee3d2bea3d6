#include "base/arena.h"

#include "base/assert.h"

#include <stdalign.h>
#include <string.h>

void arena_init(struct arena *arena, void *block, size_t size)
{
    *arena = (struct arena){.block = block, .size = size};
}

void arena_clear(struct arena *arena)
{
    arena->used = 0;
    arena->is_exhausted = false;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    uintptr_t next = (uintptr_t)arena->block + arena->used;
    size_t pad = (size_t)(-next & (alignof(max_align_t) - 1));
    size_t left = arena->size - arena->used;
    if (pad > left || size > left - pad) {
        arena->is_exhausted = true;
        return NULL;
    }
    void *memory = arena->block + arena->used + pad;
    arena->used += pad + size;
    return memset(memory, 0, size);
}

void *arena_alloc_array(struct arena *arena, size_t count, size_t size)
{
    if (size && count > SIZE_MAX / size) {
        arena->is_exhausted = true;
        return NULL;
    }
    return arena_alloc(arena, count * size);
}

struct bytes arena_copy(struct arena *arena, struct bytes bytes)
{
    uint8_t *copy = arena_alloc(arena, bytes.size + 1);
    if (!copy)
        return BYTES_NONE;
    if (bytes.size)
        memcpy(copy, bytes.ptr, bytes.size);
    return (struct bytes){copy, bytes.size};
}

size_t arena_mark(const struct arena *arena)
{
    return arena->used;
}

void arena_rewind(struct arena *arena, size_t mark)
{
    LD_ASSERT(mark <= arena->used);
    arena->used = mark;
}
