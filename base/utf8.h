/* UTF-8 checks (RFC 3629: no surrogates, no overlong forms, at most U+10FFFF). */
#ifndef LD_BASE_UTF8_H
#define LD_BASE_UTF8_H

#include "base/bytes.h"

bool utf8_is_valid(struct bytes text);
/* The number of code points of valid text (the size() of CEL). */
size_t utf8_length(struct bytes text);

#endif
