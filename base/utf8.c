#include "base/utf8.h"

struct form {
    uint8_t mask, lead, size;
    uint32_t minimum;
};

static const struct form forms[] = {
    {0x80, 0x00, 1, 0x0}, {0xE0, 0xC0, 2, 0x80}, {0xF0, 0xE0, 3, 0x800}, {0xF8, 0xF0, 4, 0x10000}};

static const struct form *form_of(uint8_t lead)
{
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        if ((lead & forms[i].mask) == forms[i].lead)
            return &forms[i];
    }
    return NULL;
}

/* The size of the code point at the start of text, 0 where it is not one. */
static size_t take(struct bytes text)
{
    const struct form *form = form_of(text.ptr[0]);
    if (!form || form->size > text.size)
        return 0;
    uint32_t point = text.ptr[0] & (uint8_t)~form->mask;
    for (size_t i = 1; i < form->size; i++) {
        if ((text.ptr[i] & 0xC0) != 0x80)
            return 0;
        point = point << 6 | (text.ptr[i] & 0x3F);
    }
    bool is_surrogate = point >= 0xD800 && point <= 0xDFFF;
    return point < form->minimum || is_surrogate || point > 0x10FFFF ? 0 : form->size;
}

bool utf8_is_valid(struct bytes text)
{
    size_t size;
    for (size_t at = 0; at < text.size; at += size) {
        size = take((struct bytes){text.ptr + at, text.size - at});
        if (!size)
            return false;
    }
    return true;
}

size_t utf8_length(struct bytes text)
{
    size_t length = 0;
    for (size_t i = 0; i < text.size; i++)
        length += (text.ptr[i] & 0xC0) != 0x80;
    return length;
}
