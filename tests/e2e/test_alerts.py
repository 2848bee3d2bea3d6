"""A durable subscription: warned before, alerted after, nothing missed while the watcher was away,
nothing told twice that was acknowledged, and the same alert under the same id."""
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
