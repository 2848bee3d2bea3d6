/* The only memory of the worker that comes and goes with its work: a block a delivery, bounded by
 * the credit that the worker gives the broker. */
#include "workers/message.h"

#include <stdlib.h>
#include <string.h>

struct message *message_create(const struct wire_header *header, struct bytes body)
{
    struct message *message = malloc(sizeof *message + body.size);
    if (!message)
        return NULL;
    *message = (struct message){
        .token = header->token,
        .inner = header->inner,
        .is_again = header->is_again,
        .body = {(const uint8_t *)(message + 1), body.size},
        .answer = WIRE_KIND_COUNT,
    };
    if (body.size)
        memcpy(message + 1, body.ptr, body.size);
    list_init(&message->node);
    return message;
}

void message_destroy(struct message *message)
{
    if (!message)
        return;
    LD_ASSERT(list_is_empty(&message->node));
    free((void *)(uintptr_t)message->answer_body.ptr);
    free(message);
}

void message_answer(struct message *message, enum wire_kind kind, enum wire_error code,
                    struct bytes body)
{
    LD_ASSERT(message->answer == WIRE_KIND_COUNT);
    uint8_t *copy = body.size ? malloc(body.size) : NULL;
    bool is_lost = body.size && !copy;
    if (copy)
        memcpy(copy, body.ptr, body.size);
    message->answer = is_lost ? WIRE_ERROR : kind;
    message->code = is_lost ? WIRE_ERROR_UNAVAILABLE : code;
    message->answer_body = (struct bytes){copy, copy ? body.size : 0};
}

void message_refuse(struct message *message, enum wire_error code, struct bytes detail)
{
    const struct wire_error_row *words = wire_error_words(code);
    struct value_entry entries[3];
    struct value_builder map = {.entries = entries, .capacity = 3};
    value_put(&map, "zh", value_words(words->zh));
    value_put(&map, "en", value_words(words->en));
    if (detail.size)
        value_put(&map, "detail", value_text(detail));
    uint8_t memory[1024];
    struct buffer buffer;
    buffer_init(&buffer, memory, sizeof memory);
    struct value body = value_built(&map);
    codec_encode(&body, &buffer);
    message_answer(message, WIRE_ERROR, code, buffer.is_full ? BYTES_NONE : buffer_bytes(&buffer));
}
