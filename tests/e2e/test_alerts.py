"""A durable subscription: warned before, alerted after, nothing missed while the watcher was away,
nothing told twice that was acknowledged, and the same alert under the same id."""
import pathlib

from harness import event, rows, serving

START = "2025-08-01T09:00:00+08:00"


def drive_to_overdue(served):
    """A lead that nobody assesses: its agreed 30 days run out on 2025-09-01."""
    served.publish(event(0, "qj-ecology", "lead.transferred", "A-1",
                         {"field": "ecology", "summary": "河道固废"}))


def watch(served, *options):
    done = served.run("alerts", "watch", "--name", "supervisor", "--json", "--idle-exit", "1",
                      *options)
    return rows(done.stdout)


def test_watcher_gets_warnings_and_overdue_alerts_once(folder):
    with serving(folder, "--clock", "manual", "--at", START) as served:
        assert watch(served, "--from", "start") == []
        drive_to_overdue(served)
        served.advance("2025-08-29T12:00:00+08:00")
        warned = watch(served)
        assert warned and all(row["kind"] == "alert" for row in warned)
        assert all(row["level"] != "overdue" for row in warned)
        served.advance("2025-09-02T00:00:00+08:00")
        overdue = watch(served)
        assert [row["level"] for row in overdue if row["kind"] == "alert"] \
            == ["last-day", "overdue"]
        assert overdue[0]["case"] == "A-1"
        assert overdue[0]["to"]
        assert watch(served) == []


def test_nothing_is_missed_while_the_watcher_and_the_workers_are_away(folder):
    with serving(folder, "--clock", "manual", "--at", START) as served:
        assert watch(served, "--from", "start") == []
        drive_to_overdue(served)
        served.advance("2025-08-29T12:00:00+08:00")
    with serving(folder, "--clock", "manual") as served:
        served.advance("2025-09-02T00:00:00+08:00")
        served.kill_worker(0)
        served.kill_worker(1)
        told = watch(served)
        ids = [row["id"] for row in told]
        assert len(ids) == len(set(ids))
        levels = [row["level"] for row in told if row["kind"] == "alert"]
        assert levels[-1] == "overdue" and len(levels) > 1


def test_two_names_are_two_cursors(folder):
    with serving(folder, "--clock", "manual", "--at", START) as served:
        drive_to_overdue(served)
        served.advance("2025-09-02T00:00:00+08:00")
        first = watch(served, "--from", "start")
        other = rows(served.run("alerts", "watch", "--name", "mayor", "--from", "start", "--json",
                                "--idle-exit", "1").stdout)
        assert [row["id"] for row in first] == [row["id"] for row in other]


def test_overdue_lists_who_is_late(folder):
    with serving(folder, "--clock", "manual", "--at", START) as served:
        drive_to_overdue(served)
        served.advance("2025-09-03T12:00:00+08:00")
        late = served.json("overdue")
        assert [(row["case"], row["last_day"], row["days"]) for row in late] \
            == [("A-1", "2025-09-01", 1)]


def test_a_right_that_nobody_used_is_told_as_lapsed(folder):
    """A review may be asked for within 30 days of 2025-11-07: until Monday, 2025-12-08."""
    circular = pathlib.Path(__file__).resolve().parents[2] / "workflows/catalog/circular.yaml"
    with serving(folder, "--clock", "manual", "--at", "2025-11-07T09:00:00+08:00") as served:
        served.run("workflow", "deploy", str(circular))
        served.publish(
            event(0, "qj-joint-office", "circular.drafted", "T-1",
                  {"about": "x", "due_on": "2025-10-27", "addressee": "qj-market"}),
            event(1, "qj-vice-convener", "circular.signed", "T-1",
                  {"issued_on": "2025-11-07", "number": "1"}, role="vice-convener"),
            event(2, "qj-market", "circular.received", "T-1", {"received_on": "2025-11-07"}),
            event(3, "qj-market", "statement.submitted", "T-1", {"statement": "x"}, role="head"))
        served.advance("2025-12-09T09:00:00+08:00")
        assert [row["clock"] for row in served.json("overdue")] == ["file"]
        for shown in (("case", "show", "T-1"), ("case", "history", "T-1")):
            text = served.run(*shown).stdout
            assert "the right lapsed" in text and "cancelled" not in text
        clock = next(clock for clock in served.case("T-1")["clocks"]
                     if clock["name"] == "review-apply")
        assert (clock["status"], clock["right"], clock["lapsed"]) == ("cancelled", True, True)
        assert "breached" not in clock
