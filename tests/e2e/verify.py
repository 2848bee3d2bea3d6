"""What a data folder says, read without a line of the engine's code: only STORAGE.md, LMDB, zlib.

`Partition` reads one journal and checks on the way what must hold of any journal: positions without
a gap, the checksum of every chunk and row, the chain of digests, time that never falls, the chain
of rows of each case, no event applied twice, nothing fired before its time. `check` holds a whole
folder against what clients were told. Run it while nothing serves the folder, or on a copy.

    /usr/bin/python3 verify.py DATA      checks a folder and counts what is in it
"""
import collections
import hashlib
import pathlib
import struct
import sys
import zlib

import lmdb

BATCH, EVENT, TIME, ARTIFACT, CLOCK, FEED = range(1, 7)
FATES = ["applied", "started", "recorded", "held", "duplicate", "refused"]
FACT_ALERT = 6
CHUNK_MAX = 1900


class Damage(AssertionError):
    """The folder is not what STORAGE.md says."""


def demand(is_so, *what):
    if not is_so:
        raise Damage(" ".join(map(str, what)))


class Bytes:
    """A reader of one record, checksum verified."""

    def __init__(self, record):
        demand(len(record) > 6, "a record of", len(record), "bytes")
        demand(struct.unpack(">I", record[-4:])[0] == zlib.crc32(record[:-4]), "a record's CRC")
        self.bytes, self.at = record[:-4], 0
        demand(self.number("B") == 1, "a record's version")

    def take(self, size):
        demand(self.at + size <= len(self.bytes), "a record that ends early")
        self.at += size
        return self.bytes[self.at - size:self.at]

    def number(self, code):
        return struct.unpack(">" + code, self.take(struct.calcsize(">" + code)))[0]

    def name(self):
        return self.take(self.number("H")).decode()

    def text(self):
        return self.take(self.number("I"))

    def end(self):
        demand(self.at == len(self.bytes), "bytes behind a record")


def skip_value(reader):
    kind = reader.number("B")
    if kind == 0:
        return
    if kind == 1:
        reader.take(1)
    elif kind in (2, 3, 6):
        reader.take(8)
    elif kind in (4, 7):
        reader.text()
    elif kind == 5:
        reader.take(4)
    elif kind == 8:
        for _ in range(reader.number("I")):
            skip_value(reader)
    elif kind == 9:
        for _ in range(reader.number("I")):
            reader.name()
            skip_value(reader)
    else:
        raise Damage(f"a value of kind {kind}")


def skip_run(reader):
    reader.take(1)
    bits = reader.number("B")
    reader.take(4 + 8 + 4 + 8 + 5)
    reader.take(10 * reader.number("B"))
    reader.take(24 * reader.number("B"))
    reader.take(4 + 4 + 4 + 8 + (8 if bits & 2 else 0) + (8 if bits & 4 else 0))
    reader.take(4 + 8 + 1 + (8 if bits & 8 else 0) + (2 if bits & 16 else 0))


def take_alert(reader):
    level, rung = reader.number("B"), reader.number("B")
    unacknowledged, instant = reader.number("B"), reader.number("q")
    reader.take(4 + 8)
    for _ in range(reader.number("B")):
        reader.name()
        reader.take(1)
        reader.name()
    return {"level": level, "rung": rung, "unacknowledged": unacknowledged, "instant": instant}


def take_facts(reader):
    facts = []
    for _ in range(reader.number("H")):
        kind, bits = reader.number("B"), reader.number("B")
        fact = {"kind": kind, "index": reader.number("i") if bits & 1 else 0}
        reader.take((4 if bits & 2 else 0) + (8 if bits & 4 else 0))
        if bits & 8:
            reader.text()
        if bits & 16:
            skip_value(reader)
        if bits & 32:
            skip_run(reader)
        if bits & 64:
            fact["alert"] = take_alert(reader)
        facts.append(fact)
    return facts


def take_case(reader, row):
    row["at"], bits, row["case"] = reader.number("q"), reader.number("B"), reader.name()
    row["is_remembered"] = bool(bits & 2)
    if bits & 1:
        row["workflow"] = reader.name()
        reader.take(4 + 32)
    row["previous"] = reader.number("Q")
    row["facts"] = take_facts(reader)
    return bits


def take_event(reader, row):
    bits = take_case(reader, row)
    row["id"], row["source"], row["type"] = reader.name(), reader.name(), reader.name()
    reader.name()
    reader.take((8 if bits & 4 else 0) + (4 if bits & 8 else 0))
    row["digest"] = reader.take(16)
    reader.text()
    row["fate"] = FATES[reader.number("B")]
    row["refusal"] = reader.number("B")
    reader.text()
    reader.text()


def row_of(record):
    reader = Bytes(record)
    row = {"kind": reader.number("B")}
    if row["kind"] == BATCH:
        row.update(epoch=reader.number("Q"), at=reader.number("q"), count=reader.number("I"),
                   previous=reader.take(32), digest=reader.take(32))
    elif row["kind"] == EVENT:
        take_event(reader, row)
    elif row["kind"] == TIME:
        take_case(reader, row)
    elif row["kind"] in (ARTIFACT, CLOCK, FEED):
        return row
    else:
        raise Damage(f"a row of kind {row['kind']}")
    reader.end()
    return row


def values_of(transaction, table):
    """(key, value) of a table of chunked values, each put together and its checksum verified."""
    key, chunks = None, []
    for raw, chunk in [*transaction.cursor(table), (None, None)]:
        if key is not None and (raw is None or raw[:-2] != key):
            whole = b"".join(chunks)
            size = struct.unpack(">I", whole[:4])[0]
            demand(len(whole) == size + 8, "the chunks of", key)
            crc = struct.unpack(">I", whole[-4:])[0]
            demand(crc == zlib.crc32(key + whole[:-4]), "CRC of", key)
            yield key, whole[4:-4]
            chunks = []
        if raw is not None:
            demand(struct.unpack(">H", raw[-2:])[0] == len(chunks), "a chunk's number at", raw)
            demand(len(chunk) <= CHUNK_MAX, "a chunk's size at", raw)
            key = raw[:-2]
            chunks.append(chunk)


class Partition:
    def __init__(self, folder, number):
        self.number = number
        self.rows = {}
        self.records = {}
        self.path = pathlib.Path(folder) / f"p{number}"
        self.read_journal()
        self.check_batches()
        self.check_cases()
        self.read_state()

    def open(self, name):
        return lmdb.open(str(self.path / name), readonly=True, max_dbs=16, lock=True,
                         map_size=64 << 30)

    def read_journal(self):
        with self.open("journal") as environment:
            table = environment.open_db(b"journal", create=False)
            with environment.begin() as transaction:
                for key, record in values_of(transaction, table):
                    position = struct.unpack(">Q", key)[0]
                    demand(position == len(self.rows) + 1, "a gap before", position)
                    self.rows[position] = row_of(record)
                    self.records[position] = record

    def check_batches(self):
        chain, epoch, now, position, last = bytes(32), 0, None, 1, len(self.rows)
        while position <= last:
            head = self.rows[position]
            demand(head["kind"] == BATCH, "no head at", position)
            behind = [self.records[p] for p in range(position + 1, position + 1 + head["count"])]
            demand(head["previous"] == chain, "the chain at", position)
            hashed = hashlib.sha256(chain)
            hashed.update(struct.pack(">QqI", head["epoch"], head["at"], len(behind)))
            hashed.update(b"".join(struct.pack(">I", len(record)) for record in behind))
            hashed.update(b"".join(behind))
            demand(hashed.digest() == head["digest"], "the digest at", position)
            demand(head["epoch"] >= epoch, "an epoch that falls at", position)
            demand(now is None or head["at"] >= now, "time that falls at", position)
            for p in range(position + 1, position + 1 + head["count"]):
                demand(self.rows[p]["kind"] != BATCH, "a head within a batch at", p)
                if self.rows[p]["kind"] in (EVENT, TIME):
                    demand(self.rows[p]["at"] <= head["at"], "fired before its time at", p)
            # Before the first case a manual clock may begin earlier than what was deployed.
            happens = any(self.rows[p]["kind"] in (EVENT, TIME)
                          for p in range(position, position + 1 + head["count"]))
            now = head["at"] if happens or now is not None else None
            chain, epoch = head["digest"], head["epoch"]
            position += 1 + head["count"]
        demand(position == last + 1, "rows without a head behind", position)

    def check_cases(self):
        self.cases = collections.defaultdict(list)
        for position, row in self.rows.items():
            if row["kind"] == TIME or (row["kind"] == EVENT and row["is_remembered"]):
                self.cases[row["case"]].append(position)
        for case, positions in self.cases.items():
            applied, before, at = set(), 0, None
            for position in positions:
                row = self.rows[position]
                demand(row["previous"] == before, "the chain of", case, "at", position)
                demand(at is None or row["at"] >= at, "time falls in", case, "at", position)
                before, at = position, row["at"]
                if row["kind"] == EVENT:
                    demand(row["digest"] not in applied, "applied twice:", case, row["id"])
                    applied.add(row["digest"])
            rungs = collections.Counter(
                (fact["index"], fact["alert"]["level"], fact["alert"]["rung"],
                 fact["alert"]["unacknowledged"], fact["alert"]["instant"])
                for position in positions for fact in self.rows[position]["facts"]
                if fact["kind"] == FACT_ALERT)
            demand(set(rungs.values()) <= {1}, "a rung fired twice in", case, rungs)

    def read_state(self):
        """Each case that the state has is in the journal, at a position of its own chain."""
        with self.open("state") as environment:
            table = environment.open_db(b"cases", create=False)
            with environment.begin() as transaction:
                self.stored = {}
                for key, record in values_of(transaction, table):
                    case = key[:-1].decode()
                    version, position = struct.unpack(">BQ", record[:9])
                    demand(version == 1, "the version of", case)
                    demand(position in self.cases[case], "the position of", case)
                    self.stored[case] = position

    def alerts(self):
        """The ids under which a subscriber gets what this journal has for it."""
        return [f"{self.number}-{position}-{index}" for position, row in self.rows.items()
                for index, fact in enumerate(row.get("facts", ())) if fact["kind"] == FACT_ALERT]


def check(folder, fates=(), partitions=2):
    """Holds the folder against the fates that clients were given; the partitions."""
    read = [Partition(folder, number) for number in range(partitions)]
    for fate in fates:
        part = read[zlib.crc32(fate["subject"].split("/")[0].encode()) % partitions]
        first = fate.get("first", fate)
        row = part.rows.get(first["position"])
        demand(row is not None and row["kind"] == EVENT, "acked, and not there:", fate)
        demand((row["id"], row["case"]) == (fate["id"], fate["subject"]), "another's place:", fate)
        demand(row["fate"] == first["fate"], "another fate:", fate, row["fate"])
    return read


if __name__ == "__main__":
    found = sorted(pathlib.Path(sys.argv[1]).glob("p[0-9]*/journal"))
    for partition in check(sys.argv[1], partitions=len(found)):
        print(f"p{partition.number}: {len(partition.rows)} rows, {len(partition.cases)} cases, "
              f"{len(partition.stored)} of them in the state, {len(partition.alerts())} alerts")
