"""Bad input from outside: each gets a clear refusal, and nothing is lost by it."""
import os
import shutil
import struct
import subprocess

import msgpack
import pytest
import zmq

from harness import BIN, command, environment, event, serving

LEAD = {"field": "ecology", "summary": "河道固废"}


def lead(case, number=0, **more):
    return event(number, "qj-ecology", "lead.transferred", case, LEAD, **more)


@pytest.fixture
def served(folder):
    with serving(folder, "--clock", "manual", "--at", "2025-08-05T10:00:00+08:00") as running:
        yield running


def refusal(served, published):
    fate = served.publish(published)[0]
    assert fate["fate"] == "refused", fate
    return fate


@pytest.mark.parametrize("change, code", [
    ({"type": "no.such"}, "unknown-case"),
    ({"source": "qj-nobody"}, "wrong-sender"),
    ({"data": {"field": "ecology"}}, "missing-data"),
    ({"data": {**LEAD, "summary": 5}}, "bad-data"),
    ({"data": {**LEAD, "field": "astronomy"}}, "bad-data"),
    ({"data": {**LEAD, "surprise": 1}}, "unknown-data"),
    ({"time": "2025-08-06T10:00:00+08:00"}, "future-date"),
    ({"time": "yesterday"}, "malformed"),
    ({"id": ""}, "malformed"),
    ({"subject": "x" * 200}, "malformed"),
    ({"workflow": "no-such-workflow"}, "unknown-case"),
])
def test_a_start_event_that_is_wrong(served, change, code):
    assert refusal(served, {**lead("B-1"), **change})["code"] == code
    assert served.run("case", "show", "B-1", check=False).returncode == 1


def test_events_of_a_case_that_are_wrong(served):
    assert served.publish(lead("B-2"))[0]["fate"] == "started"
    assert refusal(served, event(1, "qj-ecology", "no.such", "B-2"))["code"] == "unknown-event"
    not_taken = refusal(served, event(2, "qj-ecology", "feedback.submitted", "B-2",
                                      {"measures": "x"}))
    assert not_taken["code"] in ("not-taken", "wrong-sender")
    chief = refusal(served, event(3, "qj-procuratorate", "case.filed", "B-2", {}))
    assert chief["code"] == "wrong-role"
    assert refusal(served, event(4, "qj-procuratorate", "case.filed", "B-2",
                                 {"respondent": "qj-nobody", "document": "1"},
                                 role="chief"))["code"] == "bad-data"
    assert refusal(served, event(5, "qj-procuratorate", "lead.rejected", "B-2",
                                 role="chief"))["code"] == "missing-data"
    refused_ids = {row["event_id"] for row in served.history("B-2") if row.get("fate") == "refused"}
    assert {"B-2-1", "B-2-2", "B-2-3"} <= refused_ids, "refusals are kept"


def test_a_refusal_says_what_would_have_been_taken(served):
    served.publish(lead("B-3"))
    fate = refusal(served, event(1, "qj-procuratorate", "review.suspended", "B-3", {}, role="chief"))
    assert fate["code"] == "not-taken"
    assert fate["takes"]


def raw(url):
    socket = zmq.Context.instance().socket(zmq.DEALER)
    socket.setsockopt(zmq.LINGER, 0)
    socket.setsockopt(zmq.RCVTIMEO, 20000)
    socket.connect(url)
    return socket


def hello(url):
    socket = raw(url)
    socket.send_multipart([msgpack.packb({"v": 1, "kind": "hello"}), b""])
    header, _ = socket.recv_multipart()
    assert msgpack.unpackb(header)["kind"] == "welcome"
    return socket


BOMBS = {
    "array of 134 million": b"\xdd\x0f\xff\xff\xff",
    "depth": b"\x91" * 2000 + b"\x90",
    "trailing": msgpack.packb([]) + b"\x00",
    "truncated": msgpack.packb([{"id": "x"}])[:-1],
    "not a list": msgpack.packb({"a": 1}),
    "duplicate key": b"\x91\x82\xa2id\xa1a\xa2id\xa1b",
    "not utf-8": b"\x91\x81\xa2id\xa1\xff",
    "map of numbers": b"\x91\x81\x01\x02",
    "empty": b"",
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_malformed_body_is_answered_and_harms_nobody(served, name):
    socket = hello(served.url)
    socket.send_multipart([msgpack.packb({"v": 1, "kind": "publish", "seq": 1, "part": 0}),
                           BOMBS[name]])
    header, body = socket.recv_multipart()
    answer = msgpack.unpackb(header)
    assert answer["kind"] in ("error", "fates")
    assert answer["seq"] == 1
    socket.close()
    assert served.publish(lead("B-9"))[0]["fate"] == "started"


@pytest.mark.parametrize("frames", [
    [b""], [b"\xff" * 600, b""], [os.urandom(64), b""], [b"a", b"b", b"c"],
    [msgpack.packb({"v": 99, "kind": "hello"}), b""],
    [msgpack.packb({"v": 1, "kind": "no-such-kind"}), b""],
    [msgpack.packb({"v": 1, "kind": "publish", "seq": 1, "part": 7}), b""],
    [struct.pack(">I", 0xDEADBEEF), b"x" * 1000],
])
def test_frames_that_are_no_message_harm_nobody(served, frames):
    socket = raw(served.url)
    socket.send_multipart(frames)
    socket.close(0)
    assert served.publish(lead("B-10"))[0]["fate"] == "started"


def test_an_event_in_the_wrong_partition_is_refused(served):
    socket = hello(served.url)
    packed = msgpack.packb([lead("B-11")])
    fates = []
    for partition in (0, 1):
        socket.send_multipart([msgpack.packb({"v": 1, "kind": "publish", "seq": partition + 1,
                                              "part": partition}), packed])
        _, body = socket.recv_multipart()
        fates.append(msgpack.unpackb(body)[0])
    assert sorted(fate["fate"] for fate in fates) == ["refused", "started"]
    assert "wrong-partition" in [fate.get("code") for fate in fates]
    socket.close()


def test_a_definition_with_errors_is_not_deployed(served, tmp_path):
    bad = tmp_path / "bad.yaml"
    bad.write_text("workflow: bad\nversion: 1\ncalendar: cn\nstart: {to: nowhere}\nstates: {a: {end: true}}\n")
    done = served.run("workflow", "deploy", bad, check=False)
    assert done.returncode == 1
    assert "bad.yaml:" in done.stdout + done.stderr
    assert "bad" not in [row["id"] for row in served.json("workflow", "list")]


def test_a_deployed_version_never_changes(served, tmp_path):
    text = served.run("workflow", "show", "administrative-public-interest").stdout
    changed = tmp_path / "changed.yaml"
    changed.write_text(text)
    same = served.run("workflow", "deploy", changed, check=False)
    assert same.returncode == 0
    changed.write_text(text + "\n# another text under the same version\n")
    assert served.run("workflow", "deploy", changed, check=False).returncode == 1


def test_stores_that_are_not_this_partitions(folder):
    shutil.move(folder / "p0", folder / "px")
    shutil.move(folder / "p1", folder / "p0")
    shutil.move(folder / "px", folder / "p1")
    done = command("serve", "--data", folder, "--listen", "tcp://127.0.0.1:0", check=False)
    assert done.returncode == 3
    assert "ready" not in done.stdout


def test_a_missing_store_is_not_made_anew(folder):
    shutil.rmtree(folder / "p1")
    serve = subprocess.Popen([str(BIN / "liandong"), "serve", "--data", str(folder), "--listen",
                              "tcp://127.0.0.1:0"], stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, text=True, env=environment())
    try:
        said = next(line for line in serve.stderr if "worker-1: its store is not usable" in line)
        assert "not started again" in said
    finally:
        serve.terminate()
        out, _ = serve.communicate(timeout=60)
    assert "ready" not in out
    assert not (folder / "p1").exists()


def test_folders_that_are_none(tmp_path):
    assert command("serve", "--data", tmp_path / "none", check=False).returncode == 3
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "something").write_text("x")
    assert command("init", tmp_path / "full", check=False).returncode != 0


def test_a_port_that_is_taken(folder, served, tmp_path):
    other = tmp_path / "other"
    command("init", other)
    done = command("serve", "--data", other, "--listen", served.url, check=False)
    assert done.returncode == 3
    assert served.url.rsplit(":", 1)[1] in done.stderr


def test_only_the_loopback_is_listened_on(folder):
    done = command("serve", "--data", folder, "--listen", "tcp://0.0.0.0:0", check=False)
    assert done.returncode == 3


def test_a_clock_that_is_real_cannot_be_set(folder):
    with serving(folder) as running:
        done = running.run("clock", "advance", "--to", "2030-01-01T00:00:00+08:00", check=False)
        assert done.returncode == 1


def test_nobody_there(tmp_path):
    done = command("status", "--connect", "tcp://127.0.0.1:1", "--timeout", "1", check=False)
    assert done.returncode == 3
    assert (BIN / "liandong").exists()
