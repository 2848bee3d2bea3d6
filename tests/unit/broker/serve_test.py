"""`liandong serve` with the real broker and a worker played by a script: who is started, watched,
started again and stopped. What is waited for is a line that a process says, never a time.
"""
import json
import os
import pathlib
import select
import shutil
import signal
import subprocess
import sys

import msgpack
import pytest
import zmq

BIN = pathlib.Path(os.environ["LIANDONG_BIN"])
SOURCE = os.environ["LIANDONG_SOURCE"]
USAGE, TROUBLE = 2, 3

# It says register until it is registered, beats, and answers every delivery with {partition}. A file
# `unusable-N` in the data folder makes partition N's store unfit.
WORKER = """#!/usr/bin/python3
import ctypes, os, pathlib, sys
import msgpack, zmq
ctypes.CDLL(None).prctl(1, 9)
words = dict(zip(sys.argv[1::2], sys.argv[2::2]))
data, part = pathlib.Path(words["--data"]), int(words["--partition"])
if (data / f"unusable-{part}").exists():
    sys.exit(78)
(data / f"argv-{part}").write_text("\\n".join([os.getcwd()] + sys.argv[1:]))
counter = data / f"epoch-{part}"
epoch = int(counter.read_text()) + 1 if counter.exists() else 1
counter.write_text(str(epoch))
socket = zmq.Context.instance().socket(zmq.DEALER)
socket.setsockopt(zmq.LINGER, 0)
socket.connect(words["--broker"])
def send(body=b"", **header):
    socket.send_multipart([msgpack.packb(header), body])
def register():
    send(kind="register", part=part, epoch=epoch, pid=os.getpid(), credit=10)
register()
while True:
    if not socket.poll(200):
        send(kind="beat", credit=10)
        continue
    header, _ = socket.recv_multipart()
    header = msgpack.unpackb(header)
    if header["kind"] == "error":
        register()
    elif header["kind"] == "fenced":
        sys.exit(1)
    elif header["kind"] == "deliver":
        send(msgpack.packb({"partition": part}), kind="reply", token=header["token"], inner="answer")
"""


@pytest.fixture
def programs(tmp_path):
    """Our own folder of programs: serve looks for the others beside itself."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("liandong", "liandong-broker"):
        shutil.copy(BIN / name, folder / name)
    worker = folder / "liandong-worker"
    worker.write_text(WORKER)
    worker.chmod(0o755)
    return folder


def environment():
    return {**os.environ, "LC_ALL": "C.UTF-8", "LIANDONG_SHARE": f"{SOURCE}/workflows"}


def run(programs, *words):
    return subprocess.run([str(programs / "liandong"), *map(str, words)], capture_output=True,
                          text=True, timeout=60, env=environment())


@pytest.fixture
def data(programs, tmp_path):
    # Deeper than a socket's path may be long.
    parent = tmp_path / ("deep" * 20) / ("deeper" * 12)
    parent.mkdir(parents=True)
    done = run(programs, "init", parent / "data")
    assert done.returncode == 0, done.stderr
    return parent / "data"


class Serve:
    def __init__(self, programs, data, *options):
        self.process = subprocess.Popen(
            [str(programs / "liandong"), "serve", "--data", str(data), "--listen",
             "tcp://127.0.0.1:0", *options],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment())

    def ready(self):
        word, _, self.url = self.process.stdout.readline().strip().partition(" ")
        assert word == "ready", self.process.stderr.read()
        return self

    def says(self, *wanted):
        """Reads on until each text has stood in a line, in whatever order: text to line."""
        found = {}
        for line in self.process.stderr:
            found.update({text: line for text in wanted if text in line})
            if len(found) == len(wanted):
                return found
        raise AssertionError(f"{wanted} was never said, but {found}")

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        said = self.process.stderr.read()  # ends when the last child has ended
        self.process.stdout.close()
        self.process.stderr.close()
        return self.process.wait(timeout=30), said


@pytest.fixture
def serve(programs, data):
    started = []

    def start(*options):
        started.append(Serve(programs, data, *options))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.stop(signal.SIGKILL)


def ask(url, partition=0, **question):
    socket = zmq.Context.instance().socket(zmq.DEALER)
    socket.setsockopt(zmq.LINGER, 0)
    socket.setsockopt(zmq.RCVTIMEO, 30000)
    socket.connect(url)
    try:
        for header, body in (({"kind": "hello", "v": 1}, b""),
                             ({"kind": "request", "seq": 1, "part": partition},
                              msgpack.packb(question))):
            socket.send_multipart([msgpack.packb(header), body])
            _, answer = socket.recv_multipart()
        return msgpack.unpackb(answer)
    finally:
        socket.close()


def status(url):
    return ask(url, 0xFFFE, ask="status")


def test_it_is_ready_with_all_partitions_and_stops_cleanly(serve, data):
    served = serve("--clock", "manual", "--at", "2025-08-01T09:00:00+08:00").ready()
    assert [ask(served.url, part) for part in (0, 1)] == [{"partition": 0}, {"partition": 1}]
    told = status(served.url)
    assert [row["up"] for row in told["partitions"]] == [True, True]
    assert (data / "argv-1").read_text().split("\n") == [
        str(data), "--data", str(data), "--partition", "1", "--broker", "ipc://run/workers",
        "--clients", "ipc://run/clients", "--clock", "manual", "--at",
        "2025-08-01T09:00:00+08:00", "--die-with-parent"]
    assert (data / "lock").read_text() == f"{served.process.pid}\n"
    code, _ = served.stop()
    assert code == 0
    serve().ready()  # the folder is free again


def test_a_killed_broker_comes_back_on_its_port(serve):
    served = serve().ready()
    before = status(served.url)["pid"]
    os.kill(before, signal.SIGKILL)
    served.says("event=exit child=broker")
    served.says("liandong-broker: event=ready")
    after = status(served.url)
    assert after["pid"] != before
    assert ask(served.url, 1) == {"partition": 1}
    assert served.stop()[0] == 0


def test_a_killed_worker_comes_back_with_a_higher_epoch(serve):
    served = serve().ready()
    row = status(served.url)["partitions"][1]
    os.kill(row["pid"], signal.SIGKILL)
    served.says("event=exit child=worker-1")
    served.says(f"event=register partition=1 epoch={row['epoch'] + 1}")
    again = ask(served.url, 1)
    assert again == {"partition": 1}
    assert status(served.url)["partitions"][1]["pid"] != row["pid"]


def test_children_end_with_a_killed_serve(serve):
    served = serve().ready()
    pids = [status(served.url)["pid"]] + [r["pid"] for r in status(served.url)["partitions"]]
    children = [os.pidfd_open(pid) for pid in pids]
    served.process.kill()
    for child in children:
        assert select.select([child], [], [], 30)[0], "a child outlived serve"
        os.close(child)


def test_a_folder_is_served_once(serve, programs, data):
    served = serve().ready()
    done = run(programs, "serve", "--data", data, "--listen", "tcp://127.0.0.1:0")
    assert done.returncode == TROUBLE
    assert "data folder in use" in done.stderr and str(served.process.pid) in done.stderr
    assert done.stderr.count("\n") == 1


def test_status_shows_who_is_up(serve, programs):
    served = serve().ready()
    told = json.loads(run(programs, "status", "--json", "--connect", served.url).stdout)
    assert told["broker"]["pid"] == status(served.url)["pid"]
    assert [(row["partition"], row["up"], row["epoch"]) for row in told["partitions"]] == [
        (0, True, 1), (1, True, 1)]
    assert all(pathlib.Path(f"/proc/{row['pid']}").exists() for row in told["partitions"])
    shown = run(programs, "status", "--connect", served.url).stdout
    assert str(told["broker"]["pid"]) in shown and shown.count(" up ") == 2


def test_status_shows_a_partition_that_is_down(serve, programs, data):
    (data / "unusable-1").touch()
    served = serve()
    url = served.says("event=listening", "event=register partition=0")["event=listening"]
    url = url.split("url=")[1].strip()
    told = json.loads(run(programs, "status", "--json", "--connect", url).stdout)
    assert told["partitions"][1] == {"partition": 1, "queued": 0, "in_flight": 0, "up": False}
    assert "down" in run(programs, "status", "--connect", url).stdout


def test_an_unusable_store_is_left_alone_and_the_others_go_on(serve, data):
    (data / "unusable-0").touch()
    served = serve()
    served.says("worker-0: its store is not usable", "event=register partition=1")
    assert served.process.poll() is None
    code, said = served.stop()
    assert code == 0
    assert "start child=worker-0" not in said


def test_without_any_usable_store_it_ends(serve, data):
    for part in (0, 1):
        (data / f"unusable-{part}").touch()
    served = serve()
    served.says("no partition can run")
    assert served.process.wait(timeout=30) == TROUBLE


def test_a_taken_port_is_said_in_plain_words(serve, programs, data, tmp_path):
    served = serve().ready()
    other = tmp_path / "other"
    assert run(programs, "init", other, "--partitions", 1).returncode == 0
    done = run(programs, "serve", "--data", other, "--listen", served.url)
    assert done.returncode == TROUBLE
    assert f"cannot listen on {served.url}" in done.stderr and "taken" in done.stderr


@pytest.mark.parametrize("words, code, said", [
    (["--data", "/"], TROUBLE, "not a data folder"),
    (["--data", "/no/such/folder"], TROUBLE, "No such file"),
    ([], USAGE, "--data"),
    (["--data", "DATA", "--clock", "sundial"], USAGE, "manual"),
    (["--data", "DATA", "--at", "2025-01-01T00:00:00Z"], USAGE, "--clock manual"),
    (["--data", "DATA", "--clock", "manual", "--at", "noon"], USAGE, "RFC 3339"),
    (["--data", "DATA", "--listen", "tcp://0.0.0.0:0"], TROUBLE, "loopback"),
])
def test_what_is_wrong_with_a_call_is_said(programs, data, words, code, said):
    done = run(programs, "serve", *[str(data) if word == "DATA" else word for word in words])
    assert done.returncode == code
    assert said in done.stderr


def test_init_leaves_alone_what_is_there(programs, data, tmp_path):
    again = run(programs, "init", data)
    assert (again.returncode, again.stderr.count("\n")) == (1, 1)
    assert "not empty" in again.stderr
    (tmp_path / "file").touch()
    assert run(programs, "init", tmp_path / "file").returncode == 1
    assert run(programs, "init", tmp_path / "no" / "where").returncode == 1
    for wrong in (["--partitions", "0", "x"], ["--partitions", "65", "x"], [], ["a", "b"]):
        assert run(programs, "init", *wrong).returncode == USAGE


def test_init_makes_all_or_nothing(programs, tmp_path):
    place = tmp_path / "place"
    place.mkdir()
    (place / "empty").mkdir()
    assert run(programs, "init", f"{place}/empty/", "--partitions", 3).returncode == 0
    assert sorted(p.name for p in (place / "empty").iterdir()) == ["identity", "p0", "p1", "p2"]
    share = tmp_path / "share"
    shutil.copytree(f"{SOURCE}/workflows", share)
    (share / "catalog" / "broken.yaml").write_text("workflow: broken\nversion: 1\nstates: 7\n")
    done = subprocess.run([str(programs / "liandong"), "init", str(place / "next")], text=True,
                          capture_output=True, env={**environment(), "LIANDONG_SHARE": str(share)})
    assert done.returncode != 0
    assert "broken.yaml:" in done.stderr and "error[" in done.stderr
    assert [p.name for p in place.iterdir()] == ["empty"]


if __name__ == "__main__":
    sys.exit(pytest.main(["-q", "-x", "-p", "no:cacheprovider", str(pathlib.Path(__file__)),
                          *sys.argv[1:]]))
