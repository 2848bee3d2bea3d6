/* The longest lawful time of one path. Let t(n) be when the case makes step n. A clock that begins
 * at step i and must end by step j says t(j) ≤ t(i) + its period; time does not run backwards, so
 * t(n) ≤ t(n + 1); a wait that no clock covers says nothing. The largest t(end) under all of these
 * is the shortest way through a graph whose edges they are (Dijkstra: no weight is negative), and
 * the clocks on that way are the ones that take the time.
 *
 * What is open (a pause that may last, a length that an event gives) weighs more than any number of
 * days; a clock that is only for reference, which law does not hold anybody to, weighs more than
 * that; a wait that nothing ends most of all. Each is only on the way where nothing lighter bounds
 * it. Dates are derived by period.c itself, rolling included. */
#include "base/assert.h"
#include "workflows/language/paths_parts.h"

enum { OPENS_OF_REFERENCE = 1000, OPENS_OF_WAIT = 1000000 };

static uint32_t bit(uint32_t clock)
{
    return UINT32_C(1) << clock;
}

static bool is_in(uint64_t states, int32_t state)
{
    return state != INDEX_NONE && (states >> state & 1);
}

static void begin_clock(const struct ways *ways, struct track *track, uint32_t clock, uint32_t node)
{
    int32_t anchor = ways->longest[clock].anchor;
    bool is_anchored = anchor != INDEX_NONE && track->has_origin[anchor];
    if (!ways->longest[clock].is_sure) {
        track->maybe |= bit(clock);
        return;
    }
    track->sure |= bit(clock);
    track->maybe |= bit(clock);
    track->start[clock] = (uint8_t)node;
    track->origin[clock] = is_anchored ? track->origin[anchor] : (uint8_t)node;
    track->has_origin[clock] = true;
}

static void end_clock(const struct ways *ways, struct track *track, uint32_t clock, uint32_t node,
                      struct spans *spans)
{
    bool is_bound = (track->sure & bit(clock)) && !ways->program->clocks[clock].repeats;
    if (is_bound && spans) {
        LD_ASSERT(spans->count < SPANS_MAX);
        spans->rows[spans->count++] =
            (struct span){(int32_t)clock, track->origin[clock], track->start[clock], (uint8_t)node};
    }
    track->sure &= ~bit(clock);
    track->maybe &= ~bit(clock);
}

/* Nobody must use a right: it bounds a wait only where its expiry would have moved the case. */
static struct spans *bounded_by(const struct ways *ways, uint32_t clock, struct spans *spans)
{
    bool is_free = ways->program->clocks[clock].is_right && !ways->longest[clock].is_moving;
    return is_free ? NULL : spans;
}

/* The event ends clocks, then begins others: the order of the engine (case_clocks.c). */
static void track_event(const struct ways *ways, const struct track_step *step, struct track *track,
                        struct spans *spans)
{
    for (uint32_t i = 0; i < ways->program->clock_count; i++) {
        if (ways->program->clocks[i].until_event != step->event)
            continue;
        end_clock(ways, track, i, step->node, bounded_by(ways, i, spans));
        track->spent &= ~bit(i);
    }
    for (uint32_t i = 0; i < ways->program->clock_count; i++) {
        bool is_begun = ways->program->clocks[i].from_event == step->event;
        if (is_begun && !((track->sure | track->spent) & bit(i)))
            begin_clock(ways, track, i, step->node);
    }
}

static void track_state(const struct ways *ways, const struct track_step *step, struct track *track,
                        struct spans *spans)
{
    for (uint32_t i = 0; i < ways->program->clock_count; i++) {
        const struct clock_rule *clock = &ways->program->clocks[i];
        bool is_left = is_in(clock->states, step->from) && !is_in(clock->states, step->to);
        if (!is_left && clock->until_state != step->to)
            continue;
        end_clock(ways, track, i, step->node, bounded_by(ways, i, spans));
        track->spent &= ~bit(i);
    }
    for (uint32_t i = 0; i < ways->program->clock_count; i++) {
        const struct clock_rule *clock = &ways->program->clocks[i];
        if (is_in(clock->states, step->to) && !is_in(clock->states, step->from))
            begin_clock(ways, track, i, step->node);
    }
}

/* What may be taken in passing while the case waits in the state. */
static void track_passing(const struct ways *ways, int32_t state, struct track *track)
{
    for (uint32_t i = 0; i < ways->program->clock_count; i++) {
        const struct clock_rule *clock = &ways->program->clocks[i];
        if (clock->until_event != INDEX_NONE && is_in(ways->stays[clock->until_event], state))
            track->sure &= ~bit(i);
        if (clock->from_event != INDEX_NONE && is_in(ways->stays[clock->from_event], state)
            && !(track->spent & bit(i)))
            track->maybe |= bit(i);
    }
}

/* An end cancels what still runs; a clock whose expiry would have moved the case bounds it. */
static void track_end(const struct ways *ways, uint32_t node, struct track *track,
                      struct spans *spans)
{
    for (uint32_t i = 0; i < ways->program->clock_count; i++) {
        if (ways->longest[i].is_moving && (track->sure & bit(i)))
            end_clock(ways, track, i, node, spans);
    }
    track->sure = 0;
    track->maybe = 0;
}

void track_step(const struct ways *ways, const struct track_step *step, struct track *track,
                struct spans *spans)
{
    if (step->clock != INDEX_NONE) {
        bool is_over = ways->program->clocks[step->clock].is_right; /* it lapses: not overdue */
        end_clock(ways, track, (uint32_t)step->clock, step->node, spans);
        track->spent |= is_over ? 0 : bit((uint32_t)step->clock);
    }
    if (step->event != INDEX_NONE)
        track_event(ways, step, track, spans);
    track_state(ways, step, track, spans);
    if (ways->program->states[step->to].is_end)
        track_end(ways, step->node, track, spans);
    else
        track_passing(ways, step->to, track);
}

static void add_period(struct path_sum *sum, struct period period, int64_t times)
{
    int64_t amount = period.amount * times;
    switch (period.unit) {
    case PERIOD_HOURS: sum->hours += amount; return;
    case PERIOD_DAYS: sum->days += amount; return;
    case PERIOD_WORKING_DAYS: sum->working_days += amount; return;
    case PERIOD_MONTHS: sum->months += amount; return;
    case PERIOD_YEARS: sum->years += amount; return;
    case PERIOD_UNTIL: return;
    }
}

static void add_sum(struct path_sum *sum, const struct path_sum *more)
{
    sum->years += more->years;
    sum->months += more->months;
    sum->days += more->days;
    sum->working_days += more->working_days;
    sum->hours += more->hours;
}

static int64_t nominal(const struct path_sum *sum)
{
    int64_t days = sum->years * 366 + sum->months * 31 + sum->days;
    return days * HOURS_OF_DAY + sum->working_days * HOURS_OF_DAY * 7 / 5 + sum->hours;
}

static void add_time(struct path_time *time, const struct path_time *more)
{
    add_sum(&time->base, &more->base);
    add_sum(&time->plus, &more->plus);
    time->open |= more->open;
    time->waits += more->waits;
    time->opens += more->opens;
    time->hours = nominal(&time->base) + nominal(&time->plus);
}

/* Can the event be taken between two nodes of the path? */
static bool is_taken(const struct ways *ways, const struct path *path, int32_t event,
                     const struct span *span)
{
    for (uint32_t i = span->origin; i < span->end; i++) {
        const struct path_step *step = &path->steps[i];
        if (step->event == event || is_in(ways->stays[event], step->state))
            return true;
    }
    return false;
}

/* What extensions and pauses can add to one clock; the days of bounded pauses apart. */
static void add_allowances(const struct ways *ways, const struct path *path,
                           const struct span *span, uint32_t clock, struct path_time *time)
{
    const struct clock_rule *rule = &ways->program->clocks[clock];
    const struct longest *longest = &ways->longest[clock];
    for (uint32_t i = 0; i < rule->extend_count; i++) {
        const struct longest_extend *extend = &longest->extends[i];
        if (!is_taken(ways, path, rule->extends[i].event, span))
            continue;
        add_period(&time->plus, extend->by, extend->times);
        time->open |= extend->is_open ? (unsigned)PATH_ANY_LENGTH : 0U;
    }
    for (uint32_t i = 0; i < rule->pause_count; i++) {
        int32_t ends = longest->pause_ends[i];
        if (!is_taken(ways, path, rule->pauses[i].from, span))
            continue;
        if (ends == INDEX_NONE)
            time->open |= PATH_PAUSE;
        else
            add_period(&time->plus, ways->longest[ends].period, 1);
    }
}

/* The clocks whose periods follow one another by `due('x')`, the last first. */
static uint32_t anchors_of(const struct ways *ways, int32_t clock,
                           uint32_t ret_clocks[PROGRAM_CLOCKS_MAX])
{
    uint32_t count = 0;
    for (; clock != INDEX_NONE && count < PROGRAM_CLOCKS_MAX; clock = ways->longest[clock].anchor)
        ret_clocks[count++] = (uint32_t)clock;
    return count;
}

static uint32_t count_flags(unsigned open)
{
    uint32_t count = 0;
    for (; open; open &= open - 1)
        count++;
    return count;
}

static bool is_for_subs(const struct ways *ways, const struct path_step *step)
{
    return step->event != INDEX_NONE && step->event == ways->program->joined_event;
}

static struct path_time time_of_span(const struct ways *ways, const struct path *path,
                                     const struct span *span)
{
    uint32_t clocks[PROGRAM_CLOCKS_MAX];
    struct path_time time = {.base_last = DATE_NONE, .last = DATE_NONE};
    uint32_t count = anchors_of(ways, span->clock, clocks);
    time.waits = span->clock == INDEX_NONE;
    if (time.waits)
        time.open = is_for_subs(ways, &path->steps[span->start]) ? PATH_SUBS : PATH_WAITS;
    for (uint32_t i = 0; i < count; i++) {
        add_period(&time.base, ways->longest[clocks[i]].period, 1);
        time.open |= ways->longest[clocks[i]].open;
        add_allowances(ways, path, span, clocks[i], &time);
    }
    time.opens = count_flags(time.open & ~(unsigned)(PATH_WAITS | PATH_SUBS));
    time.hours = nominal(&time.base) + nominal(&time.plus);
    return time;
}

/* The last day of one clock that counts from a date, with extensions and bounded pauses or without.
 */
static int32_t derive_one(struct ways *ways, const struct path *path, const struct span *span,
                          uint32_t clock, int32_t date)
{
    const struct clock_rule *rule = &ways->program->clocks[clock];
    const struct longest *longest = &ways->longest[clock];
    struct period_extension extensions[CLOCK_EXTENDS_MAX * CLOCK_EXTENSIONS_MAX];
    struct period_terms terms = {.anchor = date,
                                 .anchor_ms = instant_of_date(date, ways->calendar->zone_minutes),
                                 .budget = longest->period,
                                 .rule = rule->rule,
                                 .is_rolled = rule->is_rolled,
                                 .extensions = extensions};
    struct period_due due;
    for (uint32_t i = 0; path && i < rule->extend_count; i++) {
        const struct longest_extend *extend = &longest->extends[i];
        bool is_given = extend->by.amount > 0 && is_taken(ways, path, rule->extends[i].event, span);
        for (uint32_t j = 0; is_given && j < extend->times && j < CLOCK_EXTENSIONS_MAX; j++)
            extensions[terms.extension_count++] =
                (struct period_extension){.by = extend->by, .date = date};
    }
    if (longest->period.amount == 0)
        return date;
    if (period_derive(&terms, ways->calendar, &due)) {
        ways->is_overflow = true;
        return date;
    }
    return due.last_day;
}

/* How many days bounded pauses can add, from a date. */
static int32_t paused_days(struct ways *ways, const struct path *path, const struct span *span,
                           uint32_t clock, int32_t date)
{
    const struct clock_rule *rule = &ways->program->clocks[clock];
    int32_t days = 0;
    for (uint32_t i = 0; i < rule->pause_count; i++) {
        int32_t ends = ways->longest[clock].pause_ends[i];
        if (ends != INDEX_NONE && is_taken(ways, path, rule->pauses[i].from, span))
            days += derive_one(ways, NULL, NULL, (uint32_t)ends, date) - date;
    }
    return days;
}

/* The last day that a span allows, from the date of its origin; path NULL: nothing is added. */
static int32_t last_day_of(struct ways *ways, const struct path *path, const struct span *span,
                           int32_t date)
{
    uint32_t clocks[PROGRAM_CLOCKS_MAX];
    for (uint32_t i = anchors_of(ways, span->clock, clocks); i-- > 0;) {
        int32_t pause = path ? paused_days(ways, path, span, clocks[i], date) : 0;
        date = derive_one(ways, path, span, clocks[i], date) + pause;
    }
    return date;
}

static uint32_t weight_of(const struct ways *ways, const struct span *span,
                          const struct path_time *time)
{
    bool is_reference =
        span->clock != INDEX_NONE && ways->program->clocks[span->clock].force == FORCE_REFERENCE;
    return time->opens + (is_reference ? OPENS_OF_REFERENCE : 0U)
           + time->waits * (uint32_t)OPENS_OF_WAIT;
}

static bool is_less(const struct cost *left, const struct cost *right)
{
    return !right->is_known || left->opens < right->opens
           || (left->opens == right->opens && left->at < right->at);
}

static void relax(struct cost *cost, struct cost offer)
{
    if (!cost->is_final && is_less(&offer, cost))
        *cost = offer;
}

static void relax_span(struct chart *chart, uint32_t node, uint32_t index)
{
    struct ways *ways = chart->ways;
    const struct span *span = &chart->spans.rows[index];
    const struct path_time *time = &chart->times[index];
    struct cost offer = chart->costs[node];
    if (chart->costs[span->end].is_final)
        return;
    offer.opens += weight_of(ways, span, time);
    if (ways->from == DATE_NONE)
        offer.at += time->hours;
    else
        offer.at = last_day_of(ways, chart->path, span, (int32_t)offer.at);
    offer.is_final = false;
    offer.previous = node;
    offer.span = (int32_t)index;
    relax(&chart->costs[span->end], offer);
}

static uint32_t cheapest(const struct chart *chart)
{
    uint32_t found = NODE_NONE;
    for (uint32_t i = 0; i <= chart->path->step_count; i++) {
        const struct cost *cost = &chart->costs[i];
        bool is_open = cost->is_known && !cost->is_final;
        if (is_open && (found == NODE_NONE || is_less(cost, &chart->costs[found])))
            found = i;
    }
    return found;
}

static void find_costs(struct chart *chart)
{
    uint32_t node;
    chart->costs[0] = (struct cost){.at = chart->ways->from == DATE_NONE ? 0 : chart->ways->from,
                                    .is_known = true,
                                    .span = INDEX_NONE};
    while ((node = cheapest(chart)) != NODE_NONE) {
        chart->costs[node].is_final = true;
        for (uint32_t i = 0; i < chart->spans.count; i++) {
            if (chart->spans.rows[i].origin == node)
                relax_span(chart, node, i);
        }
        if (node == 0)
            continue;
        struct cost before = chart->costs[node];
        before.is_final = false;
        before.previous = node;
        before.span = INDEX_NONE;
        relax(&chart->costs[node - 1], before);
    }
}

static struct path_link link_of(const struct chart *chart, uint32_t index)
{
    const struct span *span = &chart->spans.rows[index];
    return (struct path_link){
        .clock = span->clock,
        .anchor = span->clock == INDEX_NONE ? INDEX_NONE : chart->ways->longest[span->clock].anchor,
        .from = span->origin,
        .to = span->end,
        .time = chart->times[index],
    };
}

/* A clock that goes on when the case comes back has one budget for all its stretches. */
static bool is_counted(const struct chart *chart, const struct path_link *link)
{
    const struct path *path = chart->path;
    if (link->clock == INDEX_NONE || !chart->ways->program->clocks[link->clock].continues)
        return false;
    for (uint32_t i = 0; i < path->link_count; i++) {
        if (path->links[i].clock == link->clock)
            return true;
    }
    return false;
}

static void collect_links(struct chart *chart)
{
    struct path *path = chart->path;
    uint32_t indexes[PROGRAM_STATES_MAX];
    uint32_t count = 0;
    for (uint32_t node = path->step_count; node != 0; node = chart->costs[node].previous) {
        LD_ASSERT(chart->costs[node].is_final && count < PROGRAM_STATES_MAX);
        if (chart->costs[node].span != INDEX_NONE)
            indexes[count++] = (uint32_t)chart->costs[node].span;
    }
    path->link_count = 0;
    path->time = (struct path_time){.base_last = DATE_NONE, .last = DATE_NONE};
    while (count-- > 0) {
        struct path_link link = link_of(chart, indexes[count]);
        if (is_counted(chart, &link))
            link.time = (struct path_time){.base_last = DATE_NONE, .last = DATE_NONE};
        path->links[path->link_count++] = link;
        add_time(&path->time, &link.time);
    }
}

static void date_links(struct chart *chart)
{
    struct ways *ways = chart->ways;
    struct path *path = chart->path;
    int32_t base = ways->from, last = ways->from;
    for (uint32_t i = 0; ways->from != DATE_NONE && i < path->link_count; i++) {
        struct path_link *link = &path->links[i];
        struct span span = {link->clock, (uint8_t)link->from, (uint8_t)link->from,
                            (uint8_t)link->to};
        if (link->time.hours || link->time.open) {
            base = last_day_of(ways, NULL, &span, base);
            last = last_day_of(ways, path, &span, last);
        }
        link->time.base_last = base;
        link->time.last = last;
    }
    path->time.base_last = base;
    path->time.last = last;
}

bool path_time_is_longer(const struct path_time *left, const struct path_time *right)
{
    if ((left->open & PATH_WAITS) != (right->open & PATH_WAITS))
        return left->open & PATH_WAITS;
    if ((left->waits > 0) != (right->waits > 0))
        return left->waits > 0;
    if ((left->opens > 0) != (right->opens > 0))
        return left->opens > 0;
    if (left->last != right->last)
        return left->last > right->last;
    return left->hours > right->hours;
}

/* Of the clocks that cover a wait the shortest bounds it. */
static void bound_waits(struct chart *chart)
{
    struct path *path = chart->path;
    for (uint32_t i = 0; i < path->step_count; i++) {
        struct path_step *step = &path->steps[i];
        struct cost best = {0};
        for (uint32_t j = 0; j < chart->spans.count; j++) {
            const struct span *span = &chart->spans.rows[j];
            struct cost offer = {.opens = weight_of(chart->ways, span, &chart->times[j]),
                                 .at = chart->times[j].hours,
                                 .is_known = true,
                                 .span = (int32_t)j};
            if (span->start <= i && span->end > i && is_less(&offer, &best))
                best = offer;
        }
        LD_ASSERT(best.is_known);
        step->bound = link_of(chart, (uint32_t)best.span);
    }
}

/* How much a clock has to do with a wait that it does not end: a reminder, one that is overdue
 * already, one that lingers from before, one that can begin, run or end right there. */
static uint32_t concern_of(const struct ways *ways, const struct track *track, uint32_t index,
                           int32_t state)
{
    const struct clock_rule *clock = &ways->program->clocks[index];
    if (clock->repeats)
        return 1;
    if (track->spent & bit(index))
        return 2;
    bool is_here =
        is_in(clock->states, state)
        || (clock->from_event != INDEX_NONE && is_in(ways->stays[clock->from_event], state))
        || (clock->until_event != INDEX_NONE && is_in(ways->stays[clock->until_event], state));
    return is_here ? 4 : 3;
}

/* Nothing must end the wait in this step's state. */
static void note_wait(const struct ways *ways, const struct track *track, struct path_step *step)
{
    static const enum path_wait waits[] = {PATH_WAIT_NO_CLOCK, PATH_WAIT_REMINDERS,
                                           PATH_WAIT_OTHERS, PATH_WAIT_OTHERS, PATH_WAIT_OTHERS};
    uint32_t best = 0;
    for (uint32_t i = 0; i < ways->program->clock_count; i++) {
        bool may_run = (track->sure | track->maybe | track->spent) & bit(i);
        uint32_t concern = may_run ? concern_of(ways, track, i, step->state) : 0;
        if (concern <= best)
            continue;
        best = concern;
        step->wait_clock = (int32_t)i;
    }
    step->wait = waits[best];
    if (step->wait == PATH_WAIT_OTHERS && (track->spent & bit((uint32_t)step->wait_clock)))
        step->wait = PATH_WAIT_OVERDUE;
}

/* Goes along the path for the spans of its clocks. */
static void walk(const struct ways *ways, struct path *path, struct spans *spans)
{
    struct track track = {0};
    int32_t first = path->step_count ? path->steps[0].state : path->end;
    struct track_step step = {INDEX_NONE, ways->program->start_event, INDEX_NONE, first, 0};
    spans->count = 0;
    track_step(ways, &step, &track, spans);
    for (uint32_t i = 0; i < path->step_count; i++) {
        path->steps[i].wait_clock = INDEX_NONE;
        note_wait(ways, &track, &path->steps[i]);
        step = (struct track_step){
            .from = path->steps[i].state,
            .event = path->steps[i].event,
            .clock = path->steps[i].clock,
            .to = i + 1 < path->step_count ? path->steps[i + 1].state : path->end,
            .node = i + 1,
        };
        track_step(ways, &step, &track, spans);
    }
}

/* A wait that no span covers is one that nothing ends. */
static void cover_waits(const struct ways *ways, struct path *path, struct spans *spans)
{
    uint64_t covered = 0;
    for (uint32_t i = 0; i < spans->count; i++) {
        for (uint32_t j = spans->rows[i].start; j < spans->rows[i].end; j++)
            covered |= UINT64_C(1) << j;
    }
    for (uint32_t i = 0; i < path->step_count; i++) {
        if (covered >> i & 1) {
            path->steps[i].wait = PATH_WAIT_ENDS;
            path->steps[i].wait_clock = INDEX_NONE;
            continue;
        }
        if (is_for_subs(ways, &path->steps[i])) {
            path->steps[i].wait = PATH_WAIT_SUBS;
            path->steps[i].wait_clock = INDEX_NONE;
        }
        LD_ASSERT(spans->count < SPANS_MAX);
        spans->rows[spans->count++] =
            (struct span){INDEX_NONE, (uint8_t)i, (uint8_t)i, (uint8_t)(i + 1)};
    }
}

void path_measure(struct ways *ways, struct path *path, struct chart *chart)
{
    struct spans *spans = &chart->spans;
    walk(ways, path, spans);
    cover_waits(ways, path, spans);
    chart->ways = ways;
    chart->path = path;
    for (uint32_t i = 0; i <= path->step_count; i++)
        chart->costs[i] = (struct cost){0};
    for (uint32_t i = 0; i < spans->count; i++)
        chart->times[i] = time_of_span(ways, path, &spans->rows[i]);
    bound_waits(chart);
    find_costs(chart);
    collect_links(chart);
    date_links(chart);
    ways->work += (uint64_t)(path->step_count + 1) * (spans->count + path->step_count + 8)
                  * (ways->from == DATE_NONE ? 1 : 16);
}
