"""Clocks once more, from the text alone: LANGUAGE §4 (workflows/REFERENCE.md "Clocks") and the
legal rules behind it (民法典 §201-203, 刑诉解释 §202, 刑诉法 §105), with the choices that the heads of
period.c, clock.c and ladder.c name where the text is silent. It shares no code and no idea with the
engine: where the engine computes in closed form this walks day by day, and where the engine keeps one
watermark this keeps a mark for each rung. Slow, plain, and easy to hold beside the text.

Dates are days since 1970-01-01, instants milliseconds, as at the engine's seam.
"""
import calendar as gregorian
import datetime

HOURS, DAYS, WORKING_DAYS, MONTHS, YEARS, UNTIL = range(6)
CIVIL, CRIMINAL, CUSTODY = range(3)
IDLE, RUNNING, PAUSED, OVERDUE, MET, MET_LATE, CANCELLED = range(7)
EXTENDED, NOT_RUNNING, USED_UP, AFTER_DUE, FULL = range(5)
RUNG, REPEAT, MISSING = range(3)
DUTY, REPEATING, RIGHT = range(3)  # what a clock is the period of
NO_INSTANT = -(1 << 63)
HOUR_MS, DAY_MS = 3_600_000, 86_400_000
EXTENSIONS_MAX = 8
EPOCH = datetime.date(1970, 1, 1).toordinal()


def ymd(date):
    day = datetime.date.fromordinal(date + EPOCH)
    return day.year, day.month, day.day


def date_of(year, month, day):
    return datetime.date(year, month, day).toordinal() - EPOCH


class Calendar:
    def __init__(self, zone_minutes, weekend, years, special):
        self.zone_ms = zone_minutes * 60_000
        self.zone_minutes = zone_minutes
        self.weekend = weekend  # weekdays off, Monday 0
        self.years = set(years)
        self.special = special  # date: is it worked?
        self.known = {}

    def is_announced(self, date):
        return ymd(date)[0] in self.years

    def is_working(self, date):
        if date not in self.known:
            works = (date + 3) % 7 not in self.weekend  # 1970-01-01 was a Thursday
            if date in self.special and self.is_announced(date):
                works = self.special[date]
            self.known[date] = works
        return self.known[date]

    def instant(self, date):
        """00:00 of the date in the calendar's zone."""
        return date * DAY_MS - self.zone_ms

    def date(self, instant_ms):
        return (instant_ms + self.zone_ms) // DAY_MS


def add_months(date, months, rule):
    year, month, day = ymd(date)
    last = gregorian.monthrange(year, month)[1]
    month_index = year * 12 + month - 1 + months
    year, month = month_index // 12, month_index % 12 + 1
    end = gregorian.monthrange(year, month)[1]
    # 刑诉解释 §202: from a month's last day to a month's last day.
    to_end = rule in (CRIMINAL, CUSTODY) and day == last
    return date_of(year, month, end if to_end else min(day, end))


def add_working(calendar, date, count):
    step = 1 if count > 0 else -1
    while count:
        date += step
        if calendar.is_working(date):
            count -= step
    return date


def add(calendar, date, amount, unit, rule=CIVIL):
    if unit == DAYS:
        return date + amount
    if unit == WORKING_DAYS:
        return add_working(calendar, date, amount)
    return add_months(date, amount * (12 if unit == YEARS else 1), rule)


def roll(calendar, date):
    while not calendar.is_working(date):
        date += 1
    return date


def roll_back(calendar, date):
    while not calendar.is_working(date):
        date -= 1
    return date


def stretches(budget, extensions):
    """The budget with what was added to it in its own unit, then each other extension by itself."""
    def family(unit):
        return MONTHS if unit == YEARS else unit

    def months(amount, unit):
        return amount * 12 if unit == YEARS else amount

    amount, unit = budget
    if unit == UNTIL:
        return [(amount, UNTIL)] + list(extensions)
    rest = []
    total = months(amount, unit)
    for by, by_unit in extensions:
        if family(by_unit) == family(unit):
            total += months(by, by_unit)
        else:
            rest.append((months(by, by_unit), family(by_unit)))
    return [(total, family(unit))] + rest


class Due:
    def __init__(self, unrolled, last_day, due_ms, provisional):
        self.unrolled, self.last_day, self.due_ms = unrolled, last_day, due_ms
        self.provisional = provisional

    def row(self):
        return [self.unrolled, self.last_day, self.due_ms, int(self.provisional)]


def end_of_days(calendar, start, amount, unit, rule, stops, is_last, rolls):
    """The last day of one stretch in days, months, years or working days, and whether a counted
    working day lies in a year that is not announced. A stop that begins on the last day of a stretch
    begins in it: an extension counts on from the unrolled last day that this gives."""
    if unit != WORKING_DAYS:
        end = amount if unit == UNTIL else add(calendar, start, amount, unit, rule)
        for p, r in stops:
            p = max(p, start)
            # Over is a period at the end of its last day, which may be a rolled one.
            if r > p and p <= (roll(calendar, end) if rolls and is_last else end):
                end += r - p
        return end, False
    left, day, provisional = amount, start, False
    while True:
        if left == 0:
            # Stopped on its very last day: it ends on the day of resumption, or the first working
            # day after it.
            later = [r for p, r in stops if max(p, start) == day < r]
            if not later:
                return day, provisional
            day = roll(calendar, later[0])
            provisional |= not calendar.is_announced(day)
            return day, provisional
        day += 1
        if any(max(p, start) < day <= r for p, r in stops):
            continue
        if calendar.is_working(day):
            left -= 1
        provisional |= not calendar.is_announced(day)


def derive(calendar, anchor, anchor_ms, budget, rule, rolled, stops, extensions):
    parts = stretches(budget, [e[:2] for e in extensions])
    if budget[1] == HOURS:
        return derive_hours(calendar, anchor_ms, parts, rule, stops)
    days_stops = [(p, r) for p, r, _, _ in stops]
    date, provisional, moved = anchor, False, len(parts) > 1
    for index, (amount, unit) in enumerate(parts):
        is_last = index == len(parts) - 1
        if unit == HOURS:
            amount, unit = -(-amount // 24), DAYS
        rolls = rolled and rule != CUSTODY and unit not in (WORKING_DAYS, UNTIL)
        end, by_count = end_of_days(calendar, date, amount, unit, rule, days_stops, is_last, rolls)
        if unit == UNTIL and end != amount:
            moved = True
        provisional |= by_count
        date = end
    last_unit = parts[-1][1]
    last = date
    rolls = rolled and rule != CUSTODY and last_unit != WORKING_DAYS
    if last_unit == UNTIL and not moved:
        rolls = False
    if rolls:
        last = roll(calendar, date)
        provisional |= any(not calendar.is_announced(d) for d in range(date, last + 1))
    return Due(date, last, calendar.instant(last + 1), provisional)


def derive_hours(calendar, anchor_ms, parts, rule, stops):
    instant, provisional = anchor_ms, False
    for amount, unit in parts:
        start = instant
        if unit == HOURS:
            instant = start + amount * HOUR_MS
        else:
            day = calendar.date(start)
            end = add(calendar, day, amount, unit, rule)
            instant = start + (end - day) * DAY_MS
            # An extension in working days depends on every day that it counts.
            provisional |= unit == WORKING_DAYS and any(
                not calendar.is_announced(d) for d in range(day + 1, end + 1))
        for _, _, p, r in stops:
            p = max(p, start)
            if r > p and p <= instant:
                instant += r - p
    day = calendar.date(instant)
    return Due(day, day, instant, provisional)


class Rung:
    def __init__(self, amount, unit, before, level, every, every_unit, within, within_unit):
        self.within, self.within_unit = within, within_unit
        self.amount, self.unit, self.before, self.level = amount, unit, before, level
        self.every, self.every_unit = every, every_unit


class Clock:
    """One clock of one case, with the rule that it is kept by."""

    def __init__(self, calendar, rule, rolled, kind, continues, hour, rungs, times, before_due):
        self.continues = continues
        repeats, self.is_right = kind == REPEATING, kind == RIGHT
        self.lapsed = False
        self.calendar, self.rule, self.rolled, self.repeats = calendar, rule, rolled, repeats
        self.hour, self.rungs, self.times, self.before_due = hour, rungs, times, before_due
        self.status = IDLE
        self.breached = NO_INSTANT
        self.days_late = 0
        self.through = NO_INSTANT  # the last instant that the ladder was asked about

    def start(self, anchor, at, budget):
        self.status, self.lapsed = RUNNING, False
        self.anchor, self.anchor_ms, self.budget = anchor, at[1], budget
        self.started, self.acknowledged = at[2], NO_INSTANT
        self.stops, self.extensions, self.held = [], [], set()
        self.breached, self.days_late = NO_INSTANT, 0
        self.derive()
        self.through = max(self.through, at[2])
        self.arm(self.through)

    def arm(self, now):
        """A rung whose time had passed when the clock started is skipped."""
        self.done = [self.rung_at(r) <= now for r in self.rungs]
        self.repeated = [self.repeats_through(r, now) for r in self.rungs]

    def closed_stops(self):
        return [s for s in self.stops if s[1] is not None]

    def derive(self):
        self.due = derive(self.calendar, self.anchor, self.anchor_ms, self.budget, self.rule,
                          self.rolled, self.closed_stops(), self.extensions)

    def moved(self, now):
        """The due date is derived again. A rung that has fired fires again only if its new time
        lies ahead."""
        self.derive()
        self.rearm(now)
        if self.status != PAUSED:
            past = self.breached != NO_INSTANT and self.due.due_ms <= now
            self.status = OVERDUE if past else RUNNING

    def rearm(self, now):
        for i, rung in enumerate(self.rungs):
            at = self.rung_at(rung)
            if self.done[i] and at > now:
                self.done[i] = False
            # A repeat that had not come and now lies behind is still to come, as a rung is.
            self.repeated[i] = self.repeats_through(rung, self.through)

    # --- the ladder ---

    def at_hour(self, date):
        return self.calendar.instant(date) + self.hour * HOUR_MS

    def rung_at(self, rung):
        due = self.due
        if rung.unit == UNTIL:
            return due.due_ms
        amount = -rung.amount if rung.before else rung.amount
        if rung.unit == HOURS:
            return due.due_ms + amount * HOUR_MS
        date = add(self.calendar, due.last_day, amount, rung.unit)
        if amount > 0:
            return self.at_hour(date)
        date = roll_back(self.calendar, date)
        if self.at_hour(date) >= due.due_ms:
            date = roll_back(self.calendar, date - 1)
        return self.at_hour(date)

    def repeat_at(self, rung, count):
        at = self.rung_at(rung)
        if rung.every_unit == HOURS:
            return at + count * rung.every * HOUR_MS
        date = self.calendar.date(at)
        return self.at_hour(add(self.calendar, date, count * rung.every, rung.every_unit))

    def repeats_through(self, rung, instant):
        if not rung.every or self.rung_at(rung) > instant:
            return 0
        count = 0
        while self.repeat_at(rung, count + 1) <= instant:
            count += 1
        return count

    def is_raised(self, index):
        """Not skipped at the start, and no higher one (of equal ones a later one) stands for it."""
        at, level = self.rung_at(self.rungs[index]), self.rungs[index].level
        return at > self.started and not any(
            (rung.level, i) > (level, index) and self.rung_at(rung) == at
            for i, rung in enumerate(self.rungs))

    def missing_at(self, index):
        """When an acknowledgement of this rung is missing: so long after it, or after the last one."""
        rung = self.rungs[index]
        since = max(self.rung_at(rung), self.acknowledged)
        if rung.within_unit == HOURS:
            return since + rung.within * HOUR_MS
        return self.at_hour(add(self.calendar, self.calendar.date(since), rung.within,
                                rung.within_unit))

    def waiting(self):
        """(instant, rung, RUNG | REPEAT | MISSING) of all that the ladder waits for next."""
        for i, rung in enumerate(self.rungs):
            if self.is_right and self.rung_at(rung) >= self.due.due_ms:
                continue  # nobody is told that a right has lapsed
            if not self.done[i]:
                yield self.rung_at(rung), i, RUNG
                continue
            if rung.every:
                yield self.repeat_at(rung, self.repeated[i] + 1), i, REPEAT
            if rung.within and self.is_raised(i) and self.missing_at(i) > self.through:
                yield self.missing_at(i), i, MISSING

    def next(self):
        if self.status not in (RUNNING, OVERDUE):
            return None
        times = [w[0] for w in self.waiting()]
        if self.status == RUNNING:
            times.append(self.due.due_ms)
        return min(times, default=None)

    def fire(self, instant):
        """[instant, does it fall due (1) and is it a missing acknowledgement (2), the highest level of
        the rungs]. Of equal levels the missing acknowledgement goes first."""
        highest = (0, False)
        for at, i, what in list(self.waiting()):
            if at != instant:
                continue
            highest = max(highest, (self.rungs[i].level, what == MISSING))
            if what == REPEAT:
                self.repeated[i] += 1
            self.done[i] = True
        self.through = max(self.through, instant)
        is_due = self.status == RUNNING and self.due.due_ms == instant
        if is_due and self.is_right:
            self.cancel(instant)
            self.lapsed, highest = True, (0, False)
        elif is_due and self.repeats:
            self.again(instant)
        elif is_due:
            self.status = OVERDUE
            if self.breached == NO_INSTANT:
                self.breached = instant
        return [instant, is_due + 2 * highest[1], highest[0]]

    def again(self, instant):
        """`repeat`: it starts again from its last day. A given date would never end."""
        if self.budget[1] == UNTIL:
            self.cancel(instant)
            return
        self.start(self.due.last_day, (self.due.last_day, self.due.due_ms, instant), self.budget)

    # --- what happens to it ---

    def is_open(self):
        return self.status in (RUNNING, PAUSED, OVERDUE)

    def in_time(self, at):
        if self.budget[1] == HOURS:
            return at[1] < self.due.due_ms
        return at[0] <= self.due.last_day

    def pause(self, at, which):
        if not self.is_open() or which in self.held:
            return
        if self.status != PAUSED and not self.in_time(at):
            return
        date, instant = self.not_before_stops(at[0], at[1])
        if self.status == PAUSED:
            stop = self.stops[-1]
            stop[0], stop[2] = min(stop[0], date), min(stop[2], instant)
        else:
            self.stops.append([date, None, instant, None])
        self.held.add(which)
        self.status = PAUSED
        self.moved(at[2])

    def not_before_stops(self, date, instant):
        """A stop that is dated before an earlier one's end counts from that end."""
        floor = self.closed_stops()[-1] if self.closed_stops() else (date, date, instant, instant)
        return max(date, floor[1]), max(instant, floor[3])

    def resume(self, at, which):
        if not self.is_open() or which not in self.held:
            return
        self.held.discard(which)
        if self.held:
            return
        self.end_stop(at)

    def end_stop(self, at):
        stop = self.stops[-1]
        stop[1], stop[3] = max(at[0], stop[0]), max(at[1], stop[2])
        self.status = RUNNING
        self.moved(at[2])

    def extend(self, at, by):
        if not self.is_open():
            return NOT_RUNNING
        if self.times and len(self.extensions) >= self.times:
            return USED_UP
        if self.before_due and self.status != PAUSED and not self.in_time(at):
            return AFTER_DUE
        if len(self.extensions) == EXTENSIONS_MAX:
            return FULL
        self.extensions.append(by)
        self.moved(at[2])
        return EXTENDED

    def recalendar(self, calendar, now):
        self.calendar = calendar
        if self.is_open():
            self.moved(now)

    def end(self, at):
        # Whoever acted in time by the legal date has used the right, also where it had lapsed by the
        # time that the engine heard of it; whoever acts too late has not, and is late with nothing.
        if not self.is_open() and not (self.lapsed and self.in_time(at)):
            return
        if self.is_right and self.status != PAUSED and not self.in_time(at):
            self.cancel(at[2])
            self.lapsed = True
            return
        self.lapsed = False
        was_paused = self.status == PAUSED
        met = was_paused or self.in_time(at)
        self.status = MET if met else MET_LATE
        self.held = set()  # the pauses of a run end with it
        if self.continues and not was_paused:
            date, instant = self.not_before_stops(at[0], at[1])
            self.stops.append([date, None, instant, None])
        if not met:
            self.days_late = max(0, at[0] - self.due.last_day)

    def cancel(self, now):
        if self.is_open():
            self.status, self.cancelled, self.held = CANCELLED, now, set()

    def come_back(self, at):
        """`reentry: continue`: the days away are not counted. One that was stopped when it ended has
        been away from then on; a cancelled one from the instant at which it was cancelled."""
        if self.is_open():
            return
        if not self.stops or self.stops[-1][1] is not None:
            date, instant = self.not_before_stops(self.calendar.date(self.cancelled), self.cancelled)
            self.stops.append([date, None, instant, None])
        self.days_late, self.lapsed = 0, False
        self.end_stop(at)

    def acknowledge(self, now):
        self.acknowledged = now

    def come_again(self, at, is_from_last_day):
        """`reentry: restart`, or what it counts from comes again: a run of its own."""
        if not self.is_open():
            self.start(self.due.last_day if is_from_last_day else at[0], at, self.budget)

    def consumed(self, through):
        """The counted days of a period in days or working days up to a date: neither the anchor day
        nor a stopped one."""
        stops = self.closed_stops()
        return sum(1 for day in range(self.anchor + 1, min(through, self.due.unrolled) + 1)
                   if not any(max(p, self.anchor) < day <= r for p, r, _, _ in stops)
                   and (self.budget[1] == DAYS or self.calendar.is_working(day)))
