"""Acked means on disk: processes are killed with SIGKILL while events are being published, and every
event that was answered stands in its case's history exactly once."""
import collections
import concurrent.futures
import contextlib
import json
import random
import subprocess
import time

from harness import BIN, Served, environment, event, serving
import verify

LEAD = {"field": "ecology", "summary": "河道固废"}


def lead(case, number=0):
    return event(number, "qj-ecology", "lead.transferred", case, LEAD)


def assert_each_once(served, fates):
    by_case = collections.defaultdict(list)
    for fate in fates:
        by_case[fate["subject"]].append(fate)
    for case, answered in by_case.items():
        seen = collections.Counter(row.get("event_id") for row in served.history(case))
        for fate in answered:
            assert seen[fate["id"]] == 1, (case, fate, seen)


def kill(served, victim, patience_s=60):
    """One kill, whatever it takes: the victim of the last one may not be back yet."""
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline:
        with contextlib.suppress(AssertionError, ProcessLookupError, KeyError, StopIteration):
            return served.kill_broker() if victim == "broker" else served.kill_worker(victim)
    raise AssertionError(f"{victim} was not there to be killed within {patience_s} s")


def test_kill_of_broker_and_workers_loses_no_acked_event(folder):
    random.seed(20250207)
    events = []
    for number in range(1200):
        case = f"K-{number % 200}"
        if number < 200:
            events.append(lead(case))
        else:  # refused or taken: either is an answer, and an answer is for ever
            events.append(event(number, "qj-procuratorate", "lead.preliminary-report", case,
                                {"summary": "初查"}))
    with serving(folder) as served, concurrent.futures.ThreadPoolExecutor(1) as publisher:
        fates = []
        for at in range(0, len(events), 150):
            answer = publisher.submit(served.publish, *events[at:at + 150], timeout_s=100)
            kill(served, random.choice(["broker", 0, 1]))
            fates += answer.result()
        assert len(fates) == len(events)
        assert all(fate.get("fate") for fate in fates)
        # A resend after a crash may be answered `duplicate`: then the first answer stands beside it.
        assert_each_once(served, fates)
    verify.check(folder, fates)


def test_everything_killed_at_once_comes_back_whole(folder):
    served = Served(folder, f"{folder}.log")
    fates = served.publish(*[lead(f"W-{i}") for i in range(50)])
    before = {f"W-{i}": served.case(f"W-{i}")["state"] for i in range(50)}
    served.kill()
    with serving(folder) as again:
        assert {f"W-{i}": again.case(f"W-{i}")["state"] for i in range(50)} == before
        assert_each_once(again, fates)
    verify.check(folder, fates)


def test_a_resend_gets_the_same_answer_after_a_restart(folder):
    with serving(folder) as served:
        first = served.publish(lead("R-1"))[0]
        assert first["fate"] == "started"
    with serving(folder) as served:
        second = served.publish(lead("R-1"))[0]
        assert second["fate"] == "duplicate"
        assert second["first"]["fate"] == "started"
        assert second["first"]["position"] == first["position"]
        assert len([r for r in served.history("R-1") if r.get("event_id") == "R-1-0"]) == 1


def test_a_data_folder_is_served_once(folder):
    with serving(folder):
        second = subprocess.run([str(BIN / "liandong"), "serve", "--data", str(folder), "--listen",
                                 "tcp://127.0.0.1:0"], capture_output=True, text=True, timeout=60,
                                env=environment())
        assert second.returncode != 0
        assert "in use" in second.stderr


def test_stdin_is_ndjson_and_each_line_gets_its_fate(folder):
    with serving(folder) as served:
        lines = [json.dumps(lead("N-1")), "{not json", json.dumps(lead("N-2"))]
        done = served.run("publish", "-", "--json", stdin="\n".join(lines) + "\n", check=False)
        fates = [json.loads(line) for line in done.stdout.splitlines()]
        assert [fate["fate"] for fate in fates] == ["started", "refused", "started"]
        assert fates[1]["code"] == "malformed"
        assert done.returncode == 1
