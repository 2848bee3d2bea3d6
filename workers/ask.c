/* What all requests share: errors, bounds, and the way into the message. */
#include "workers/ask.h"

#include "workers/form.h"

#include <stdlib.h>

void ask_refuse(struct ask *ask, enum wire_error code, struct bytes detail)
{
    ask->code = code;
    ask->detail = detail;
    ask->answer = VALUE_ABSENT;
}

uint32_t ask_max(const struct ask *ask)
{
    int64_t max = value_get_int(ask->question, "max", ASK_ROWS_DEFAULT);
    return max < 1 ? 1 : max > ASK_ROWS_MAX ? ASK_ROWS_MAX : (uint32_t)max;
}

uint32_t ask_smaller(struct ask *ask, uint32_t max)
{
    if (max > 1)
        return max / 2;
    if (ask->is_plain)
        return 0;
    ask->is_plain = true;
    return 1;
}

const struct directory *ask_directory(const struct ask *ask)
{
    return ask->is_plain ? NULL : shelf_directory(ask->shelf);
}

bool ask_reply(const struct ask *ask, struct message *message)
{
    if (ask->code != WIRE_ERROR_NONE && ask->answer.kind == VALUE_NONE) {
        message_refuse(message, ask->code, ask->detail);
        return true;
    }
    uint8_t *memory = malloc(WIRE_BODY_MAX);
    struct buffer buffer;
    buffer_init(&buffer, memory, memory ? WIRE_BODY_MAX : 0);
    codec_encode(&ask->answer, &buffer);
    bool is_whole = !buffer.is_full && !ask->arena->is_exhausted;
    if (is_whole)
        message_answer(message, ask->code == WIRE_ERROR_NONE ? WIRE_ANSWER : WIRE_ERROR, ask->code,
                       buffer_bytes(&buffer));
    free(memory);
    return is_whole;
}
