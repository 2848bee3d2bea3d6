"""Families of cases over real processes: resolutions with sub-cases are opened, suspended, resumed,
joined and closed while brokers and workers are killed with SIGKILL; afterwards what was answered is
on disk, all that one event did to a family is there or none of it, and parents and sub-cases agree."""
import concurrent.futures
import json
import random

import pytest

from harness import SOURCE, command, event, serving
from test_durability import kill
import verify

OFFICE, LAND, WATER = "qj-joint-office", "qj-natural-resources", "qj-water"
DEFINITIONS = SOURCE / "tests" / "unit" / "workers"
FAMILIES = 60


@pytest.fixture
def ready(folder):
    """The folder with the two definitions deployed."""
    with serving(folder) as served:
        deploy(served)
    return folder


def deploy(served):
    for name in ("family_meeting", "family_item"):  # whom it opens need not be there first
        served.run("workflow", "deploy", DEFINITIONS / f"{name}.yaml")


def item(name, unit=LAND):
    return {"name": name, "unit": unit, "due_on": "2035-07-01"}


def life(case):
    """The events of one family, of which each changes several cases or is refused whole."""
    office = [("resolved", {"items": [item("a"), item("b", WATER), item("c")]}),
              ("added", item("d")), ("added", item("a")), ("halted", None), ("resumed", None)]
    events = [event(n, OFFICE, kind, case, data) for n, (kind, data) in enumerate(office)]
    parts = {"parts": [item("x"), item("y", WATER)]}
    events.insert(3, event(10, LAND, "passed-on", f"{case}/a", parts))
    events += [event(11, WATER, "done", f"{case}/b"), event(12, WATER, "done", f"{case}/a/y")]
    if int(case.split("-")[1]) % 2:
        return [*events, event(20, OFFICE, "dropped", case)]
    return [*events, *(event(21, LAND, "done", f"{case}/{name}") for name in ("a/x", "a", "c", "d"))]


def assert_whole(served, case):
    shown = served.case(case)
    states = {sub["name"]: sub["state"] for sub in shown["subs"]}
    if int(case.split("-")[1]) % 2:
        assert shown["state"] == "closed"
        assert states == {"a": "withdrawn", "b": "done", "c": "withdrawn", "d": "pending"}
        assert served.case(f"{case}/a/x")["outcome"] == "with-parent"
    else:
        assert shown["state"] == "reviewing"
        assert set(states.values()) == {"done"}
    assert served.case(f"{case}/a/y")["parent"] == f"{case}/a"


def test_kills_leave_whole_families(ready):
    random.seed(20251123)
    # In turns over the families, so that each batch has steps of many of them.
    lives = [life(f"M-{number}") for number in range(FAMILIES)]
    events = [line[n] for n in range(max(map(len, lives))) for line in lives if n < len(line)]
    with serving(ready) as served, concurrent.futures.ThreadPoolExecutor(1) as publisher:
        fates = []
        for at in range(0, len(events), 75):
            answer = publisher.submit(served.publish, *events[at:at + 75], timeout_s=100)
            kill(served, random.choice(["broker", 0, 1]))
            fates += answer.result()
        assert len(fates) == len(events)
        first = [fate.get("first", fate) for fate in fates]
        refused = [fate for fate in first if fate["fate"] == "refused"]
        assert len(refused) == FAMILIES  # of each family the name that was used
        assert {fate["code"] for fate in refused} == {"sub-case"}
        for number in range(FAMILIES):
            assert_whole(served, f"M-{number}")
    read = verify.check(ready, fates)
    families = [row for part in read for row in part.rows.values() if row["kind"] == verify.FAMILY]
    assert {row["input"] for row in families} == set(verify.INPUTS.values())


def test_people_are_told_why_a_sub_case_is_not_opened(ready):
    with serving(ready) as served:
        served.publish(event(0, OFFICE, "resolved", "W-1", {"items": [item("a")]}))
        again = json.dumps(event(1, OFFICE, "added", "W-1", item("a")))
        told = served.run("publish", "-", stdin=again, check=False).stdout
        history = served.run("case", "history", "W-1").stdout
    assert "[sub-case] a sub-case cannot be opened: a; because: the name was used before" in history
    assert "a sub-case cannot be opened: a; because: the name was used before" in told
    stories = SOURCE / "tests" / "story" / "family"
    told = command("workflow", "explain", stories / "order.yaml", "--story",
                   stories / "items.story.yaml").stdout
    assert "a sub-case cannot be opened, river, because: the name was used before" in told


def test_time_goes_through_a_family_in_order(folder):
    with serving(folder, "--clock", "manual") as served:
        deploy(served)
        now = served.status()["partitions"][0]["now"]
        year = int(now[:4])
        items = [{**item("a"), "due_on": f"{year + 1}-01-20"},
                 {**item("b", WATER), "due_on": f"{year + 1}-02-20"}]
        fates = served.publish(event(0, OFFICE, "resolved", "T-1", {"items": items}))
        assert fates[0]["fate"] == "started"
        served.advance(f"{year + 2}-01-05T09:00:00+08:00")
        rows = [row for case in ("T-1", "T-1/a", "T-1/b") for row in served.history(case)]
        rows.sort(key=lambda row: row["position"])
        assert [row["at"] for row in rows] == sorted(row["at"] for row in rows)
        assert served.case("T-1")["state"] == "urged"
    verify.check(folder, fates)


def test_the_checker_sees_a_broken_family(ready):
    with serving(ready) as served:
        fates = served.publish(*life("M-1"), *life("M-2"))
    broken = verify.check(ready, fates)
    part = next(part for part in broken if "M-1" in part.cases)
    opening = next(row for row in part.rows.values()
                   if row["kind"] == verify.FAMILY and row["case"] == "M-1/a")
    cause, opening["cause"] = opening["cause"], 1
    with pytest.raises(verify.Damage):
        part.check_families()
    opening["cause"] = cause
    part.check_families()
    closing = next(fact for row in part.rows.values() for fact in row.get("facts", ())
                   if fact["kind"] == verify.FACT_SUB_CLOSED)
    closing["text"] = "another"
    with pytest.raises(verify.Damage):
        part.check_families()
