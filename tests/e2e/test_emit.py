"""A case of one partition emits events for cases of another. Whatever is killed on the way, each
event comes to its case once, in order; a case that refuses one holds up no other."""
import collections
import contextlib
import os
import random
import signal
import time

import pytest
from harness import event, rows, serving
from raw import BROKER, Raw, partition_of
from test_durability import kill
import verify

PATIENCE_S = 60
START = "2025-08-01T09:00:00+08:00"
ASK = """
workflow: e2e-ask
version: 1
title: {zh: 请求, en: Ask}
parties:
  owner: {kind: agency}
data:
  sent: {type: int, default: 0}
events:
  ask.opened: {from: [agency]}
  ask.sent: {from: [agency], data: {to: {type: text}, note: {type: text}}}
  ask.told: {from: [agency], data: {note: {type: text}}}
start: {event: ask.opened, bind: {owner: event.sender}, to: open}
states:
  open:
    no-clock: a test
    when:
      ask.sent:
        set: {sent: case.sent + 1}
        do:
          - emit:
              type: reply.asked
              subject: "${event.data.to}"
              workflow: e2e-reply
              data: {note: event.data.note, number: case.sent}
      ask.told:
        to: closed
        do: [{emit: {type: ask.told, as: party.owner, data: {note: event.data.note}}}]
  closed: {end: true}
"""
REMIND = """
workflow: e2e-remind
version: 1
title: {zh: 催办, en: Remind}
parties:
  owner: {kind: agency}
data:
  to: {type: text}
events:
  remind.opened: {from: [agency], data: {to: {type: text}}}
start: {event: remind.opened, bind: {owner: event.sender}, set: {to: event.data.to}, to: open}
states:
  open: {}
  closed: {end: true}
clocks:
  wait:
    title: {zh: 等候, en: Wait}
    force: agreed
    who: owner
    while: open
    period: 2 days
    expire:
      to: closed
      do:
        - emit:
            type: reply.asked
            as: party.owner
            subject: "${case.to}"
            workflow: e2e-reply
            data: {note: "'late'", number: 0}
"""
REPLY = """
workflow: e2e-reply
version: 1
title: {zh: 答复, en: Reply}
parties:
  asker: {kind: agency}
data:
  count: {type: int, default: 1}
  last: {type: text}
events:
  reply.asked: {from: [agency], data: {note: {type: text}, number: {type: int}}}
  reply.ended: {from: [agency]}
start: {event: reply.asked, bind: {asker: event.sender}, set: {last: event.data.note}, to: open}
states:
  open:
    no-clock: a test
    when:
      reply.asked: {set: {count: case.count + 1, last: event.data.note}}
      reply.ended: {to: closed}
  closed: {end: true, late-events: refuse}
"""
PING = """
workflow: e2e-ping
version: 1
title: {zh: 往返, en: Ping}
parties:
  owner: {kind: agency}
events:
  ping.opened: {from: [agency]}
  ping.ended: {from: [agency]}
  ping.sent: {from: [agency], data: {back: {type: text}}}
start: {event: ping.opened, bind: {owner: event.sender}, to: open}
states:
  open:
    no-clock: a test
    when:
      ping.sent:
        do: [{emit: {type: ping.sent, subject: "${event.data.back}", data: {back: case.id}}}]
      ping.ended: {to: closed}
  closed: {end: true}
"""


def name_in(partition, stem):
    """A case id of this partition."""
    return next(name for name in (f"{stem}-{i}" for i in range(1000))
                if partition_of(name) == partition)


def opened(case):
    return event(0, "qj-water", "ask.opened", case)


def sent(number, case, to, note=""):
    return event(number, "qj-water", "ask.sent", case, {"to": to, "note": note})


@pytest.fixture
def data(folder, tmp_path):
    """A data folder with the definitions above."""
    paths = []
    for name, text in (("e2e-reply", REPLY), ("e2e-ask", ASK), ("e2e-remind", REMIND),
                       ("e2e-ping", PING)):
        paths.append(tmp_path / f"{name}.yaml")
        paths[-1].write_text(text)
    with serving(folder, "--clock", "manual", "--at", START) as served:
        served.run("workflow", "deploy", *paths)
    return folder


def is_delivered(served):
    partitions = served.status()["partitions"]
    return all(row["up"] and row.get("undelivered") == 0 and "unread" not in row
               for row in partitions)


def wait_delivered(served):
    """Asks until nothing that was emitted is on its way; a process may be down meanwhile."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        with contextlib.suppress(AssertionError, KeyError):
            if is_delivered(served):
                return
    raise AssertionError(f"not delivered within {PATIENCE_S} s: {served.status()}")


def taken(served, case):
    """The events that a case has got, in order: (id, fate)."""
    return [(row["event_id"], row["fate"]) for row in served.history(case) if "event_id" in row]


def check(folder):
    """The folder is sound, and every emitted event stands at its case."""
    partitions = verify.check(folder)
    verify.check_emitted(partitions, is_all=True)
    return partitions


def test_an_event_starts_and_then_moves_a_case_of_another_partition(data):
    ask, reply = name_in(0, "A"), name_in(1, "R")
    with serving(data) as served:
        fates = served.publish(opened(ask), sent(1, ask, reply, "first"),
                               sent(2, ask, reply, "second"))
        assert [fate["fate"] for fate in fates] == ["started", "applied", "applied"]
        wait_delivered(served)
        ids = [f"{ask}@{fate['position']}.0" for fate in fates[1:]]
        assert taken(served, reply) == [(ids[0], "started"), (ids[1], "applied")]
        case = served.case(reply)
        assert case["fields"] == {"count": 2, "last": "second"}
        assert case["parties"] == {"asker": "qj-water"}
        assert {row["source"] for row in served.history(reply)} == {"qj-water"}
    assert [len(part.emitted()) for part in check(data)] == [2, 0]


def test_an_event_for_a_case_of_its_own_partition_goes_the_same_way(data):
    ask, reply = name_in(1, "A"), name_in(1, "R")
    with serving(data) as served:
        served.publish(opened(ask), sent(1, ask, reply))
        wait_delivered(served)
        assert [fate for _, fate in taken(served, reply)] == ["started"]
    check(data)


def test_events_for_one_case_keep_their_order(data):
    ask, reply, count = name_in(0, "A"), name_in(1, "R"), 300
    with serving(data) as served:
        fates = served.publish(opened(ask), *[sent(i, ask, reply) for i in range(1, count + 1)])
        wait_delivered(served)
        ids = [f"{ask}@{fate['position']}.0" for fate in fates[1:]]
        history = [row["event_id"] for row in
                   rows(served.run("case", "history", reply, "--json").stdout)]
        assert history == ids
    check(data)


def test_what_time_emits_is_received_at_the_time_of_its_target(data):
    remind, reply = name_in(0, "M"), name_in(1, "R")
    with serving(data, "--clock", "manual", "--at", START) as served:
        served.publish(event(0, "qj-water", "remind.opened", remind, {"to": reply}))
        served.advance("2025-08-05T10:00:00+08:00")
        wait_delivered(served)
        row = served.history(reply)[0]
        assert row["at"] == "2025-08-05T10:00:00+08:00"
        assert row["time"] == "2025-08-05T00:00:00+08:00"  # when the period had run out
        assert (row["source"], row["fate"]) == ("qj-water", "started")
    check(data)


def test_kills_lose_no_event_and_double_none(data):
    """One kill for every batch that is published, of whatever was drawn."""
    random.seed(20251123)
    asks = [name_in(i % 2, f"A{i}") for i in range(10)]
    replies = [name_in((i + 1) % 2, f"R{i}") for i in range(25)]
    sends = [sent(i, asks[i % 10], replies[i % 25], str(i)) for i in range(1, 1001)]
    with serving(data) as served:
        served.publish(*map(opened, asks))
        for at in range(0, len(sends), 100):
            fates = served.publish(*sends[at:at + 100], timeout_s=100)
            assert {fate["fate"] for fate in fates} <= {"applied", "duplicate"}
            kill(served, random.choice(["broker", 0, 1]))
        wait_delivered(served)
        for reply in replies:
            got = collections.Counter(taken(served, reply))
            assert len(got) == 40 and set(got.values()) == {1}
            assert served.case(reply)["fields"]["count"] == 40
    assert sum(len(part.emitted()) for part in check(data)) == 1000


def test_everything_killed_at_once_goes_on_where_it_was(data):
    ask, reply = name_in(0, "A"), name_in(1, "R")
    for round_number in range(3):
        served = None
        with serving(data) as served:
            number = 100 * round_number
            served.publish(opened(ask),
                           *[sent(number + i, ask, reply) for i in range(1, 101)])
            served.process.kill()  # its children end with it
            served.process.wait()
    with serving(data) as served:
        wait_delivered(served)
        assert served.case(reply)["fields"]["count"] == 300
    check(data)


def test_a_refusal_is_a_fate_and_holds_up_nobody(data):
    ask, closed, other = name_in(0, "A"), name_in(1, "R"), name_in(1, "S")
    with serving(data) as served:
        served.publish(opened(ask), sent(1, ask, closed))
        wait_delivered(served)
        served.publish(event(9, "qj-water", "reply.ended", closed))
        fates = served.publish(sent(2, ask, closed), sent(3, ask, "X/none"), sent(4, ask, other))
        wait_delivered(served)
        refused = f"{ask}@{fates[0]['position']}.0"
        assert taken(served, closed)[-1] == (refused, "refused")
        assert [fate for _, fate in taken(served, other)] == ["started"]
    log = served.log_path.read_text()
    assert f"courier=refused partition=0 event={refused} subject={closed} code=closed" in log
    assert "subject=X/none code=unknown-case" in log
    check(data)


def test_cases_that_answer_each_other_come_to_an_end(data):
    """Else they would fill their memory of events, and take no more from anybody."""
    one, other = name_in(0, "G"), name_in(1, "H")
    with serving(data) as served:
        served.publish(*(event(0, "qj-water", "ping.opened", case) for case in (one, other)),
                       event(1, "qj-water", "ping.sent", one, {"back": other}))
        wait_delivered(served)
        got = [fate for case in (one, other) for _, fate in taken(served, case)]
        assert collections.Counter(got) == {"started": 2, "applied": 16, "refused": 1}
        last = served.history(one)[-1]
        assert (last["fate"], last["code"]) == ("refused", "limit")
        fates = served.publish(event(2, "qj-water", "ping.ended", one),
                               event(2, "qj-water", "ping.ended", other))
        assert [fate["fate"] for fate in fates] == ["applied", "applied"]
    check(data)


def undelivered(raw, partition):
    return raw.ask(partition, ask="status")[2]


def test_status_tells_what_waits_and_since_when(data):
    """The target's worker stands still, as one does whose disk has stopped."""
    ask, reply = name_in(0, "A"), name_in(1, "R")
    with serving(data) as served, Raw(served.url) as raw:
        raw.hello()
        pid = next(row["pid"] for row in served.status()["partitions"] if row["partition"] == 1)
        os.kill(pid, signal.SIGSTOP)
        try:
            served.publish(opened(ask), sent(1, ask, reply), sent(2, ask, reply))
            said = undelivered(raw, 0)
            while "unread" in said:
                said = undelivered(raw, 0)
            assert said["undelivered"] == 2
            first = said["undelivered_ms"]
            while said["undelivered_ms"] <= first:
                said = undelivered(raw, 0)
            assert said["undelivered"] == 2
        finally:
            os.kill(pid, signal.SIGCONT)
        wait_delivered(served)
        assert served.case(reply)["fields"]["count"] == 2
        assert "undelivered_ms" not in undelivered(raw, 0)
    check(data)


def watch(served, name, *options):
    return rows(served.run("alerts", "watch", "--name", name, "--from", "start", "--once", "--json",
                           *options).stdout)


def test_subscribers_hear_of_emitted_events_if_they_ask(data):
    ask, reply = name_in(0, "A"), name_in(1, "R")
    with serving(data) as served:
        fates = served.publish(opened(ask), sent(1, ask, reply, "n"),
                               event(2, "qj-water", "ask.told", ask, {"note": "over"}))
        wait_delivered(served)
        assert watch(served, "as-before") == []
        both = watch(served, "both", "--emitted")
        assert [row["kind"] for row in both] == ["emitted", "emitted"]
        assert [row["event"].get("subject") for row in both] == [reply, None]
        assert both[0]["event"]["id"] == f"{ask}@{fates[1]['position']}.0"
        assert both[1]["event"]["data"] == {"note": "over"}
        assert both[1]["case"] == ask and both[1]["event"]["source"] == "qj-water"
        one = watch(served, "one", "--type", "ask.told")
        assert [row["event"]["type"] for row in one] == ["ask.told"]
        assert watch(served, "both", "--emitted") == []  # acknowledged
        told = served.run("alerts", "watch", "--name", "people", "--from", "start", "--once",
                          "--emitted").stdout
        assert f"reply.asked  qj-water → {reply}" in told
    check(data)


def test_where_nothing_emits_there_is_no_connection(folder):
    lead = event(0, "qj-ecology", "lead.transferred", "Q-1",
                 {"field": "ecology", "summary": "河道固废"})
    partition = partition_of("Q-1")
    with serving(folder) as served, Raw(served.url) as raw:
        raw.hello()
        kind, _, fates = raw.publish(partition, lead)
        assert (kind, fates[0]["fate"]) == ("fates", "started")
        while "unread" in undelivered(raw, partition):
            pass
        assert raw.ask(BROKER, ask="status")[2]["clients"] == 1  # ourselves
