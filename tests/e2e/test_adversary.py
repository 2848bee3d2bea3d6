"""Promises under attack: what was found once by playing the adversary stays found."""
import contextlib
import os
import random
import signal
import subprocess
import time

import msgpack
import zmq

import verify
from harness import Served, command, event, line_of, serving
from raw import ALL, Raw, partition_of

START = "2025-08-01T09:00:00+08:00"
LEAD = {"field": "ecology", "summary": "河道固废"}


def lead(case, number=0, **more):
    return event(number, "qj-ecology", "lead.transferred", case, LEAD, **more)


def wait_until(is_so, what, patience_s=60):
    """Asks again and again. What is asked is a command of its own, which takes its time."""
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline:
        if is_so():
            return
    raise AssertionError(f"not within {patience_s} s: {what}")


def wait_for_line(log, words, patience_s=60):
    """Until a line of a log has these words: `tail` wakes when something is written."""
    with subprocess.Popen(["timeout", str(patience_s), "tail", "-n", "+1", "-f", log],
                          stdout=subprocess.PIPE, text=True) as tail:
        is_found = any(words in line for line in tail.stdout)
        tail.terminate()
    assert is_found, f"not within {patience_s} s in {log}: {words}"


def is_whole(served):
    try:
        return all(row["up"] for row in served.status()["partitions"])
    except (AssertionError, KeyError, IndexError):
        return False


def pids(served):
    status = served.status()
    return [status["broker"]["pid"]] + [row["pid"] for row in status["partitions"]]


def test_an_answer_from_before_the_brokers_death_reaches_nobody_else(folder):
    """A worker outlives its broker with a fetch of one name parked; its late answer must not be
    taken for the answer to another name's fetch, whose cursor would then pass over alerts."""
    case, part = "T-1", partition_of("T-1")
    with serving(folder, "--clock", "manual", "--at", START) as served:
        served.publish(lead(case))
        with Raw(served.url) as first, Raw(served.url) as second:
            first.hello()
            for name, levels in (("all", []), ("late", ["overdue"])):
                kind, _, body = first.ask(part, ask="subscribe", name=name, levels=levels,
                                          **{"from": "start"})
                assert kind == "answer", body
            first.tell("request", part, {"ask": "fetch", "name": "all", "wait_ms": 30000})
            wait_until(lambda: any(row["in_flight"] for row in served.status()["partitions"]),
                       "the fetch is with the worker")
            served.kill_broker()
            wait_until(lambda: is_whole(served), "the workers are back at the new broker")
            second.hello()
            seq = second.tell("request", part, {"ask": "fetch", "name": "late", "wait_ms": 30000})
            wait_until(lambda: any(row["in_flight"] for row in served.status()["partitions"]),
                       "the second fetch is with the worker")
            served.advance("2025-08-29T12:00:00+08:00")  # warnings only
            served.advance("2025-09-02T00:00:00+08:00")
            kind, _, body = second.answer(seq)
            assert kind == "answer"
            assert {item["level"] for item in body["items"]} == {"overdue"}


def test_a_worker_that_outlives_its_serve_is_waited_for(folder):
    """`serve` is killed while a worker hangs; the next `serve` finds its store in use for a while."""
    log = f"{folder}.log"
    first = Served(folder, log)
    hung = first.status()["partitions"][0]["pid"]
    os.kill(hung, signal.SIGSTOP)
    first.kill()
    second = Served(folder, log, ready=False)
    try:
        wait_for_line(log, "in use by another process")
        os.kill(hung, signal.SIGCONT)  # and it ends: its parent is gone
        second.url = line_of(second.process, "ready ").split()[1]
        assert second.publish(lead("U-1"))[0]["fate"] == "started"
    finally:
        second.stop()


def test_many_partitions_may_each_say_as_much_as_one(tmp_path):
    """The gathered answer of eight partitions with a full page each is larger than one message."""
    folder = tmp_path / "wide"
    command("init", folder, "--partitions", "8")
    with serving(folder, "--clock", "manual", "--at", START) as served:
        served.publish(*[lead(f"W-{i}") for i in range(4800)])
        served.advance("2025-09-02T00:00:00+08:00")
        assert len(served.json("overdue")) >= 8 * 500


def test_a_question_that_can_never_be_answered_is_not_put_off(folder):
    """`unavailable` means: ask again. A name longer than any must not be told that for ever."""
    with serving(folder) as served, Raw(served.url) as client:
        client.hello()
        for question in ({"ask": "overdue", "unit": "u" * 400},
                         {"ask": "cases", "workflow": "w" * 400},
                         {"ask": "cases", "after": "a" * 400}):
            kind, _, parts = client.ask(ALL, **question)
            assert kind == "answer"
            assert [part.get("error") for part in parts] == ["malformed"] * 2, question


def test_a_thousand_waiting_fetches_hold_up_no_event(folder):
    """A parked fetch holds a place in the worker's window; they must never fill it."""
    with serving(folder) as served, contextlib.ExitStack() as stack:
        clients = [stack.enter_context(Raw(served.url)) for _ in range(100)]
        for client in clients:
            client.hello()
        for part in (0, 1):
            clients[0].ask(part, ask="subscribe", name="n", **{"from": "now"})
        for client in clients:
            for i in range(24):
                client.tell("request", i % 2, {"ask": "fetch", "name": "n", "wait_ms": 30000})
        began = time.monotonic()
        assert served.publish(lead("F-1"), lead("F-2"), lead("F-3"))[0]["fate"] == "started"
        assert time.monotonic() - began < 15, "the fetches held the events up"


def test_clients_that_vanish_and_liars_leave_the_servers_as_they_were(folder):
    """Half messages, floods and strangers on both sockets; the same processes serve afterwards."""
    with serving(folder) as served:
        before = pids(served)
        for number in range(200):
            with Raw(served.url) as client:
                client.send({"kind": "hello", "v": 1})
                client.tell("publish", number % 2, [lead(f"V-{number}")])
        with Raw(served.url) as client:
            client.hello()
            seq = client.tell("publish", 0, [])
            for _ in range(50):  # the seq of one that is out, for another body
                client.send({"kind": "publish", "seq": seq, "part": 0},
                            msgpack.packb([lead("V-0", 1)]))
            for _ in range(20000):
                client.send({"kind": "hello", "v": 1})
            client.socket.send_multipart([b"x"] * 5000)
        workers = zmq.Context.instance().socket(zmq.DEALER)
        workers.connect(f"ipc://{folder}/run/workers")
        random.seed(7)
        for _ in range(2000):
            header = random.choice([
                {"kind": "register", "part": random.choice([0, 1, 2, 65535]), "epoch": 1, "pid": 1},
                {"kind": "reply", "token": random.getrandbits(60), "inner": "fates"},
                {"kind": "beat", "credit": 2**32 - 1}, {"kind": "deliver", "token": 1}])
            workers.send_multipart([msgpack.packb(header), random.randbytes(30)])
        assert served.publish(lead("V-done"))[0]["fate"] == "started"
        assert pids(served) == before
        workers.close(0)
    verify.check(folder)
