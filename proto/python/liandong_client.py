"""A small synchronous client of Liandong (../PROTOCOL.md): publish events, ask questions.

Needs pyzmq and msgpack. Not for several threads at once.
"""

import itertools
import time
import uuid
import zlib

import msgpack
import zmq

DEFAULT_URL = "tcp://127.0.0.1:7710"
VERSION = 1
BROKER, ALL = 0xFFFE, 0xFFFF
BATCH_MAX = 256
EVENT_BYTES_MAX = 64 << 10
BODY_BYTES_MAX = 1 << 20
HEARTBEAT_S, DEAD_S = 2.0, 6.0
PATIENCE_S = {"publish": 10.0, "request": 40.0}
NO_HELLO, UNAVAILABLE = 10, 6


class LiandongError(Exception):
    """What this module raises."""


class Refused(LiandongError):
    """The broker or a worker answered a message with an error."""

    def __init__(self, code, body):
        super().__init__(f"error {code}: {body}")
        self.code, self.body = code, body


class TimedOut(LiandongError):
    """No answer in time. `fates` holds, in order, those that did come, and None for the others."""

    def __init__(self, text, fates=()):
        super().__init__(text)
        self.fates = list(fates)


def partition_of(case_id, partitions):
    """The partition of a case: that of what precedes the first '/'."""
    return zlib.crc32(case_id.partition("/")[0].encode()) % partitions


def event(source, type, subject, data=None, **attributes):
    """A CloudEvents map with an id of its own; attributes: id, time, role, workflow."""
    made = {"specversion": "1.0", "id": str(uuid.uuid4()), "source": source, "type": type,
            "subject": subject, **attributes}
    return made if data is None else {**made, "data": data}


class _Message:
    """A message that has not been answered yet."""

    def __init__(self, kind, partition, body):
        self.kind, self.partition, self.body = kind, partition, body
        self.send_at, self.tries = 0.0, 0


class Client:
    """One connection. Messages stay with it until they are answered, and go again as PROTOCOL.md
    section 7 says: an event may reach a case twice, which then answers `duplicate`."""

    def __init__(self, url=DEFAULT_URL, timeout=30.0):
        self.url, self.timeout = url, timeout
        self.partitions = None  # known after the welcome
        self._context = zmq.Context()
        self._socket = None
        self._numbers = itertools.count(1)
        self._messages = {}  # seq -> _Message, in the order in which they were taken
        self._reset(time.monotonic())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self._socket.close(linger=0)
        self._context.term()

    # --- calls ------------------------------------------------------------------------------

    def connect(self, timeout=None):
        """Waits for the broker; the number of partitions."""
        deadline = self._deadline(timeout)
        while not self._is_open:
            self._turn(deadline, f"no broker at {self.url}")
        return self.partitions

    def publish(self, events, timeout=None):
        """The fates of the events, in order. Events of one case keep their order. Raises TimedOut
        with the fates that came, Refused when a whole message was."""
        deadline = self._deadline(timeout)
        events = list(events)
        packed = [self._pack(one) for one in events]
        self.connect(timeout)
        waiting = {}  # partition -> indices
        for index, one in enumerate(events):
            subject = one.get("subject")
            home = partition_of(subject, self.partitions) if isinstance(subject, str) else 0
            waiting.setdefault(home, []).append(index)
        fates, out = [None] * len(events), {}  # seq -> indices
        try:
            while waiting or out:
                for partition in [p for p in waiting if p not in {self._messages[s].partition
                                                                  for s in out}]:
                    batch = self._batch(waiting, partition, packed)
                    body = msgpack.Packer().pack_array_header(len(batch)) + b"".join(
                        packed[index] for index in batch)
                    out[self._take("publish", partition, body)] = batch
                seq, header, body = self._receive(deadline, out)
                self._raise_error(header, body)
                for index, fate in zip(out.pop(seq), body):
                    fates[index] = fate
        except TimedOut as late:
            raise TimedOut(str(late), fates) from None
        finally:
            for seq in out:
                self._messages.pop(seq, None)
        return fates

    def ask(self, partition, question, timeout=None):
        """The answer to a request (../ask.h): ask(BROKER, {"ask": "status"}). Raises Refused."""
        deadline = self._deadline(timeout)
        self.connect(timeout)
        seq = self._take("request", partition, msgpack.packb(question))
        try:
            _, header, body = self._receive(deadline, {seq})
        finally:
            self._messages.pop(seq, None)
        self._raise_error(header, body)
        return body

    def ask_case(self, case_id, question, timeout=None):
        """Asks the partition of a case."""
        return self.ask(partition_of(case_id, self.connect(timeout)), question, timeout)

    # --- messages ---------------------------------------------------------------------------

    def _deadline(self, timeout):
        return time.monotonic() + (self.timeout if timeout is None else timeout)

    @staticmethod
    def _pack(one):
        packed = msgpack.packb(one)
        if len(packed) > EVENT_BYTES_MAX:
            raise ValueError(f"event {one.get('id')} has {len(packed)} bytes")
        return packed

    @staticmethod
    def _batch(waiting, partition, packed):
        """Takes the next events of a partition, as many as fit in one message."""
        indices, size, count = waiting[partition], 5, 0
        while count < min(len(indices), BATCH_MAX) \
                and size + len(packed[indices[count]]) <= BODY_BYTES_MAX:
            size += len(packed[indices[count]])
            count += 1
        batch, rest = indices[:count], indices[count:]
        if rest:
            waiting[partition] = rest
        else:
            del waiting[partition]
        return batch

    @staticmethod
    def _raise_error(header, body):
        if header["kind"] == "error":
            raise Refused(header["code"], body)

    def _take(self, kind, partition, body):
        seq = next(self._numbers)
        now = time.monotonic()
        if not self._messages:
            self._heard, self._ping_at = now, now + HEARTBEAT_S
        self._messages[seq] = _Message(kind, partition, body)
        return seq

    def _receive(self, deadline, wanted):
        """The next answer to one of the messages: its number, header and decoded body."""
        while True:
            arrived = self._turn(deadline, f"no answer from {self.url}")
            if arrived and arrived[0] in wanted:
                return arrived

    # --- the session ------------------------------------------------------------------------

    def _reset(self, now):
        if self._socket is not None:
            self._socket.close(linger=0)
        self._socket = self._context.socket(zmq.DEALER)
        for option, value in ((zmq.LINGER, 0), (zmq.IMMEDIATE, 1), (zmq.HEARTBEAT_IVL, 2000),
                              (zmq.HEARTBEAT_TIMEOUT, 6000), (zmq.RECONNECT_IVL, 100),
                              (zmq.RECONNECT_IVL_MAX, 2000), (zmq.MAXMSGSIZE, 64 << 20)):
            self._socket.setsockopt(option, value)
        self._socket.connect(self.url)
        self._heard = now
        self._ping_at = now + HEARTBEAT_S
        self._greet(now)

    def _greet(self, now):
        self._is_open, self._greet_at, self._greetings = False, now, 0

    def _send(self, header, body=b""):
        """Whether the socket took it; without a connection it takes nothing."""
        try:
            self._socket.send_multipart([msgpack.packb(header), body], zmq.DONTWAIT)
            return True
        except zmq.Again:
            return False

    def _send_due(self, now):
        if self._is_open and self._messages and now - self._heard >= DEAD_S:
            self._reset(now)
        if not self._is_open:
            if now >= self._greet_at:
                is_sent = self._send({"kind": "hello", "v": VERSION})
                self._greetings += is_sent
                delay = 0.25 * 2 ** min(self._greetings, 2) if is_sent else 0.02
                self._greet_at = now + delay
            return
        if self._messages and now >= self._ping_at:
            self._send({"kind": "ping"})
            self._ping_at = now + HEARTBEAT_S
        for seq, message in self._messages.items():
            if now >= message.send_at:
                message.tries += 1
                is_sent = self._send({"kind": message.kind, "seq": seq,
                                      "part": message.partition}, message.body)
                message.send_at = now + (PATIENCE_S[message.kind] if is_sent
                                         else self._delay(message))

    @staticmethod
    def _delay(message):
        return min(0.25 * 2 ** min(message.tries - 1, 10), 5.0)

    def _next(self):
        if not self._is_open:
            return self._greet_at
        return min([self._ping_at, self._heard + DEAD_S]
                   + [message.send_at for message in self._messages.values()])

    def _turn(self, deadline, complaint):
        """Sends what is due, then waits for one message; an answer, or None."""
        now = time.monotonic()
        self._send_due(now)
        if now >= deadline:
            raise TimedOut(complaint)
        wait = max(0.0, min(self._next(), deadline) - time.monotonic())
        if not self._socket.poll(int(wait * 1000) + 1):
            return None
        frames = self._socket.recv_multipart()
        if len(frames) != 2:
            return None
        header = msgpack.unpackb(frames[0])
        self._heard = time.monotonic()
        return self._hear(header, frames[1], self._heard)

    def _hear(self, header, body, now):
        kind, seq, code = header.get("kind"), header.get("seq", 0), header.get("code", 0)
        if kind == "welcome":
            self.partitions = header["parts"]
            if not self._is_open:
                self._is_open = True
                for message in self._messages.values():
                    message.send_at = now
        elif kind == "error" and code == NO_HELLO:
            if self._is_open:
                self._greet(now)
        elif kind == "error" and not seq and not self._is_open and code != UNAVAILABLE:
            raise Refused(code, msgpack.unpackb(body) if body else {})
        elif seq in self._messages:
            if kind == "busy" or code == UNAVAILABLE:
                message = self._messages[seq]
                retry = header.get("retry", 0) / 1000
                message.send_at = now + (retry or self._delay(message))
            elif kind in ("fates", "answer", "error"):
                self._messages.pop(seq)
                return seq, header, msgpack.unpackb(body) if body else {}
        return None
