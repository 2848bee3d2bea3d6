/* A view of bytes that somebody else owns, passed by value.
 * The lifetime of what it points at is named where a function hands one out. */
#ifndef LD_BASE_BYTES_H
#define LD_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bytes {
    const uint8_t *ptr;
    size_t size;
};

#define BYTES_NONE ((struct bytes){0})
/* A view of a string literal, its terminator left out. */
#define BYTES_LITERAL(text) ((struct bytes){(const uint8_t *)(text), sizeof(text) - 1})

/* A view of a terminated string (NULL gives the empty view). */
struct bytes bytes_from_text(const char *text);
bool bytes_equal(struct bytes left, struct bytes right);
bool bytes_is(struct bytes bytes, const char *text);
/* Byte order, shorter first: <0, 0, >0. */
int bytes_compare(struct bytes left, struct bytes right);
bool bytes_starts_with(struct bytes bytes, struct bytes prefix);
bool bytes_ends_with(struct bytes bytes, struct bytes suffix);
/* Where needle first stands in hay, or SIZE_MAX. O(hay * needle). */
size_t bytes_find(struct bytes hay, struct bytes needle);
/* The view from offset on, at most size long; offset and size are clipped. */
struct bytes bytes_slice(struct bytes bytes, size_t offset, size_t size);

/* For printf: printf("%.*s", BYTES_PRINTF(view)). */
#define BYTES_PRINTF(bytes) (int)(bytes).size, (const char *)(bytes).ptr

#endif
