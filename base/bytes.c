#include "base/bytes.h"

#include <string.h>

struct bytes bytes_from_text(const char *text)
{
    return text ? (struct bytes){(const uint8_t *)text, strlen(text)} : BYTES_NONE;
}

bool bytes_equal(struct bytes left, struct bytes right)
{
    return left.size == right.size
           && (left.size == 0 || memcmp(left.ptr, right.ptr, left.size) == 0);
}

bool bytes_is(struct bytes bytes, const char *text)
{
    return bytes_equal(bytes, bytes_from_text(text));
}

int bytes_compare(struct bytes left, struct bytes right)
{
    size_t common = left.size < right.size ? left.size : right.size;
    int order = common ? memcmp(left.ptr, right.ptr, common) : 0;
    if (order)
        return order;
    return (left.size > right.size) - (left.size < right.size);
}

bool bytes_starts_with(struct bytes bytes, struct bytes prefix)
{
    return bytes.size >= prefix.size && bytes_equal(bytes_slice(bytes, 0, prefix.size), prefix);
}

bool bytes_ends_with(struct bytes bytes, struct bytes suffix)
{
    return bytes.size >= suffix.size
           && bytes_equal(bytes_slice(bytes, bytes.size - suffix.size, suffix.size), suffix);
}

size_t bytes_find(struct bytes hay, struct bytes needle)
{
    for (size_t at = 0; needle.size <= hay.size && at <= hay.size - needle.size; at++) {
        if (bytes_equal(bytes_slice(hay, at, needle.size), needle))
            return at;
    }
    return SIZE_MAX;
}

struct bytes bytes_slice(struct bytes bytes, size_t offset, size_t size)
{
    if (offset >= bytes.size)
        return BYTES_NONE;
    size_t left = bytes.size - offset;
    return (struct bytes){bytes.ptr + offset, size < left ? size : left};
}
