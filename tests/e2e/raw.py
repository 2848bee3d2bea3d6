"""A client by hand: frames as PROTOCOL.md has them, sent when and how the test says. It keeps
nothing and repeats nothing, so that what the other side does is seen as it is."""
import time
import zlib

import msgpack
import zmq

BROKER, ALL = 65534, 65535


def partition_of(subject, parts=2):
    return zlib.crc32(subject.split("/")[0].encode()) % parts


class Raw:
    def __init__(self, url, patience_s=30):
        self.patience_s = patience_s
        self.socket = zmq.Context.instance().socket(zmq.DEALER)
        self.socket.setsockopt(zmq.LINGER, 0)
        self.socket.setsockopt(zmq.RECONNECT_IVL, 50)
        self.socket.connect(url)
        self.seq = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close(0)

    def send(self, header, body=b""):
        self.socket.send_multipart([msgpack.packb(header), body])

    def receive(self, patience_s=None):
        """Header and body (raw bytes) of the next message, or None after patience_s."""
        wait_s = self.patience_s if patience_s is None else patience_s
        if not self.socket.poll(int(wait_s * 1000)):
            return None
        header, body = self.socket.recv_multipart()
        return msgpack.unpackb(header), body

    def hello(self):
        """Greets until it is welcomed, also by a broker that is not there yet; the partitions."""
        deadline = time.monotonic() + self.patience_s
        while time.monotonic() < deadline:
            self.send({"kind": "hello", "v": 1})
            got = self.receive(0.25)
            if got and got[0]["kind"] == "welcome":
                return got[0]["parts"]
        raise AssertionError(f"no welcome within {self.patience_s} s")

    def tell(self, kind, part, body, **fields):
        """Sends under a new seq, which it returns."""
        self.seq += 1
        self.send({"kind": kind, "seq": self.seq, "part": part, **fields}, msgpack.packb(body))
        return self.seq

    def answer(self, seq, patience_s=None):
        """(kind, header, body) of the answer to seq; other messages are passed over."""
        deadline = time.monotonic() + (patience_s or self.patience_s)
        while time.monotonic() < deadline:
            got = self.receive(max(0, deadline - time.monotonic()))
            if got and got[0].get("seq") == seq:
                header, body = got
                return header["kind"], header, msgpack.unpackb(body) if body else None
        raise AssertionError(f"no answer to seq {seq}")

    def ask(self, part, patience_s=None, **question):
        return self.answer(self.tell("request", part, question), patience_s)

    def publish(self, part, *events):
        return self.answer(self.tell("publish", part, list(events)))
