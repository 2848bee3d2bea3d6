"""The Python client: the golden vectors through another msgpack, and the session against a broker of
one thread that is told what to answer."""

import json
import pathlib
import sys
import threading

import msgpack
import pytest
import zmq

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "proto" / "python"))
sys.dont_write_bytecode = True

import liandong_client as client_module  # noqa: E402
from liandong_client import BROKER, Client, Refused, TimedOut, event, partition_of  # noqa: E402

VECTORS = sorted((ROOT / "tests" / "golden" / "wire").glob("*.hex"))


def lines_of(path):
    return dict(line.split(" ", 1) for line in path.read_text().splitlines())


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
def test_a_golden_vector_means_what_it_says(path):
    lines = lines_of(path)
    for meaning, frame in (("means", "header"), ("holds", "body")):
        assert (meaning in lines) == (frame in lines)
        if frame in lines:
            wanted = json.loads(lines[meaning])
            packed = bytes.fromhex(lines[frame])
            assert msgpack.unpackb(packed) == wanted
            assert msgpack.packb(wanted) == packed


def test_there_are_vectors():
    assert len(VECTORS) >= 20


def test_partitions_are_those_of_the_page():
    assert partition_of("QJ-2025-0012", 2) == 1
    assert partition_of("QJ-2025-0017/item-1/x", 65536) == 54386


class Broker(threading.Thread):
    """Takes messages from a list of answers by kind; by default every publish is applied."""

    def __init__(self, folder):
        super().__init__(daemon=True)
        self.url = f"ipc://{folder}/broker"
        self.context = zmq.Context()
        self.socket = self.context.socket(zmq.ROUTER)
        self.socket.setsockopt(zmq.LINGER, 0)
        self.socket.bind(self.url)
        self.seen = []      # headers and bodies
        self.instead = []   # what to do with the next messages: a header, or None for silence
        self.start()

    def run(self):
        try:
            while True:
                peer, header, body = self.socket.recv_multipart()
                header = msgpack.unpackb(header)
                self.answer(peer, header, msgpack.unpackb(body) if body else None)
        except zmq.ContextTerminated:
            pass
        finally:
            self.socket.close()

    def answer(self, peer, header, body):
        if header["kind"] not in ("ping", "hello"):
            self.seen.append((header, body))
            if self.instead:
                other = self.instead.pop(0)
                if other is not None:
                    self.send(peer, {"seq": header["seq"], **other}, {"zh": "", "en": ""})
                return
        answers = {"hello": ({"kind": "welcome", "v": 1, "parts": 2, "session": 9}, lambda: None),
                   "ping": ({"kind": "pong"}, lambda: None),
                   "publish": ({"kind": "fates"}, lambda: [{"id": one["id"], "fate": "applied"}
                                                           for one in body]),
                   "request": ({"kind": "answer"}, lambda: body)}
        said, content = answers[header["kind"]]
        self.send(peer, {**said, "seq": header.get("seq", 0)}, content())

    def send(self, peer, header, body):
        self.socket.send_multipart(
            [peer, msgpack.packb(header), b"" if body is None else msgpack.packb(body)])

    def stop(self):
        self.context.term()
        self.join()


@pytest.fixture
def broker(tmp_path):
    made = Broker(tmp_path)
    yield made
    made.stop()


@pytest.fixture
def client(broker):
    with Client(broker.url, timeout=20) as made:
        yield made


def test_fates_come_in_the_order_of_the_events(client, broker):
    events = [event("u", "t", f"case-{number % 7}", id=f"e{number}") for number in range(700)]
    fates = client.publish(events)
    assert [fate["id"] for fate in fates] == [one["id"] for one in events]
    for header, body in broker.seen:
        assert len(body) <= 256
        assert all(partition_of(one["subject"], 2) == header["part"] for one in body)


def test_large_events_are_spread_over_messages_and_too_large_ones_refused(client, broker):
    text = "x" * 60000
    events = [event("u", "t", "case-1", {"text": text}) for _ in range(40)]
    assert len(client.publish(events)) == 40
    assert len(broker.seen) >= 3
    with pytest.raises(ValueError):
        client.publish([event("u", "t", "case-1", {"text": text * 2})])


def test_busy_unavailable_and_forgotten_messages_are_sent_again(client, broker):
    broker.instead = [{"kind": "busy", "retry": 5}, {"kind": "error", "code": 6},
                      {"kind": "error", "code": 10}]
    assert client.publish([event("u", "t", "c")])[0]["fate"] == "applied"
    assert len(broker.seen) == 4
    assert len({header["seq"] for header, _ in broker.seen}) == 1


def test_an_answer_or_an_error_comes_back(client, broker):
    assert client.ask(BROKER, {"ask": "status"}) == {"ask": "status"}
    broker.instead = [{"kind": "error", "code": 8}]
    with pytest.raises(Refused) as refused:
        client.ask(0, {"ask": "case", "id": "x"})
    assert refused.value.code == 8


def test_a_timeout_hands_out_the_fates_that_came(client, broker):
    client.connect()
    broker.instead = [None, None]
    with pytest.raises(TimedOut) as late:
        client.publish([event("u", "t", "QJ-2025-0012"), event("u", "t", "QJ-2025-0017")],
                       timeout=0.05)
    assert late.value.fates == [None, None]
    assert client.publish([event("u", "t", "c")])[0]["fate"] == "applied"


def test_a_silent_broker_is_left_and_greeted_again(client, broker, monkeypatch):
    monkeypatch.setattr(client_module, "DEAD_S", 0.05)
    monkeypatch.setattr(client_module, "HEARTBEAT_S", 60)
    broker.instead = [None]
    assert client.publish([event("u", "t", "c")])[0]["fate"] == "applied"
    assert len(broker.seen) == 2


def test_no_broker_is_a_timeout(tmp_path):
    with Client(f"ipc://{tmp_path}/nobody", timeout=0.05) as lonely:
        with pytest.raises(TimedOut):
            lonely.connect()
