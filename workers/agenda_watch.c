/* Messages that the worker may have died of (DESIGN §3). One that comes again is taken alone; if
 * the worker dies of it once more it is split, and its events are taken one by one; an event that
 * is fatal then is quarantined. So many events of a worker that was merely killed wait for no more
 * than a batch of their own, and the one that kills is found.
 *
 *   crash ─▶ again: alone ─crash▶ again: split ─crash▶ … ─crash▶ the event is quarantined
 *
 * Invariant: what is on record as begun is ended when its batch is durable or was refused. */
#include "workers/agenda_parts.h"

#include <string.h>

void agenda_watch_message(struct agenda *agenda)
{
    struct taking *taking = &agenda->taking;
    struct watch *watch = &agenda->watch;
    uint8_t digest[DIGEST_SIZE];
    taking->is_split = false;
    if (!agenda->rooms.poison || !taking->message->is_again)
        return;
    digest_of(taking->message->body, digest);
    memcpy(watch->message, digest, sizeof watch->message);
    watch->has_message = true;
    taking->is_split = poison_is_suspect(agenda->rooms.poison, watch->message);
    if (!taking->is_split)
        (void)poison_begin(agenda->rooms.poison, watch->message); /* the first try is let go */
}

bool agenda_watch_event(struct agenda *agenda, const uint8_t digest[EVENT_DIGEST_SIZE])
{
    struct watch *watch = &agenda->watch;
    if (!agenda->rooms.poison)
        return true;
    if (poison_is_quarantined(agenda->rooms.poison, digest))
        return false;
    if (!agenda->taking.is_split || watch->has_event)
        return true;
    if (!poison_begin(agenda->rooms.poison, digest))
        return false;
    watch->has_event = true;
    memcpy(watch->event, digest, EVENT_DIGEST_SIZE);
    return true;
}

void agenda_watch_settle(struct agenda *agenda)
{
    struct watch *watch = &agenda->watch;
    if (watch->has_event)
        poison_end(agenda->rooms.poison, watch->event);
    watch->has_event = false;
    if (!watch->has_message || agenda->taking.message)
        return; /* its last events are still to come */
    poison_end(agenda->rooms.poison, watch->message);
    watch->has_message = false;
}
