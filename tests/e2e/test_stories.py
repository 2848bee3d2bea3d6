"""The shipped stories again, this time through real processes: all of them at once in one running
system, each step published at its own time (a manual clock) between those of the others, and what the
stories expect is read back. Workers are killed on the way."""
import collections
import time

import yaml

from harness import PATIENCE_S, SOURCE, serving
from raw import ALL, Raw, partition_of

CATALOG = SOURCE / "workflows/catalog"
STORIES = sorted(CATALOG.rglob("*.story.yaml"))
KILLS = 6
Move = collections.namedtuple("Move", "at name number story step")


def load(path):
    # BaseLoader: every scalar is text, as in the engine's own reader.
    return yaml.load(path.read_text(), Loader=yaml.BaseLoader)


DEFINITIONS = {definition["workflow"]: definition
               for definition in map(load, CATALOG.glob("*.yaml")) if "workflow" in definition}


def typed(node, declared):
    """What is written, as its declaration has it: `document: 2025` is text where a text is declared."""
    kind = declared.get("type")
    if kind == "list":
        return [typed(item, declared["of"]) for item in node]
    if kind == "record":
        return {key: typed(item, declared["fields"].get(key, {})) for key, item in node.items()}
    if kind == "bool" and node in ("true", "false"):
        return node == "true"
    if kind == "int" and node.lstrip("-").isdigit():
        return int(node)
    return float(node) if kind == "double" else node


def instant(text):
    if len(text) == 10:
        text += " 00:00"
    return text.replace(" ", "T") + (":00" if len(text) == 16 else "") + "+08:00"


def moves():
    """The steps of all stories in the order of their times."""
    found, cases = [], {}
    for path in STORIES:
        story, name = load(path), f"{path.parent.name}/{path.name}"
        assert cases.setdefault(story["case"], name) == name, "each story needs a case of its own"
        found += [Move(instant(step["at"]), name, number, story, step)
                  for number, step in enumerate(story["steps"])]
    return sorted(found, key=lambda move: move[:3])


class Play:
    def __init__(self, served, raw):
        self.served, self.raw = served, raw
        self.workflows = {}  # of the cases that were started

    def ask(self, part, **question):
        """The answer; a partition that is being started again is asked again, within a bound."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            kind, _, body = self.raw.ask(part, **question)
            if kind == "answer":
                return body
        raise AssertionError((question, kind, body))

    def case(self, case_id):
        return self.ask(partition_of(case_id), ask="case", id=case_id)

    def workflow_of(self, move):
        """Which definition the step's data is declared in: of a case that is there its own, else the
        one that is named or starts so."""
        case_id, step = move.step.get("case", move.story["case"]), move.step
        if case_id not in self.workflows:
            kind, _, case = self.raw.ask(partition_of(case_id), ask="case", id=case_id)
            starts = [name for name, definition in DEFINITIONS.items()
                      if definition["start"].get("event") == step["event"]]
            own = [move.story["workflow"]] if case_id == move.story["case"] else []
            self.workflows[case_id] = (case["workflow"] if kind == "answer"
                                       else step.get("workflow") or (own + starts)[0])
        return self.workflows[case_id]

    def envelope(self, move):
        story, step = move.story, move.step
        event = {"specversion": "1.0", "id": step.get("id", f"{story['case']}-{move.number}"),
                 "source": step["from"], "type": step["event"],
                 "subject": step.get("case", story["case"]), "time": move.at}
        workflow = self.workflow_of(move)
        if event["subject"] == story["case"]:
            event["workflow"] = story["workflow"]
        event.update({key: step[key] for key in ("role", "workflow") if key in step})
        if "data" in step:
            declared = DEFINITIONS[workflow].get("events", {}).get(step["event"], {})
            event["data"] = {key: typed(item, declared.get("data", {}).get(key, {}))
                             for key, item in step["data"].items()}
        return event

    def advance(self, at):
        while any(part.get("error") for part in self.ask(ALL, ask="clock", to=at)):
            pass  # one of them is being started again

    def arrive(self):
        """Until what cases have sent to each other has got there, and what that made them send."""
        deadline = time.monotonic() + PATIENCE_S
        before = None
        while time.monotonic() < deadline:
            rows = [part.get("answer", {"unread": "all"}) for part in self.ask(ALL, ask="status")]
            is_quiet = not any(row.get("undelivered") or row.get("unread") for row in rows)
            last = [row.get("last") for row in rows]
            if is_quiet and last == before:
                return
            before = last if is_quiet else None
        raise AssertionError(("emitted events did not arrive", rows))

    def publish(self, event):
        kind, _, fates = self.raw.publish(partition_of(event["subject"]), event)
        assert kind == "fates", (event, kind, fates)
        return fates[0]

    def take(self, move):
        where, expect = move[:3], move.step.get("expect", {})
        if "event" in move.step:
            fate = self.publish(self.envelope(move))
            if "fate" in expect:
                assert fate["fate"] == expect["fate"], (where, fate)
            if "refusal" in expect:
                assert fate["code"] == expect["refusal"], (where, fate)
            self.arrive()
        if expect.keys() & {"state", "outcome", "due", "clocks", "overdue", "subs"}:
            check_case(self.case(move.step.get("case", move.story["case"])), expect, where)


def check_case(case, expect, where):
    if "state" in expect:
        assert case["state"] == expect["state"], where
    if "outcome" in expect:
        assert case.get("outcome") == expect["outcome"], where
    clocks = {clock["name"]: clock for clock in case["clocks"]}
    for name, date in expect.get("due", {}).items():
        is_open = clocks[name]["status"] in ("running", "overdue")
        if date == "none":
            assert not is_open, where
        elif len(date) == 10:
            assert clocks[name].get("last_day") == date, (where, clocks[name])
    for name, status in expect.get("clocks", {}).items():
        assert clocks[name]["status"] == status, (where, clocks[name])
    if "overdue" in expect:
        late = {name for name, clock in clocks.items() if clock["status"] == "overdue"}
        assert late == set(expect["overdue"]), where
    if "subs" in expect:
        assert {sub["name"]: sub["state"] for sub in case.get("subs", [])} == expect["subs"], where


def test_all_stories_hold_in_one_running_system(folder):
    todo = moves()
    with serving(folder, "--clock", "manual", "--at", todo[0].at) as served, \
            Raw(served.url, patience_s=PATIENCE_S) as raw:
        raw.hello()
        play = Play(served, raw)
        at = None
        for number, move in enumerate(todo):
            if move.at != at:
                play.advance(move.at)
                play.arrive()
            at = move.at
            if number % (len(todo) // KILLS) == 0:
                for partition in (0, 1):
                    served.kill_worker(partition)
            play.take(move)


def test_there_are_stories():
    assert len(STORIES) >= 3


def test_each_starting_event_opens_one_workflow():
    """Else a publisher would have to name the workflow (`ambiguous-start`)."""
    starts = [definition["start"]["event"] for definition in DEFINITIONS.values()
              if "event" in definition["start"]]
    assert len(starts) > 20
    assert sorted(starts) == sorted(set(starts))
