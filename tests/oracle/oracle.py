"""The clock algebra of the engine against legal_clock.py, over lives of clocks that hypothesis makes
up: starts, periods in every unit, rules, rolling, pauses that overlap, suspension, extensions, anchors
apart from the start, rights that lapse, late entries, ladders and acknowledgements, calendar versions, coming back (reentry:
continue, restart, expire), restarts and recoveries in between.

    oracle.py PROBE [--examples N] [--long]     (LIANDONG_LONG in the environment is --long)

A life is read from bytes, because that is what hypothesis shrinks best and makes fastest. Compared
after every step: each firing (instant, whether it fell due, whether an acknowledgement is missing,
level), the refusal, status, the unrolled and the last day, the due instant, whether it is provisional,
the breach and the days late. At the end: of a period in days, what was consumed and what remains make
the budget.
"""
import argparse
import os
import random
import subprocess
import sys

import hypothesis
from hypothesis import strategies

from legal_clock import (CIVIL, CUSTODY, DAY_MS, DAYS, DUTY, HOURS, MONTHS, REPEATING, RIGHT, UNTIL,
                         WORKING_DAYS, YEARS, Calendar, Clock, Rung, date_of)

(PAUSE, RESUME, EXTEND, CALENDAR, END, CANCEL, RESTART, REPLAY, PASS, CONTINUE,
 START, ACKNOWLEDGE) = range(1, 13)
SUSPENSION = 8  # the number by which a suspended case pauses each clock
# What happens how often: pauses and resumptions are what the rules are about.
STEPS = ([PAUSE] * 6 + [RESUME] * 6 + [EXTEND] * 4 + [CALENDAR] * 2 + [END] * 2 + [CANCEL] * 2
         + [RESTART] * 2 + [REPLAY] * 2 + [PASS] * 2 + [CONTINUE] * 3 + [START] * 2 + [ACKNOWLEDGE] * 2)
STEP_COUNT, RUNG_COUNT = 8, 5
FIRINGS_MAX = 60
LIFE_BYTES = 25 + RUNG_COUNT * 8 + STEP_COUNT * 8
FIRST_DAY, DAY_SPAN = date_of(2023, 6, 1), 1400  # the announced years and some beyond


def make_calendars():
    """Twenty calendars: weekends of several kinds, zones, years announced or not, holidays that stand
    together or alone, and weekend days that are worked."""
    calendars = []
    for number in range(20):
        chance = random.Random(number)
        weekend = chance.choice([{5, 6}] * 4 + [{4, 5}, {6}])
        zone = chance.choice([480] * 3 + [0, -210, 345])
        years = chance.choice([range(2023, 2027), range(2023, 2027), range(2024, 2026), []])
        special = {}
        for year in years:
            day = date_of(year, 1, 1)
            while day < date_of(year, 12, 31):
                day += chance.randint(3, 60)
                for date in range(day, day + chance.randint(1, 9)):
                    special[date] = False
                for date in (day - chance.randint(1, 5), day + chance.randint(9, 13)):
                    if (date + 3) % 7 in weekend:
                        special[date] = True
        calendars.append(Calendar(zone, weekend, years, special))
    return calendars


CALENDARS = make_calendars()


class Reader:
    """Numbers out of a life's bytes."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def below(self, bound):
        wide = 2 if bound > 256 else 1
        number = int.from_bytes(self.data[self.at:self.at + wide], "big")
        self.at += wide
        return number % bound

    def one_of(self, choices):
        return choices[self.below(len(choices))]


class Probe:
    def __init__(self, path):
        self.path = path
        self.start()

    def start(self):
        self.process = subprocess.Popen([self.path], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True, bufsize=1 << 20)
        for slot, calendar in enumerate(CALENDARS):
            self.keep(slot, calendar)

    def keep(self, slot, calendar):
        numbers = [slot, calendar.zone_minutes, sum(1 << day for day in calendar.weekend),
                   len(calendar.years), *sorted(calendar.years), len(calendar.special)]
        for date, works in sorted(calendar.special.items()):
            numbers += [date, int(works)]
        self.say("C", numbers)

    def say(self, word, numbers):
        self.process.stdin.write(" ".join([word, *map(str, numbers)]) + "\n")

    def answer(self, numbers):
        self.say("T", numbers)
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            self.start()
            raise AssertionError(f"the probe died of: T {' '.join(map(str, numbers))}")
        return [int(word) for word in line.split()]


AMOUNTS = {HOURS: 200, DAYS: 75, WORKING_DAYS: 30, MONTHS: 7, YEARS: 2}


def read_period(read, units):
    unit = read.one_of(units)
    return 1 + read.below(AMOUNTS[unit]), unit


def read_rung(read):
    unit = read.one_of([UNTIL, DAYS, DAYS, WORKING_DAYS, WORKING_DAYS, HOURS, MONTHS])
    amount = 0 if unit == UNTIL else read.below({HOURS: 40, MONTHS: 2}.get(unit, 12))
    before = bool(read.below(2)) and unit != UNTIL
    level = 1 + read.below(6)
    every = read.below(8)
    # Only what comes at due or after it repeats for long; hours are for clocks in hours.
    every_unit = read.one_of([DAYS, WORKING_DAYS, HOURS])
    if every > 4 or before:
        every = 0
    within = max(0, read.below(12) - 6)
    within_unit = read.one_of([DAYS, WORKING_DAYS, WORKING_DAYS, HOURS])
    return Rung(amount, unit, before, level, every * (24 if every_unit == HOURS else 5), every_unit,
                within * (9 if within_unit == HOURS else 1), within_unit)


def read_moment(read, calendar, now):
    """Dated today, or (a late entry) some days ago; heard of now."""
    late = read.below(24)
    date = calendar.date(now)
    if late < 8:
        return (date - late, calendar.instant(date - late), now)
    return (date, now, now)


def read_life(data):
    """The clock, its start, its steps, and the numbers that tell the probe of them."""
    read = Reader(data)
    slot = read.below(len(CALENDARS))
    calendar = CALENDARS[slot]
    rule = read.one_of([CIVIL, CIVIL, 1, CUSTODY])
    rolled = read.below(4) != 0
    clock_kind = {0: REPEATING, 1: RIGHT, 2: RIGHT}.get(read.below(9), DUTY)
    continues = read.below(2)
    hour, times, before_due = read.below(24), read.below(4), read.below(2)
    rungs = [read_rung(read) for _ in range(read.below(RUNG_COUNT + 1))]
    now = calendar.instant(FIRST_DAY + read.below(DAY_SPAN)) + read.below(1440) * 60_000
    start = read_moment(read, calendar, now)
    budget = read_period(read, [DAYS, DAYS, MONTHS, MONTHS, WORKING_DAYS, WORKING_DAYS, YEARS, HOURS])
    apart = read.below(12)
    anchor = start[0] + (apart - 3 if apart < 7 else 0)
    if read.below(12) == 0:
        budget = (anchor + 1 + read.below(60), UNTIL)
        clock_kind = DUTY if clock_kind == REPEATING else clock_kind
    steps = []
    span = {HOURS: budget[0], DAYS: budget[0] * 24, WORKING_DAYS: budget[0] * 34,
            MONTHS: budget[0] * 730, YEARS: budget[0] * 8760, UNTIL: 1440}[budget[1]]
    for _ in range(read.below(STEP_COUNT + 1)):
        kind = read.one_of(STEPS)
        now += (read.below(span * 60) if read.below(4) else read.below(120)) * 30_000
        at = read_moment(read, calendar, now)
        a, b = 0, 0
        if kind in (PAUSE, RESUME):
            a = read.one_of([0, 0, 1, SUSPENSION])
        elif kind == EXTEND:
            a, b = read_period(read, [budget[1] if budget[1] != UNTIL else DAYS] * 3
                               + [DAYS, WORKING_DAYS, MONTHS, HOURS])
        elif kind == CALENDAR:
            same_zone = [i for i, c in enumerate(CALENDARS)
                         if c.zone_minutes == calendar.zone_minutes]
            a = read.one_of(same_zone)
        elif kind == CONTINUE and not continues:
            kind = PASS
        elif kind == START:
            a = read.below(2)
        steps.append((kind, at, a, b))
    until = now + read.below(200) * DAY_MS
    numbers = [slot, rule, int(rolled), clock_kind, continues, hour, len(rungs)]
    for r in rungs:
        numbers += [r.amount, r.unit, int(r.before), r.level, r.every, r.every_unit,
                    r.within, r.within_unit]
    numbers += [times, before_due, *budget, anchor, *start, len(steps)]
    for kind, at, a, b in steps:
        numbers += [kind, *at, a, b]
    numbers += [until, FIRINGS_MAX]
    clock = Clock(calendar, rule, rolled, clock_kind, continues, hour, rungs, times, before_due)
    return clock, (anchor, start, budget), steps, until, numbers


class Life:
    """Plays a life on the oracle's clock and says what the probe should have said."""

    def __init__(self, clock):
        self.clock, self.firings_left, self.rows = clock, FIRINGS_MAX, []

    def pass_to(self, now):
        fired = []
        while self.firings_left:
            at = self.clock.next()
            if at is None or at > now:
                break
            self.firings_left -= 1
            fired.append(self.clock.fire(at))
        return fired

    def note(self, name, fired, result):
        clock = self.clock
        self.rows.append((name, fired, [result, clock.status, *clock.due.row(), clock.breached,
                                        clock.days_late]))

    def take(self, kind, at, a, b):
        fired = self.pass_to(at[2])
        clock, result = self.clock, 0
        if kind == PAUSE:
            clock.pause(at, a)
        elif kind == RESUME:
            clock.resume(at, a)
        elif kind == EXTEND:
            result = clock.extend(at, (a, b))
        elif kind == CALENDAR:
            clock.recalendar(CALENDARS[a], at[2])
        elif kind == END:
            clock.end(at)
        elif kind == CANCEL:
            clock.cancel(at[2])
        elif kind == CONTINUE:
            clock.come_back(at)
        elif kind == ACKNOWLEDGE:
            clock.acknowledge(at[2])
        elif kind == START:
            clock.come_again(at, a)
        self.note((kind, at, a, b), fired, result)


def split_answer(numbers, row_count):
    rows, at = [], 0
    for _ in range(row_count):
        fired = numbers[at]
        at += 1
        rows.append(([numbers[i:i + 3] for i in range(at, at + 3 * fired, 3)],
                     numbers[at + 3 * fired:at + 3 * fired + 8]))
        at += 3 * fired + 8
    return rows, numbers[at:]


def check(probe, data):
    clock, (anchor, start, budget), steps, until, numbers = read_life(data)
    life = Life(clock)
    clock.start(anchor, start, budget)
    life.note("start", [], 0)
    for step in steps:
        life.take(*step)
    life.note("end", life.pass_to(until), 0)
    rows, (all_counted, counted, ends_well) = split_answer(probe.answer(numbers), len(life.rows))
    for index, (name, fired, state) in enumerate(life.rows):
        assert rows[index] == (fired, state), (
            f"step {index} {name}\n  oracle {fired} {state}\n  engine {rows[index][0]} {rows[index][1]}"
            f"\n  budget {budget} anchor {anchor} rule {clock.rule} rolled {clock.rolled} start {start}"
            f" stops {clock.stops} extensions {clock.extensions}\n  T {' '.join(map(str, numbers))}")
    if clock.is_open():  # a calendar that came after its end is no matter of a closed clock
        assert ends_well, f"the trace does not end with the last day\n  T {' '.join(map(str, numbers))}"
        check_budget(clock, budget, steps[-1][1][0] if steps else start[0], all_counted, counted)


def check_budget(clock, budget, today, all_counted, counted):
    """Consumed (counted here, day by day) plus what the engine's trace leaves is the budget."""
    if budget[1] not in (DAYS, WORKING_DAYS):
        return
    if any(unit != budget[1] for _, unit in clock.extensions):
        return
    whole = budget[0] + sum(amount for amount, _ in clock.extensions)
    if any(clock.consumed(stop[0]) >= whole for stop in clock.stops):
        return  # it was stopped when all was counted: what defers its last day then is not counted
    consumed = clock.consumed(today)
    assert consumed + (all_counted - counted) == whole, (
        f"consumed {consumed}, remaining {all_counted - counted}, budget {whole}, of {all_counted}"
        f" {clock.stops} {clock.extensions} {budget}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("probe")
    parser.add_argument("--examples", type=int, default=20_000)
    parser.add_argument("--long", action="store_true", help="ten times as many")
    arguments = parser.parse_args()
    is_long = arguments.long or os.environ.get("LIANDONG_LONG")
    examples = arguments.examples * (10 if is_long else 1)
    probe = Probe(arguments.probe)

    @hypothesis.settings(max_examples=examples, derandomize=True, deadline=None, database=None,
                         suppress_health_check=list(hypothesis.HealthCheck))
    @hypothesis.given(strategies.binary(min_size=LIFE_BYTES, max_size=LIFE_BYTES))
    def lives_agree(data):
        check(probe, data)
        lives_agree.count += 1

    lives_agree.count = 0
    lives_agree()
    print(f"{lives_agree.count} lives of clocks agree")
    return 0 if lives_agree.count >= examples else 1


if __name__ == "__main__":
    sys.exit(main())
