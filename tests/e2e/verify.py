"""What a data folder says, read without a line of the engine's code: only STORAGE.md, LMDB, zlib,
and a YAML reader for the names and ends of the states that rows name by number.

`Partition` reads one journal and checks on the way what must hold of any journal: positions without
a gap, the checksum of every chunk and row, the chain of digests, time that never falls, the chain
of rows of each case, no event applied twice, nothing fired before its time; of families, that all
that one row causes stands behind it in its batch, that each sub-case was opened by its parent there,
and that parents and sub-cases agree on who is still open. `check` holds a whole folder against what
clients were told. Run it while nothing serves the folder, or on a copy.

    /usr/bin/python3 verify.py DATA      checks a folder and counts what is in it
"""
import collections
import hashlib
import pathlib
import struct
import sys
import zlib

import lmdb
import yaml

BATCH, EVENT, TIME, ARTIFACT, CLOCK, FEED, FAMILY = range(1, 8)
OF_CASES = (EVENT, TIME, FAMILY)
FATES = ["applied", "started", "recorded", "held", "duplicate", "refused"]
FACT_STATE, FACT_ALERT = 2, 6
FACT_SUB_OPENED, FACT_SUB_CLOSED, FACT_SUSPENDED_ABOVE, FACT_EMITTED = range(14, 18)
INPUTS = {3: "open", 4: "suspend", 5: "resume", 6: "close", 7: "join"}
KIND_WORKFLOW = 0
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
        self.version = self.number("B")

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


def take_value(reader):
    """Numbers, dates and instants as they come: nothing here looks at them."""
    kind = reader.number("B")
    if kind == 0:
        return None
    if kind == 1:
        return bool(reader.number("B"))
    if kind in (2, 3, 6):
        return reader.take(8)
    if kind in (4, 7):
        return reader.text().decode()
    if kind == 5:
        return reader.take(4)
    if kind == 8:
        return [take_value(reader) for _ in range(reader.number("I"))]
    if kind == 9:
        return {reader.name(): take_value(reader) for _ in range(reader.number("I"))}
    raise Damage(f"a value of kind {kind}")


def take_run(reader):
    """When a clock's run began; the rest is passed over."""
    reader.take(1)
    bits = reader.number("B")
    reader.take(4)
    started = reader.number("q")
    reader.take(4 + 8 + 5)
    reader.take(10 * reader.number("B"))
    reader.take(24 * reader.number("B"))
    reader.take(4 + 4 + 4 + 8 + (8 if bits & 2 else 0) + (8 if bits & 4 else 0))
    reader.take(4 + 8 + 1 + (8 if bits & 8 else 0) + (2 if bits & 16 else 0))
    return started


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
        demand(kind < FACT_SUB_OPENED or reader.version >= 2, "a fact of kind", kind, "in version 1")
        fact = {"kind": kind, "index": reader.number("i") if bits & 1 else 0}
        reader.take((4 if bits & 2 else 0) + (8 if bits & 4 else 0))
        fact["text"] = reader.text().decode() if bits & 8 else ""
        fact["value"] = take_value(reader) if bits & 16 else None
        if bits & 32:
            fact["started"] = take_run(reader)
        if bits & 64:
            fact["alert"] = take_alert(reader)
        facts.append(fact)
    return facts


def take_case(reader, row):
    row["at"], bits, row["case"] = reader.number("q"), reader.number("B"), reader.name()
    row["is_remembered"] = bool(bits & 2)
    if bits & 1:
        row["workflow"] = reader.name()
        reader.take(4)
        row["program"] = reader.take(32)
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


def take_family(reader, row):
    demand(reader.version >= 2, "a row of a family in version 1")
    take_case(reader, row)
    row["cause"] = reader.number("Q")
    row["input"] = INPUTS.get(reader.number("B"))
    demand(row["input"], "what a family row was caused by")


def row_of(record):
    reader = Bytes(record)
    demand(reader.version in (1, 2), "a row's version", reader.version)
    row = {"kind": reader.number("B")}
    if row["kind"] == BATCH:
        row.update(epoch=reader.number("Q"), at=reader.number("q"), count=reader.number("I"),
                   previous=reader.take(32), digest=reader.take(32))
    elif row["kind"] == EVENT:
        take_event(reader, row)
    elif row["kind"] == TIME:
        take_case(reader, row)
    elif row["kind"] == FAMILY:
        take_family(reader, row)
    elif row["kind"] in (ARTIFACT, CLOCK, FEED):
        return row
    else:
        raise Damage(f"a row of kind {row['kind']}")
    reader.end()
    return row


def skip_record_up_to_family(reader):
    """The fields, parties and clocks of a case's record, and what it waits for."""
    for _ in range(2):
        for _ in range(reader.number("H")):
            take_value(reader)
    for _ in range(reader.number("H")):
        if reader.bytes[reader.at] == 0:
            reader.take(1)
        else:
            take_run(reader)
    reader.take(8)
    if reader.version >= 2:
        reader.take(1 + 8)
        for _ in range(reader.number("H")):
            take_value(reader)


def stored_of(row):
    """What the state's row of a case says: {position, is_end, subs, is_suspended_above}."""
    version, position, _, is_end = struct.unpack(">BQqB", row[:18])
    demand(version == 1, "the version of a case's row")
    at = 18
    for _ in range(2):
        at += 2 + struct.unpack(">H", row[at:at + 2])[0]
    works, at = row[at], at + 1
    for _ in range(works):
        at += 2 + struct.unpack(">H", row[at:at + 2])[0] + 10
    demand(struct.unpack(">I", row[at:at + 4])[0] == len(row) - at - 4, "the size of a record")
    reader = Bytes(row[at + 4:])
    demand(reader.version in (1, 2, 3), "the version of a record")
    stored = {"id": reader.name(), "position": position, "is_end": bool(is_end), "subs": {},
              "is_suspended_above": False}
    reader.name()
    reader.take(4 + 32 + 1 + 8)
    demand(reader.number("Q") == position, "the position in the record of", stored["id"])
    reader.take(8 + 4 + 2)
    reader.text()
    skip_record_up_to_family(reader)
    if reader.version >= 3:
        stored["is_suspended_above"] = bool(reader.number("B"))
        for _ in range(reader.number("H")):
            name, workflow, bits = reader.name(), reader.name(), reader.number("B")
            stored["subs"][name] = {"workflow": workflow, "is_open": bool(bits & 4),
                                    "outcome": reader.text().decode()}
    reader.take(26 * reader.number("I"))
    reader.end()
    return stored


def root_of(case):
    return case.split("/")[0]


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
        self.check_families()
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
                self.read_programs(transaction, environment)
                self.read_mark(transaction, environment)

    def read_mark(self, transaction, environment):
        """The position up to which what was emitted is said to be delivered."""
        self.mark = 0
        table = environment.open_db(b"feeds", txn=transaction, create=False)
        for key, record in values_of(transaction, table):
            if key == b"\x01courier\0":
                version, self.mark, crc = struct.unpack(">BQI", record)
                demand((version, crc) == (1, zlib.crc32(record[:-4])), "the courier's mark")

    def read_programs(self, transaction, environment):
        """Of each workflow, by the digest of its text, its states in order: (name, is it an end)."""
        self.states = {}
        table = environment.open_db(b"artifacts", txn=transaction, create=False)
        for key, text in values_of(transaction, table):
            if key[0] == KIND_WORKFLOW:
                states = yaml.load(text, yaml.BaseLoader)["states"]
                self.states[hashlib.sha256(text).digest()] = [
                    (name, state.get("end") == "true") for name, state in states.items()]

    def check_batches(self):
        chain, epoch, now, position, last = bytes(32), 0, None, 1, len(self.rows)
        self.batch_of = {}
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
                self.batch_of[p] = position
                if self.rows[p]["kind"] in OF_CASES:
                    demand(self.rows[p]["at"] <= head["at"], "fired before its time at", p)
            # Before the first case a manual clock may begin earlier than what was deployed.
            happens = any(self.rows[p]["kind"] in OF_CASES
                          for p in range(position, position + 1 + head["count"]))
            now = head["at"] if happens or now is not None else None
            chain, epoch = head["digest"], head["epoch"]
            position += 1 + head["count"]
        demand(position == last + 1, "rows without a head behind", position)

    def check_cases(self):
        self.cases = collections.defaultdict(list)
        for position, row in self.rows.items():
            if row["kind"] in (TIME, FAMILY) or (row["kind"] == EVENT and row["is_remembered"]):
                self.cases[row["case"]].append(position)
        for case, positions in self.cases.items():
            applied, before, at = set(), 0, None
            for position in positions:
                row = self.rows[position]
                demand(row["previous"] == before, "the chain of", case, "at", position)
                demand(at is None or row["at"] >= at or self.is_belated(row),
                       "time falls in", case, "at", position)
                before, at = position, row["at"] if at is None else max(at, row["at"])
                if row["kind"] == EVENT:
                    demand(row["digest"] not in applied, "applied twice:", case, row["id"])
                    applied.add(row["digest"])
            rungs = collections.Counter(
                (fact["index"], fact["alert"]["level"], fact["alert"]["rung"],
                 fact["alert"]["unacknowledged"], fact["alert"]["instant"])
                for position in positions for fact in self.rows[position]["facts"]
                if fact["kind"] == FACT_ALERT)
            demand(set(rungs.values()) <= {1}, "a rung fired twice in", case, rungs)

    def is_belated(self, row):
        """A breach is dated at its due instant, which may lie before its clock began: a case that is
        opened with a date of the past is overdue from that date. What follows from it in other
        cases has its date."""
        row = self.rows[row["cause"]] if row["kind"] == FAMILY else row
        return row["kind"] == TIME and any(fact.get("started", row["at"]) > row["at"]
                                           for fact in row["facts"])

    def check_families(self):
        """What a row causes in other cases stands behind it in its batch, in its own family; each
        sub-case begins with a row that its parent's caused; what parents know of their sub-cases is
        what the sub-cases themselves came to."""
        for position, row in self.rows.items():
            if row["kind"] != FAMILY:
                continue
            cause = self.rows.get(row["cause"])
            demand(row["cause"] < position, "a cause behind", position)
            demand(self.batch_of.get(row["cause"]) == self.batch_of[position],
                   "a cause in another batch than", position)
            demand(cause["kind"] in (EVENT, TIME), "a cause that is none at", position)
            demand(root_of(cause["case"]) == root_of(row["case"]), "another family at", position)
            demand(row["at"] == cause["at"], "another time than its cause's at", position)
            demand((row["input"] == "open") == (row["previous"] == 0), "an opening at", position)
        for case, positions in self.cases.items():
            if "/" in case:
                self.check_opening(case, positions[0])
        self.families = {case: self.family_after(case, positions[-1])
                         for case, positions in self.cases.items()}
        for case, family in self.families.items():
            for name, sub in family["subs"].items():
                self.check_sub(f"{case}/{name}", sub)

    def check_opening(self, case, position):
        row, (parent, name) = self.rows[position], case.rsplit("/", 1)
        demand(row["kind"] == FAMILY and row["input"] == "open", "a sub-case by itself:", case)
        opened = [fact for p in self.cases[parent] if row["cause"] <= p < position
                  for fact in self.rows[p]["facts"]
                  if fact["kind"] == FACT_SUB_OPENED and fact["text"] == name]
        demand(len(opened) == 1 and opened[0]["value"] == row["workflow"], "who opened", case)

    def family_after(self, case, last):
        """What the rows of a case up to a position make of its family."""
        subs, is_suspended_above = {}, False
        for position in self.cases[case]:
            for fact in self.rows[position]["facts"] if position <= last else ():
                if fact["kind"] == FACT_SUB_OPENED:
                    demand(fact["text"] not in subs, "opened twice:", case, fact["text"])
                    subs[fact["text"]] = {"workflow": fact["value"], "is_open": True, "outcome": ""}
                elif fact["kind"] == FACT_SUB_CLOSED:
                    sub = list(subs.values())[fact["index"]]
                    demand(sub["is_open"], "closed twice in", case)
                    sub.update(is_open=False, outcome=fact["text"])
                elif fact["kind"] == FACT_SUSPENDED_ABOVE:
                    is_suspended_above = fact["index"] == 1
        return {"subs": subs, "is_suspended_above": is_suspended_above}

    def check_sub(self, case, sub):
        demand(case in self.cases, "opened, and not there:", case)
        rows = [self.rows[p] for p in self.cases[case]]
        moved = [fact for row in rows for fact in row["facts"] if fact["kind"] == FACT_STATE][-1]
        state, is_end = self.states[rows[0]["program"]][moved["index"]]
        demand(sub["is_open"] != is_end, "its parent knows another state of", case, state)
        if is_end:
            demand(sub["outcome"] == (moved["text"] or state), "its parent knows another end of",
                   case, sub["outcome"])

    def read_state(self):
        """Each case that the state has is in the journal, at a position of its own chain, with the
        family that its rows up to there make."""
        with self.open("state") as environment:
            table = environment.open_db(b"cases", create=False)
            with environment.begin() as transaction:
                self.stored = {}
                for key, row in values_of(transaction, table):
                    case, stored = key[:-1].decode(), stored_of(row)
                    demand(stored["id"] == case, "the id of", case)
                    demand(stored["position"] in self.cases[case], "the position of", case)
                    family = self.family_after(case, stored["position"])
                    demand(stored["subs"] == family["subs"], "the sub-cases of", case)
                    demand(stored["is_suspended_above"] == family["is_suspended_above"],
                           "whether it is suspended above:", case)
                    self.stored[case] = stored["position"]

    def emitted(self):
        """The events that the cases of this journal emitted, in its order."""
        return [{"id": f"{row['case']}@{position}.{fact['index']}", "position": position,
                 "type": fact["text"], "source": fact["value"]["source"],
                 "subject": fact["value"].get("subject")}
                for position, row in self.rows.items()
                for fact in row.get("facts", ()) if fact["kind"] == FACT_EMITTED]

    def alerts(self):
        """The ids under which a subscriber gets what this journal has for it."""
        return [f"{self.number}-{position}-{index}" for position, row in self.rows.items()
                for index, fact in enumerate(row.get("facts", ())) if fact["kind"] == FACT_ALERT]


def rows_of(read, event):
    """The rows in which an emitted event stands in the partition of its subject."""
    part = read[zlib.crc32(event["subject"].split("/")[0].encode()) % len(read)]
    return [row for row in part.rows.values()
            if row["kind"] == EVENT and (row["id"], row["source"]) == (event["id"], event["source"])]


def check_emitted(read, is_all=False):
    """Each emitted event up to the courier's mark (or each at all) has come to its case, once; where
    there was no case to remember it, a repeat may be refused again."""
    for part in read:
        demand(part.mark <= len(part.rows), "a mark past the end of", part.number)
        for event in part.emitted():
            if not event["subject"] or not (is_all or event["position"] <= part.mark):
                continue
            rows = rows_of(read, event)
            demand(rows, "emitted, and not delivered:", event)
            demand(all(row["case"] == event["subject"] for row in rows), "to another:", event)
            once = [row for row in rows if row["is_remembered"]]
            demand(len(once) <= 1, "taken twice:", event)
            demand(once or {row["fate"] for row in rows} == {"refused"}, "by no case:", event, rows)


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
    check_emitted(read)
    return read


if __name__ == "__main__":
    found = sorted(pathlib.Path(sys.argv[1]).glob("p[0-9]*/journal"))
    for partition in check(sys.argv[1], partitions=len(found)):
        print(f"p{partition.number}: {len(partition.rows)} rows, {len(partition.cases)} cases, "
              f"{len(partition.stored)} of them in the state, {len(partition.alerts())} alerts")
