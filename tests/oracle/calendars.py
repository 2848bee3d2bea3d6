"""Working days against two packages that others keep (npm chinese-days, tyme4ts).

    calendars.py PROBE LIANDONG CALENDAR PACKAGES

The shipped calendar says of every day that it announces what both packages say. And of a calendar made
of the days of 2010 to 2026 on which they agree, the engine's arithmetic is what counting day by day on
the packages' own list gives: the next working day after every day, and periods from each.
"""
import datetime
import os
import pathlib
import random
import subprocess
import sys

from legal_clock import CIVIL, DAYS, EPOCH, MONTHS, WORKING_DAYS, Calendar, derive
from oracle import Probe

HERE = pathlib.Path(__file__).parent


def read_packages(folder):
    """{date: (chinese-days, tyme4ts)}"""
    out = subprocess.run(["node", HERE / "working_days.cjs"], check=True, capture_output=True, text=True,
                         env={**os.environ, "NODE_PATH": str(folder / "node_modules")}).stdout
    days = {}
    for line in out.splitlines():
        text, *works = line.split()
        days[datetime.date.fromisoformat(text).toordinal() - EPOCH] = tuple(w == "1" for w in works)
    return days


def text_of(date):
    return datetime.date.fromordinal(date + EPOCH).isoformat()


def year_of(date):
    return datetime.date.fromordinal(date + EPOCH).year


def shipped_days(liandong, calendar):
    """The days of 2024 to 2026 that are worked by the shipped calendar: each is the first working day
    after the day before it."""
    first = datetime.date(2023, 12, 31).toordinal() - EPOCH
    last = datetime.date(2026, 12, 30).toordinal() - EPOCH
    worked, date = set(), first
    while date <= last:
        out = subprocess.run([liandong, "calendar", "due", "--from", text_of(date), "--period",
                              "1 working day", "--calendar", calendar],
                             check=True, capture_output=True, text=True).stdout
        date = datetime.date.fromisoformat(out.split()[-1]).toordinal() - EPOCH
        worked.add(date)
    return worked


def check_shipped(days, liandong, calendar):
    worked = shipped_days(liandong, calendar)
    compared = 0
    for date, (chinese, tyme) in days.items():
        if year_of(date) < 2024:
            continue
        assert chinese == tyme, f"the packages differ on {text_of(date)}: {chinese} {tyme}"
        assert (date in worked) == chinese, f"{text_of(date)}: shipped {date in worked}, packages {chinese}"
        compared += 1
    return compared


def agreed_calendar(days):
    """The days that both agree on, as a calendar; where they differ the weekend rules."""
    special, differ = {}, []
    for date, (chinese, tyme) in days.items():
        if chinese != tyme:
            differ.append(text_of(date))
        elif chinese != ((date + 3) % 7 < 5):
            special[date] = chinese
    return Calendar(480, {5, 6}, range(2010, 2027), special), differ


def check_period(probe, calendar, date, amount, unit):
    noon = calendar.instant(date) + 43_200_000
    life = [0, CIVIL, 1, 0, 0, 9, 0, 0, 0]  # no rungs, no extension
    answer = probe.answer([*life, amount, unit, date, date, noon, noon, 0, noon, 0])
    due = derive(calendar, date, noon, (amount, unit), CIVIL, True, [], [])
    assert answer[3:7] == due.row(), (text_of(date), amount, unit, answer, due.row())


def main():
    probe_path, liandong, shipped, packages = sys.argv[1:5]
    days = read_packages(pathlib.Path(packages))
    compared = check_shipped(days, liandong, shipped)
    calendar, differ = agreed_calendar(days)
    probe = Probe(probe_path)
    probe.keep(0, calendar)
    chance, periods = random.Random(1), 0
    for date in days:
        check_period(probe, calendar, date, 1, WORKING_DAYS)
        check_period(probe, calendar, date, chance.randint(1, 90), DAYS)
        check_period(probe, calendar, date, chance.randint(2, 60), WORKING_DAYS)
        check_period(probe, calendar, date, chance.randint(1, 12), MONTHS)
        periods += 4
    print(f"the shipped calendar agrees on {compared} days; {len(days) - len(differ)} days of 2010-2026 and"
          f" {periods} periods over them agree; the packages differ on {len(differ)}: {' '.join(differ)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
