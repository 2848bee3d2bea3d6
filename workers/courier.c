/* Why so: the mark in the store is one number, so events leave the window in the order of the
 * journal, however their fates come; and what has no fate is told from what has one by nothing but
 * the window, which a crash may take away.
 *
 * Invariants (courier_check):
 *  - the parcels of the ring stand in the order of position and fact, behind the mark, and no
 *    further than what was read;
 *  - the first of them is not DONE: it would have left;
 *  - a trip that is out has as many parcels as it says, and nobody else has any that are out;
 *  - a partition has one trip at most. */
#include "workers/courier.h"

static struct parcel *at(struct courier *courier, uint32_t index)
{
    return &courier->parcels[(courier->first + index) % COURIER_WINDOW];
}

static const struct parcel *peek(const struct courier *courier, uint32_t index)
{
    return &courier->parcels[(courier->first + index) % COURIER_WINDOW];
}

void courier_init(struct courier *courier, uint64_t kept, int64_t now_ms)
{
    *courier = (struct courier){.read = kept, .kept = kept, .kept_ms = now_ms - COURIER_KEEP_MS};
}

/* --- what is read ---------------------------------------------------------------------------- */

bool courier_has_room(const struct courier *courier)
{
    return COURIER_WINDOW - courier->count >= EFFECTS_MAX;
}

void courier_add(struct courier *courier, const struct parcel *parcel)
{
    LD_ASSERT(courier->count < COURIER_WINDOW);
    LD_ASSERT(parcel->position == courier->read + 1);
    *at(courier, courier->count) = *parcel;
    at(courier, courier->count)->status = PARCEL_WAITING;
    courier->count++;
}

void courier_read_to(struct courier *courier, uint64_t position)
{
    LD_ASSERT(position >= courier->read);
    courier->read = position;
}

/* --- what is sent ---------------------------------------------------------------------------- */

static struct trip *trip_to(struct courier *courier, uint32_t partition)
{
    for (uint32_t i = 0; i < COURIER_TRIPS; i++) {
        struct trip *trip = &courier->trips[i];
        if (trip->status != TRIP_NONE && trip->partition == partition)
            return trip;
    }
    return NULL;
}

static struct trip *trip_of(struct courier *courier, uint64_t seq)
{
    for (uint32_t i = 0; i < COURIER_TRIPS; i++) {
        struct trip *trip = &courier->trips[i];
        if (trip->status == TRIP_OUT && trip->seq == seq)
            return trip;
    }
    return NULL;
}

/* How many events of the partition may go now. */
static uint32_t allowed(const struct courier *courier, uint32_t partition, int64_t now_ms)
{
    uint32_t room = 0;
    for (uint32_t i = 0; i < COURIER_TRIPS; i++) {
        const struct trip *trip = &courier->trips[i];
        if (trip->status == TRIP_NONE) {
            room = COURIER_BATCH;
        } else if (trip->partition == partition) {
            bool is_barred = trip->status == TRIP_OUT || now_ms < trip->retry_ms;
            return is_barred ? 0 : trip->alone ? 1 : COURIER_BATCH;
        }
    }
    return room;
}

/* From the first waiting event on whose partition takes some: that of the earliest event. */
static uint32_t pick_from(const struct courier *courier, uint32_t start, uint32_t max,
                          uint32_t *ret_places)
{
    uint32_t partition = peek(courier, start)->partition, count = 0;
    for (uint32_t i = start; i < courier->count && count < max; i++) {
        const struct parcel *parcel = peek(courier, i);
        if (parcel->status == PARCEL_WAITING && parcel->partition == partition)
            ret_places[count++] = (courier->first + i) % COURIER_WINDOW;
    }
    return count;
}

uint32_t courier_pick(const struct courier *courier, int64_t now_ms,
                      uint32_t ret_places[COURIER_BATCH])
{
    uint32_t barred = UINT32_MAX; /* the partition of the event before: mostly the same */
    for (uint32_t i = 0; i < courier->count; i++) {
        const struct parcel *parcel = peek(courier, i);
        if (parcel->status != PARCEL_WAITING || parcel->partition == barred)
            continue;
        uint32_t max = allowed(courier, parcel->partition, now_ms);
        if (max > 0)
            return pick_from(courier, i, max, ret_places);
        barred = parcel->partition;
    }
    return 0;
}

const struct parcel *courier_parcel(const struct courier *courier, uint32_t place)
{
    LD_ASSERT(place < COURIER_WINDOW);
    return &courier->parcels[place];
}

static struct trip *begin_trip(struct courier *courier, uint32_t partition)
{
    struct trip *trip = trip_to(courier, partition);
    for (uint32_t i = 0; i < COURIER_TRIPS && !trip; i++) {
        if (courier->trips[i].status == TRIP_NONE)
            trip = &courier->trips[i];
    }
    LD_ASSERT(trip && trip->status != TRIP_OUT); /* else nothing was picked */
    trip->partition = partition;
    return trip;
}

void courier_send(struct courier *courier, const uint32_t *places, uint32_t count, uint64_t seq)
{
    LD_ASSERT(count > 0 && count <= COURIER_BATCH && seq > 0);
    struct trip *trip = begin_trip(courier, courier->parcels[places[0]].partition);
    trip->status = TRIP_OUT;
    trip->seq = seq;
    trip->count = count;
    for (uint32_t i = 0; i < count; i++) {
        struct parcel *parcel = &courier->parcels[places[i]];
        LD_ASSERT(parcel->status == PARCEL_WAITING && parcel->partition == trip->partition);
        parcel->status = PARCEL_OUT;
    }
}

/* --- what comes back ------------------------------------------------------------------------- */

static void retire(struct courier *courier)
{
    while (courier->count > 0 && at(courier, 0)->status == PARCEL_DONE) {
        courier->first = (courier->first + 1) % COURIER_WINDOW;
        courier->count--;
    }
}

static bool has_waiting(const struct courier *courier, uint32_t partition)
{
    for (uint32_t i = 0; i < courier->count; i++) {
        const struct parcel *parcel = peek(courier, i);
        if (parcel->status == PARCEL_WAITING && parcel->partition == partition)
            return true;
    }
    return false;
}

void courier_give_up(struct courier *courier, uint32_t place)
{
    struct parcel *parcel = &courier->parcels[place];
    LD_ASSERT(parcel->status == PARCEL_WAITING);
    parcel->status = PARCEL_DONE;
    courier->has_delivered = true;
    struct trip *trip = trip_to(courier, parcel->partition);
    /* A trip rests for what waits; without that it would be due for ever. */
    if (trip && trip->status == TRIP_RESTING && !has_waiting(courier, trip->partition))
        *trip = (struct trip){0};
    retire(courier);
}

/* Everything of the trip that is out. */
static void move(struct courier *courier, const struct trip *trip, enum parcel_status status)
{
    for (uint32_t i = 0; i < courier->count; i++) {
        struct parcel *parcel = at(courier, i);
        if (parcel->status == PARCEL_OUT && parcel->partition == trip->partition)
            parcel->status = status;
    }
}

static void finish(struct courier *courier, struct trip *trip, int64_t now_ms)
{
    uint32_t alone = trip->alone > trip->count ? trip->alone - trip->count : 0;
    uint32_t partition = trip->partition;
    move(courier, trip, PARCEL_DONE);
    courier->has_delivered = true;
    *trip = (struct trip){0};
    if (alone > 0)
        *trip = (struct trip){
            .status = TRIP_RESTING, .partition = partition, .alone = alone, .retry_ms = now_ms};
    retire(courier);
}

static int64_t delay_after(uint32_t tries)
{
    int64_t delay_ms = COURIER_DELAY_FIRST_MS;
    for (uint32_t i = 1; i < tries && delay_ms < COURIER_DELAY_MAX_MS; i++)
        delay_ms *= 2;
    return delay_ms < COURIER_DELAY_MAX_MS ? delay_ms : COURIER_DELAY_MAX_MS;
}

static void rest(struct courier *courier, struct trip *trip, int64_t retry_ms)
{
    move(courier, trip, PARCEL_WAITING);
    trip->status = TRIP_RESTING;
    trip->retry_ms = retry_ms;
}

static enum courier_verdict try_later(struct courier *courier, struct trip *trip, int64_t now_ms)
{
    trip->tries++;
    rest(courier, trip, now_ms + delay_after(trip->tries));
    return COURIER_AGAIN;
}

enum courier_verdict courier_fates(struct courier *courier, uint64_t seq, uint32_t count,
                                   int64_t now_ms)
{
    struct trip *trip = trip_of(courier, seq);
    if (!trip)
        return COURIER_UNKNOWN;
    if (count != trip->count)
        return try_later(courier, trip, now_ms);
    finish(courier, trip, now_ms);
    return COURIER_DONE;
}

enum courier_verdict courier_error(struct courier *courier, uint64_t seq, enum wire_error code,
                                   int64_t now_ms)
{
    struct trip *trip = trip_of(courier, seq);
    if (!trip)
        return COURIER_UNKNOWN;
    bool is_form = code == WIRE_ERROR_MALFORMED || code == WIRE_ERROR_TOO_LARGE;
    if (!is_form)
        return try_later(courier, trip, now_ms); /* nothing was taken; time may mend it */
    if (trip->count == 1) {
        finish(courier, trip, now_ms);
        return COURIER_GIVEN_UP;
    }
    trip->alone = trip->count;
    rest(courier, trip, now_ms);
    return COURIER_AGAIN;
}

void courier_recall(struct courier *courier, int64_t now_ms)
{
    for (uint32_t i = 0; i < COURIER_TRIPS; i++) {
        if (courier->trips[i].status == TRIP_OUT)
            (void)try_later(courier, &courier->trips[i], now_ms);
    }
}

bool courier_is_out(const struct courier *courier)
{
    for (uint32_t i = 0; i < COURIER_TRIPS; i++) {
        if (courier->trips[i].status == TRIP_OUT)
            return true;
    }
    return false;
}

/* --- the mark -------------------------------------------------------------------------------- */

uint64_t courier_cursor(const struct courier *courier)
{
    return courier->count > 0 ? peek(courier, 0)->position - 1 : courier->read;
}

static bool is_keep_due(const struct courier *courier, int64_t *ret_at_ms)
{
    uint64_t cursor = courier_cursor(courier);
    bool is_far = cursor >= courier->kept + COURIER_KEEP_ROWS;
    *ret_at_ms = courier->kept_ms + COURIER_KEEP_MS;
    return cursor > courier->kept && (is_far || courier->has_delivered);
}

bool courier_wants_keep(const struct courier *courier, int64_t now_ms)
{
    int64_t at_ms;
    return is_keep_due(courier, &at_ms) && now_ms >= at_ms;
}

void courier_keep(struct courier *courier, uint64_t position, int64_t now_ms)
{
    LD_ASSERT(position <= courier_cursor(courier));
    courier->kept = position;
    courier->kept_ms = now_ms;
    courier->has_delivered = false;
}

int64_t courier_next_ms(const struct courier *courier, int64_t now_ms)
{
    uint32_t places[COURIER_BATCH];
    int64_t next_ms = INT64_MAX, keep_ms;
    if (courier_pick(courier, now_ms, places) > 0)
        return now_ms;
    if (is_keep_due(courier, &keep_ms))
        next_ms = keep_ms;
    for (uint32_t i = 0; i < COURIER_TRIPS; i++) {
        const struct trip *trip = &courier->trips[i];
        if (trip->status == TRIP_RESTING && trip->retry_ms < next_ms)
            next_ms = trip->retry_ms;
    }
    return next_ms;
}

uint32_t courier_waiting(const struct courier *courier, int64_t *ret_oldest_ms)
{
    uint32_t waiting = 0;
    for (uint32_t i = 0; i < courier->count; i++)
        waiting += peek(courier, i)->status != PARCEL_DONE;
    *ret_oldest_ms = courier->count > 0 ? peek(courier, 0)->emitted_ms : 0;
    return waiting;
}

/* --- the invariant --------------------------------------------------------------------------- */

static void check_trip(const struct courier *courier, uint32_t index)
{
    const struct trip *trip = &courier->trips[index];
    uint32_t out = 0;
    if (trip->status == TRIP_NONE)
        return;
    for (uint32_t i = 0; i < courier->count; i++) {
        const struct parcel *parcel = peek(courier, i);
        out += parcel->status == PARCEL_OUT && parcel->partition == trip->partition;
    }
    LD_ASSERT(out == (trip->status == TRIP_OUT ? trip->count : 0));
    for (uint32_t i = index + 1; i < COURIER_TRIPS; i++)
        LD_ASSERT(courier->trips[i].status == TRIP_NONE
                  || courier->trips[i].partition != trip->partition);
}

void courier_check(const struct courier *courier)
{
    uint32_t out = 0;
    LD_ASSERT(courier->count <= COURIER_WINDOW && courier->kept <= courier_cursor(courier));
    for (uint32_t i = 0; i < courier->count; i++) {
        const struct parcel *parcel = peek(courier, i);
        const struct parcel *before = i > 0 ? peek(courier, i - 1) : NULL;
        LD_ASSERT(parcel->position > courier->kept && parcel->position <= courier->read);
        LD_ASSERT(i > 0 || parcel->status != PARCEL_DONE);
        LD_ASSERT(!before || before->position < parcel->position
                  || (before->position == parcel->position && before->fact < parcel->fact));
        out += parcel->status == PARCEL_OUT;
    }
    for (uint32_t i = 0; i < COURIER_TRIPS; i++) {
        check_trip(courier, i);
        out -= courier->trips[i].status == TRIP_OUT ? courier->trips[i].count : 0;
    }
    LD_ASSERT(out == 0);
}
