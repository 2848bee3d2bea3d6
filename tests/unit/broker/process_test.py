"""The broker as a process: frames over real sockets, with a client and a worker played here.

The router's own promises are router_test.c's; this is what only sockets can show.
"""
import os
import pathlib
import resource
import signal
import socket
import subprocess
import sys

import msgpack
import pytest
import zmq

BROKER = os.environ["LIANDONG_BROKER"]
PATIENCE_MS = 20000


def usual_bounds():
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(1024, hard), hard))


class Broker:
    def __init__(self, folder, *options, partitions=1, listen="tcp://127.0.0.1:0"):
        self.workers = f"ipc://{folder}/workers"
        self.local = f"ipc://{folder}/clients"
        self.process = subprocess.Popen(
            [BROKER, "--partitions", str(partitions), "--listen", listen, "--workers", self.workers,
             "--local", self.local, "--die-with-parent", *options],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=usual_bounds)
        word, _, self.url = self.line().partition(" ")
        assert word == "listening"

    def line(self):
        return self.process.stdout.readline().strip()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        _, self.said = self.process.communicate(timeout=20)
        return self.process.returncode


class Peer:
    """A DEALER that speaks in headers and bodies."""

    def __init__(self, url, **options):
        self.socket = zmq.Context.instance().socket(zmq.DEALER)
        self.socket.setsockopt(zmq.LINGER, 0)
        self.socket.setsockopt(zmq.RCVTIMEO, PATIENCE_MS)
        for name, value in options.items():
            self.socket.setsockopt(getattr(zmq, name), value)
        self.socket.connect(url)

    def send(self, body=b"", **header):
        self.socket.send_multipart([msgpack.packb(header), body])

    def receive(self):
        header, body = self.socket.recv_multipart()
        return msgpack.unpackb(header), body

    def ask(self, body=b"", **header):
        self.send(body, **header)
        return self.receive()

    def close(self):
        self.socket.close()


@pytest.fixture
def broker(tmp_path):
    running = Broker(tmp_path)
    yield running
    assert running.stop() == 0, running.said


@pytest.fixture
def peers(broker):
    opened = []

    def open_peer(url, **options):
        opened.append(Peer(url, **options))
        return opened[-1]

    yield open_peer
    for peer in opened:
        peer.close()


@pytest.fixture
def client(broker, peers):
    peer = peers(broker.url)
    header, _ = peer.ask(kind="hello", v=1)
    assert header["kind"] == "welcome" and header["parts"] == 1
    return peer


def register(broker, peers, epoch=1, part=0, **more):
    worker = peers(broker.workers)
    header, _ = worker.ask(kind="register", part=part, epoch=epoch, pid=os.getpid(), credit=8, **more)
    assert header["kind"] == "registered"
    return worker


def test_a_message_goes_round(broker, client, peers):
    worker = register(broker, peers)
    assert broker.line() == "ready"
    body = os.urandom(100_000)
    client.send(body, kind="publish", seq=1)
    deliver, got = worker.receive()
    assert (deliver["kind"], deliver["inner"]) == ("deliver", "publish")
    assert got == body
    worker.send(b"fates", kind="reply", token=deliver["token"], inner="fates")
    assert client.receive() == ({"kind": "fates", "seq": 1}, b"fates")


def test_clients_of_both_addresses_are_served_alike(broker, client, peers):
    local = peers(broker.local)
    assert local.ask(kind="hello", v=1)[0]["kind"] == "welcome"
    worker = register(broker, peers)
    for peer, body in ((client, b"far"), (local, b"near")):
        peer.send(body, kind="publish", seq=1)
        deliver, got = worker.receive()
        assert got == body
        worker.send(body, kind="reply", token=deliver["token"], inner="fates")
    assert client.receive() == ({"kind": "fates", "seq": 1}, b"far")
    assert local.receive() == ({"kind": "fates", "seq": 1}, b"near")


def test_many_messages_both_ways_without_a_stall(broker, client, peers):
    """Sends and receives cross on both sockets, more than one turn's budget of them."""
    worker = register(broker, peers)
    count = 1000
    for seq in range(1, count + 1):
        client.send(b"x", kind="publish", seq=seq)
    for _ in range(count):
        deliver, _ = worker.receive()
        worker.send(b"y", kind="reply", token=deliver["token"], inner="fates")
    assert sorted(client.receive()[0]["seq"] for _ in range(count)) == list(range(1, count + 1))


def test_a_slow_reader_gets_what_was_parked_for_it(broker, peers):
    """The answers are more than the connection takes: the rest waits in the broker."""
    client = peers(broker.url, RCVHWM=1, RCVBUF=4096)
    client.ask(kind="hello", v=1)
    worker = register(broker, peers)
    body = bytes(20_000)
    count = 1000
    for seq in range(1, count + 1):
        client.send(kind="request", seq=seq)
    for _ in range(count):
        deliver, _ = worker.receive()
        worker.send(body, kind="reply", token=deliver["token"], inner="answer")
    worker.ask(kind="beat", credit=8)
    seen = [client.receive()[0]["seq"] for _ in range(count)]
    assert seen == list(range(1, count + 1))


def test_a_workers_unanswered_messages_go_to_the_next(broker, client, peers):
    worker = register(broker, peers)
    for seq in (1, 2, 3):
        client.send(bytes([seq]), kind="publish", seq=seq)
        worker.receive()
    next_worker = register(broker, peers, epoch=2)
    assert worker.receive()[0]["kind"] == "fenced"
    again = [next_worker.receive() for _ in range(3)]
    assert [body for _, body in again] == [b"\1", b"\2", b"\3"]
    assert all(header["again"] for header, _ in again)


@pytest.mark.parametrize("frames", [
    [b"\xc1", b""],
    [b"", b""],
    [msgpack.packb({"kind": "publish"}), b""],
    [msgpack.packb({"kind": "ping", "seq": 7})],
    [msgpack.packb({"kind": "ping", "seq": 7}), b"", b""],
    [b"x"] * 50,
    [bytes(5000), b""],
])
def test_what_is_no_message_is_answered_and_harms_nobody(client, frames):
    client.socket.send_multipart(frames)
    header, body = client.receive()
    assert (header["kind"], header["code"]) == ("error", 1)
    assert client.ask(kind="ping", seq=9)[0] == {"kind": "pong", "seq": 9}


def test_an_unknown_kind_is_told(client):
    header, body = client.ask(kind="dance", seq=4)
    assert (header["kind"], header["code"], header["seq"]) == ("error", 4, 4)
    assert set(msgpack.unpackb(body)) == {"zh", "en"}


def test_a_peer_that_names_itself_is_refused(broker, peers):
    peer = peers(broker.url, ROUTING_ID=b"somebody")
    assert peer.ask(kind="hello", v=1)[0]["kind"] == "error"


def test_a_body_over_the_bound_is_told_so(client):
    header, _ = client.ask(bytes((1 << 20) + 1), kind="publish", seq=1)
    assert (header["kind"], header["code"], header["seq"]) == ("error", 2, 1)


def test_a_frame_far_over_the_bound_ends_the_connection_only(broker, client, peers):
    rude = peers(broker.url, RCVTIMEO=500)
    rude.ask(kind="hello", v=1)
    rude.send(bytes((2 << 20) + 1), kind="publish", seq=1)
    assert client.ask(kind="ping", seq=1)[0]["kind"] == "pong"


def test_the_brokers_own_status(broker, client, peers):
    header, body = client.ask(msgpack.packb({"ask": "status"}), kind="request", seq=1, part=0xFFFE)
    status = msgpack.unpackb(body)
    assert header["kind"] == "answer"
    assert status["pid"] == broker.process.pid
    assert status["partitions"] == [{"partition": 0, "queued": 0, "in_flight": 0, "up": False}]
    register(broker, peers, epoch=5)
    _, body = client.ask(msgpack.packb({"ask": "status"}), kind="request", seq=2, part=0xFFFE)
    row = msgpack.unpackb(body)["partitions"][0]
    assert (row["up"], row["pid"], row["epoch"]) == (True, os.getpid(), 5)
    header, _ = client.ask(msgpack.packb({"ask": "tea"}), kind="request", seq=3, part=0xFFFE)
    assert (header["kind"], header["code"]) == ("error", 7)
    header, _ = client.ask(b"\xc1", kind="request", seq=4, part=0xFFFE)
    assert (header["kind"], header["code"]) == ("error", 1)


def test_answers_of_all_partitions_come_as_one_list(tmp_path):
    broker = Broker(tmp_path, partitions=3)
    client, workers = Peer(broker.url), [Peer(broker.workers) for _ in range(3)]
    client.ask(kind="hello", v=1)
    for part, worker in enumerate(workers):
        worker.ask(kind="register", part=part, epoch=1, pid=part + 1, credit=4)
    assert broker.line() == "ready"
    client.send(msgpack.packb({"ask": "overdue"}), kind="request", seq=1, part=0xFFFF)
    tokens = [worker.receive()[0]["token"] for worker in workers]
    workers[2].send(msgpack.packb({"rows": [1]}), kind="reply", token=tokens[2], inner="answer")
    workers[0].send(kind="reply", token=tokens[0], inner="answer")
    workers[1].send(msgpack.packb({"zh": "满", "en": "full", "detail": "p1"}), kind="reply",
                    token=tokens[1], inner="error", code=11)
    header, body = client.receive()
    assert header == {"kind": "answer", "seq": 1, "part": 0xFFFF}
    assert msgpack.unpackb(body) == [
        {"partition": 0, "answer": {}},
        {"partition": 1, "error": "store-full", "zh": "满", "en": "full", "detail": "p1"},
        {"partition": 2, "answer": {"rows": [1]}}]
    for peer in [client, *workers]:
        peer.close()
    assert broker.stop() == 0, broker.said


def test_more_clients_than_the_usual_bound_of_descriptors(broker, peers):
    """Raw connections: a descriptor each here and there."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    count = 1100
    if hard < count + 200:
        pytest.skip(f"the hard limit of descriptors is {hard}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    host, port = broker.url.removeprefix("tcp://").split(":")
    greeting = b"\xff" + bytes(8) + b"\x7f\x03\x00NULL" + bytes(16) + bytes(1) + bytes(31)
    ready = b"\x04\x19\x05READY\x0bSocket-Type\x00\x00\x00\x06DEALER"
    crowd = []
    try:
        for _ in range(count):
            one = socket.create_connection((host, int(port)))
            one.sendall(greeting + ready[:1] + bytes([len(ready) - 2]) + ready[2:])
            crowd.append(one)
        # They answer no heartbeat, so that after six seconds there would be room in any case.
        last = peers(broker.url, RCVTIMEO=4000)
        assert last.ask(kind="hello", v=1)[0]["kind"] == "welcome"
    finally:
        for one in crowd:
            one.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def refused(*words):
    done = subprocess.run([BROKER, *words], capture_output=True, text=True, timeout=20)
    return done.returncode, done.stderr


def test_it_says_in_one_line_why_it_cannot_begin(broker, tmp_path):
    workers = ["--workers", f"ipc://{tmp_path}/other", "--partitions", "1"]
    for listen, word in [("tcp://0.0.0.0:0", "loopback"), ("tcp://*:0", "loopback"),
                         ("http://127.0.0.1", "loopback"), (broker.url, "taken"),
                         ("tcp://127.0.0.1:x", "cannot-listen")]:
        code, said = refused("--listen", listen, *workers)
        assert code == 3
        assert word in said and said.count("\n") == 1
    assert refused("--listen", "tcp://127.0.0.1:0")[0] == 2
    assert refused("--partitions", "65", "--listen", "tcp://127.0.0.1:0", *workers[:2])[0] == 2


if __name__ == "__main__":
    sys.exit(pytest.main(["-q", "-x", "-p", "no:cacheprovider", str(pathlib.Path(__file__))]))
