"""The shipped stories again, this time through real processes: every step is published by the command
line at its own time (a manual clock), and what the story expects is read back from the running
system. A worker is killed in the middle of each."""
import datetime
import pathlib
import time

import pytest
import yaml

from harness import PATIENCE_S, SOURCE, serving

STORIES = sorted((SOURCE / "workflows/catalog").rglob("*.story.yaml"))


def load(path):
    # BaseLoader: every scalar is text, as in the engine's own reader.
    return yaml.load(path.read_text(), Loader=yaml.BaseLoader)


def typed(value):
    if isinstance(value, dict):
        return {key: typed(item) for key, item in value.items()}
    if value in ("true", "false"):
        return value == "true"
    if isinstance(value, str) and value.isdigit():
        return int(value)
    return value


def instant(text):
    if len(text) == 10:
        text += " 00:00"
    return text.replace(" ", "T") + (":00" if len(text) == 16 else "") + "+08:00"


def envelope(story, number, step):
    event = {"specversion": "1.0", "id": step.get("id", f"{story['case']}-{number}"),
             "source": step["from"], "type": step["event"],
             "subject": step.get("case", story["case"]), "time": instant(step["at"])}
    if event["subject"] == story["case"]:
        event["workflow"] = story["workflow"]
    for key in ("role", "workflow"):
        if key in step:
            event[key] = step[key]
    if "data" in step:
        event["data"] = typed(step["data"])
    return event


def check_case(case, expect, where):
    if "state" in expect:
        assert case["state"] == expect["state"], where
    if "outcome" in expect:
        assert case.get("outcome") == expect["outcome"], where
    clocks = {clock["name"]: clock for clock in case["clocks"]}
    for name, date in expect.get("due", {}).items():
        is_open = clocks[name]["status"] in ("running", "paused", "overdue")
        if date == "none":
            assert not is_open, where
        elif len(date) == 10:
            assert clocks[name].get("last_day") == date, (where, clocks[name])
    for name, status in expect.get("clocks", {}).items():
        assert clocks[name]["status"] == status, (where, clocks[name])
    if "overdue" in expect:
        late = {name for name, clock in clocks.items() if clock["status"] == "overdue"}
        assert late == set(expect["overdue"]), where


def arrive(served):
    """Until what cases have sent to each other has got there: asked again within a bound."""
    deadline = time.monotonic() + PATIENCE_S
    while any(row.get("undelivered") for row in served.status()["partitions"]):
        assert time.monotonic() < deadline, served.status()


@pytest.mark.parametrize("path", STORIES, ids=lambda path: path.stem)
def test_story_holds_on_the_running_system(folder, path):
    story = load(path)
    steps = story["steps"]
    with serving(folder, "--clock", "manual", "--at", instant(steps[0]["at"])) as served:
        for number, step in enumerate(steps):
            where = (pathlib.Path(path).name, number, step["at"])
            served.advance(instant(step["at"]))
            arrive(served)
            if number == len(steps) // 2:
                for partition in (0, 1):
                    served.kill_worker(partition)
            expect = step.get("expect", {})
            if "event" in step:
                fate = served.publish(envelope(story, number, step))[0]
                if "fate" in expect:
                    assert fate["fate"] == expect["fate"], (where, fate)
                if "refusal" in expect:
                    assert fate["code"] == expect["refusal"], (where, fate)
            if expect.keys() & {"state", "outcome", "due", "clocks", "overdue"}:
                check_case(served.case(step.get("case", story["case"])), expect, where)


def test_there_are_stories():
    assert len(STORIES) >= 3
