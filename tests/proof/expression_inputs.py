"""The inputs of expression_cost.py: texts of at most 4 KiB that are the worst of their kind. The names in
them are those that expression_probe.c declares. Each input is (name, form, bytes)."""
import random

SIZE = 4096  # EXPR_SOURCE_MAX
LONG = "f" * 61  # the wide record's names: this and three digits
LAST = f"case.a.{LONG}511"
NEST = 13  # macros within macros

# Of each as many as fit, in one list.
PIECES = {
    "maps": "{}", "lists": "[]", "names": "case.i", "own-names": "case.id",
    "event": lambda n: f"event.data.{'abcdefghij'[n % 10]}{n % 100:02}",
    "last-event-field": "event.data.k23", "short-record": "case.s.f11", "wide-record": LAST,
    "texts": "''", "long-quotes": "''''''", "raw": "r''", "escapes": r"'\U0010FFFF'",
    "units": "unit('u1999')", "dates": "date('2025-01-31')", "dues": "due('k31')",
    "doubles": "1.7976931348623157e308", "tiny": "4.9406564584124654e-324",
    "halfway": "9007199254740993.0000000000000000000000000000000000000001",
    "double-texts": "double('9007199254740993.00000000000000000000000000000000001')",
    "ints": "1", "hex": "0x7fffffffffffffff", "calls": "size('')", "strings": "string(1)",
    "signs": "- 1", "not": "!true", "choices": "(true?2:3)", "has": "has(case.o.o)",
    "parties": "party.p15", "subs": "subs.closed", "trues": "true", "backticks": "case.`i`",
    "parens": "(1)", "equals": "(case.c=='c255')", "macro": "[].all(x,true)",
    "filter": "[].filter(x,true)", "exists-one": "[].exists_one(x,true)",
}

TEMPLATES = {
    "empty": "${''}", "int": "${1}", "name": "${case.i}", "dollar": "$", "escaped": "$${",
    "text": "$${x}", "map": "${{'a':1}.a}", "words": "线索${case.i}", "date": "${case.d}",
    "joined": "${case.id+case.id}", "long": "${case.t}", "chinese": "${case.h}",
    "time": "${event.time}", "state": "${case.state}", "size": "${size(case.h)}",
    "between": "x${''}", "sum": "${case.h+case.h}",
}

# What is done again and again within macros: true or false, over the data at its bounds.
OPERATIONS = {
    "empty": "true", "name": "case.b", "int": "case.i == 7", "sum": "1 + 1 == 2",
    "not": "!(!(!(!(!(!(!case.b))))))", "neg": "-(-(-(case.i))) < 0", "choose": "true ? case.b : false",
    "double": "case.r < 1.0", "mixed": "case.i > case.r", "divide": "case.i / 3 == 2",
    "modulo": "case.i % 3 == 1", "multiply": "case.i * case.i == 49", "dates": "case.d < event.date",
    "units": "case.u == event.sender", "errors": "1 / 0 == 1", "absorbed": "1 / 0 == 1 || true",
    "index": "case.m[39] == 7", "bad-index": "case.m[99] == 7", "list": "[] == []",
    "list-one": "[1] == [1]", "map": "{} == {}", "map-one": "{'a': 1} == {'a': 1}",
    "map-get": "{'a': 1}.a == 1", "map-twice": "{'a': 1, 'a': 2} == {}",
    "map-wide": "{" + ",".join(f"'{i:02}': 1" for i in range(60)) + "} == {}",
    "map-computed": "{case.h + '1': 1, case.h + '2': 2, case.h + '3': 3} == {}",
    "map-long-keys": "{case.t: 1, case.v: 2} == {}",
    "has-last": f"has({LAST})", "select-last": f"{LAST} == 1",
    "record-equal": "case.a == case.a", "records-equal": "case.items == case.items",
    "records-in": "case.a in case.items",
    "in-list": "8 in case.l", "in-short": "8 in case.m", "in-1000": "8 in case.p",
    "in-texts": "'b' in case.x", "in-lists": "[8] in case.ll",
    "lists-equal": "case.l == case.l", "lists-1000": "case.p == case.p",
    "lists-1800": "case.q == case.q", "texts-equal": "case.t == case.v", "texts-less": "case.t < case.v",
    "beside-short": "[case.l] == [[1]]", "short-beside": "[[1]] == [case.l]",
    "beside-two": "[case.p, case.q] == [[1], [1]]", "beside-map": "{'a': case.p} == {'a': [1]}",
    "beside-texts": "[case.g] == [['a']]", "beside-1800": "[case.q] == [[1]]",
    "beside-lists": "[case.ll] == [[[1]]]", "texts-lists": "case.g == case.g",
    "size": "size(case.t) > 0", "size-chinese": "size(case.w) > 0", "size-short": "size(case.h) > 0",
    "size-list": "size(case.l) > 0", "starts": "case.t.startsWith(case.v)",
    "ends": "case.t.endsWith(case.v)", "contains": "case.t.contains('ab')",
    "contains-long": "case.t.contains(case.v)", "contains-short": "case.h.contains('ab')",
    "contains-empty": "case.t.contains('')", "contains-whole": "case.h.contains(case.h + 'x')",
    "contains-half": f"case.h.contains('{'应' * 45}x')",
    "int-zeros": "int(case.n) == 0", "int-short": f"int('{'0' * 49}1') == 1",
    "int-long": f"int('{'0' * 3900}') == 1", "int-double": "int(case.r) == 0",
    "double-zeros": "double(case.n) == 0.0", "double-long": f"double(case.e + '{'0' * 3900}') == 0.0",
    "double-exact": "double(case.e + '9007199254740991e22') > 0.0", "double-int": "double(case.i) > 0.0",
    "string-int": "string(-9223372036854775807) == ''", "string-date": "string(case.d) == ''",
    "string-time": "string(event.time) == ''", "string-text": "string(case.t) == ''",
    "string-bool": "string(true) == ''", "string-unit": "string(case.u) == ''",
    "date-text": "date(case.e + '2025-01-31') == case.d", "bad-date": "date(case.t) == case.d",
    "days": "days(case.d, event.date) > 0",
    "working-century": "working_days(date('1900-01-01'), date('2999-12-31')) > 0",
    "working-back": "working_days(date('2999-12-31'), date('0001-01-01')) > 0",
    "working-year": "working_days(date('2024-01-01'), date('2024-12-31')) > 0",
    "working-month": "working_days(date('2024-01-01'), date('2024-01-31')) > 0",
    "working-day": "working_days(date('2024-01-01'), date('2024-01-02')) > 0",
    "working-none": "working_days(date('2500-01-01'), date('2999-12-31')) > 0",
    "due": "due('k31') > case.d", "dues": "days(due('k00'), due('k31')) == 0",
    "join-lists": "size(case.l + case.l) > 0", "join-1000": "size(case.p + case.p) > 0",
    "join-short": "size(case.m + case.m) > 0", "join-texts": "size(case.t + case.v) > 0",
    "join-chinese": "case.h + case.h == ''", "join-long": "case.t + case.v == ''",
    "filter": "size(case.m.filter(y, true)) > 0", "filter-none": "size(case.m.filter(y, false)) > 0",
    "filter-error": "case.m.filter(y, 1 / 0 == 1) == []",
    "filter-error-1000": "case.p.filter(y, 1 / 0 == 1) == []",
    "filter-error-1800": "case.q.filter(y, 1 / 0 == 1) == []",
    "filter-long": "case.l.filter(y, true) == []", "all-long": "case.l.all(y, true)",
    "exists": "case.m.exists(y, y == 8)", "exists-one": "case.m.exists_one(y, y == 7)",
    "literal-list": "[" + ",".join(["1"] * 200) + "] == []",
}


def fill(piece, joint="", before="", behind="", size=SIZE):
    """As many pieces as fit; a piece is a text, or a function of its number."""
    text, number = before, 0
    while True:
        one = piece(number) if callable(piece) else piece
        more = (joint if number else "") + one
        if len((text + more + behind).encode()) > size:
            return text + behind
        text += more
        number += 1


def encoded(entries):
    for name, form, text in entries:
        whole = text if isinstance(text, bytes) else text.encode()
        assert len(whole) <= SIZE, f"{name} has {len(whole)} bytes"
        yield name, form, whole


def keys(count, size=SIZE):
    """A map of long texts that differ at the end alone."""
    return fill(lambda n: f"case.k{n:03}:1", ",", "{", "}", min(size, count * 11))


def long_chains():
    for op in ("||", "&&"):
        for name, piece in {"bool": "true", "has": "has(case.o.o)", "choice": "case.c=='c255'",
                            "not": "!!!false"}.items():
            yield f"chain-{name}{op}", fill(piece, op)
    for op in "+-*/%":
        yield f"chain{op}", fill("1", op)  # too deep
        yield f"chain-of-30{op}", fill(op.join(["1"] * 30), ",", "[", "]")
    yield "signs", "-" * (SIZE - 1) + "1"
    yield "signs-in-turn", fill("! - ", "", "", "1")
    yield "choices-right", fill("true?1:", "", "", "1")
    yield "choices-in", fill("'c255'", ",", "case.c in [", "]")
    yield "selects", fill(".a", "", "{'a':1}")
    yield "indexes", fill("[0]", "", "[]")
    for bracket in "([{}":
        yield f"brackets{bracket}", bracket * SIZE
    yield "parens-closed", "(" * 2000 + "1" + ")" * 2000


def long_tokens():
    yield "blanks", " " * (SIZE - 1) + "1"
    yield "lines", "\n" * (SIZE - 1) + "1"
    yield "comment", "1//" + "x" * (SIZE - 3)
    yield "comments", fill("//\n", "", "", "1")
    yield "name", "x" * SIZE
    yield "field", "case." + "x" * (SIZE - 5)
    yield "quoted-name", "case.`" + "x" * (SIZE - 7) + "`"
    yield "digits", "1" * SIZE
    yield "fraction", "1." + "1" * (SIZE - 2)
    yield "hex", "0x" + "0" * (SIZE - 2)
    yield "text", "'" + "a" * (SIZE - 2) + "'"
    yield "text-open", "'" + "a" * (SIZE - 1)
    yield "text-long-open", "'''" + "'a" * ((SIZE - 3) // 2)
    yield "chinese", "'" + "应" * ((SIZE - 2) // 3) + "'"
    for mark in (r"\377", r"\u5e94", r"\n", r"\`"):
        yield "escapes" + mark, fill(mark, "", "'", "'")
    yield "unknown-unit", "unit('" + "u" * (SIZE - 8) + "')"
    yield "unknown-choice", "case.c == '" + "u" * (SIZE - 12) + "'"
    yield "no-utf8", b"\xff" * SIZE
    for size in (3, 40, 64, 65):  # the nearest name is looked for among all
        for root, letter in (("case", "k"), ("event.data", "b"), ("party", "q"), ("case.s", "a")):
            yield f"unknown-{root}-{size}", f"{root}." + letter * size


def known_facts():
    """A selection of what is optional is looked up among all that is known to be present."""
    path = "case" + ".o" * 6
    known = "".join(f"has({'case' + '.o' * i})&&" for i in range(2, 7))
    for share in (0.3, 0.5, 0.7):
        for far in ("has(case.o)", "has(case.o.o.o.o)", "has(case.s.a11)"):
            facts = fill(far, "&&", "", "", int(SIZE * share))
            yield f"facts-{share}-{far}", fill(path + "==1", "&&", known + facts + "&&")
        facts = fill(lambda n: f"has(case.s.{'abcde'[n // 100]}{n % 100:02})", "&&", "", "", int(SIZE * share))
        yield f"facts-{share}-all", fill(path + "==1", "&&", known + facts + "&&")
    has = fill("has(case.o.o)", "&&", "", "", 3900)
    yield "facts-nested", "(" * 15 + has + "&&true)" * 15
    has = fill("!has(case.o.o)", "||", "", "", 3900)
    yield "facts-negated", "!(" * 10 + has + "||false)" * 10


def many_variables():
    short = "".join(f"case.m.all(v{i:x}," for i in range(NEST))
    long = "".join(f"case.m.all({'v' * 90}{i:x}," for i in range(NEST))
    yield "variables", fill("v0==v0", "&&", short, ")" * NEST)
    yield "variables-passed", fill("case.i==1", "&&", short, ")" * NEST)
    yield "variables-long", fill(f"{'v' * 90}0==1", "&&", long, ")" * NEST)
    yield "record-in-macro", fill("x.f11==1", "&&", "[case.s].all(x,", ")")


def compiles():
    for name, piece in PIECES.items():
        yield from encoded([("list-of-" + name, "expression", fill(piece, ",", "[", "]"))])
    for part in (long_chains, long_tokens, known_facts, many_variables):
        yield from encoded((name, "expression", text) for name, text in part())
    for name, piece in TEMPLATES.items():
        yield from encoded([("template-of-" + name, "template", fill(piece))])
    yield from encoded([
        ("map-keys", "expression", fill(lambda n: f"'{n:x}':1", ",", "{", "}")),
        ("too-long", "expression", "1" * SIZE),
        ("template-open", "template", fill("$${", "", "", "${")),
        ("template-opens", "template", "${" * (SIZE // 2)),
        ("template-plain", "template", "x" * SIZE),
        ("template-one", "template", fill("1", ",", "${size([", "])}")),
        ("period-blanks", "period", "1" + " " * (SIZE - 5) + "days"),
        ("period-until", "period", "until" + " " * (SIZE - 11) + "case.d"),
        ("period-sum", "period", fill("case.i+", "", "", "1 working days", 80)),
        ("period-long", "period", fill("1", ",", "size([", "]) days")),
    ])


def repeated():
    for name, operation in OPERATIONS.items():
        yield name, operation
        for over in ("m", "q"):
            yield f"{name}-over-{over}", f"case.{over}.all(x, ({operation}) || true)"
        yield (f"{name}-over-three",
               f"case.m.all(x, case.m.all(y, case.m.all(z, ({operation}) || true)))")
        yield f"{name}-in-list", fill(operation, ", ", "[", "]")
        yield f"{name}-or", fill(f"({operation}) && false", " || ")
        yield f"{name}-and", fill(f"(({operation}) || true)", " && ")


def nested():
    for depth in (2, 4, 8, 14):
        opening = "".join(f"case.m.all(v{i:x}, " for i in range(depth))
        yield f"macros-{depth}", opening + "true" + ")" * depth
        body = fill("v0 == 7", " && ", "", "", 2000)
        yield f"macros-outermost-{depth}", opening + body + ")" * depth
        filters = "".join(f".filter(v{i:x}, true)" for i in range(depth))
        yield f"filters-{depth}", f"size(case.m{filters})"
    pair = "case.items.all(x, case.items.all(y, "
    yield "records-select", f"{pair}x.{LONG}511 == y.{LONG}511))"
    yield "records-has", f"{pair}has(x.{LONG}511) && has(y.{LONG}511)))"
    yield "records-many", f"case.z.all(x, x.{LONG}019 == 1)"
    yield "records-many-equal", "case.z == case.z"
    yield "records-many-in", "case.z.all(x, x in case.z)"


def keyed():
    """Keys that differ at the end alone, long ones and many."""
    yield "keys", keys(104)
    yield "keys-equal", f"{keys(90)} == {keys(90)}"
    for count in (1, 50):
        within = f"[{keys(count + 1)}].all(x, "
        yield f"keys-in-{count}", fill("case.k089 in x", " || ", within, " || true)")
        yield f"keys-index-{count}", fill("x[case.k089] == 1", " || ", within, " || true)")
    yield "keys-joined", fill(lambda n: f"case.h+'{n:03}':1", ",", "{", "}")
    yield "keys-short", fill(lambda n: f"'{n:03}':1", ",", "{", "}")
    short = fill(lambda n: f"'{n:03}':1", ",", "{", "}", 2000)
    yield "keys-short-equal", f"{short} == {short}"
    joined = fill(lambda n: f"x+'{n:03}':1", ",", "{", "} == {}", 3900)
    yield "keys-of-long-texts", f"[case.h+case.h+case.h+case.h].all(x, {joined})"


def grown():
    yield "literal-in", "case.q.all(x, x in " + fill("8", ",", "[", "]", 3000) + " || true)"
    sums = fill("size(x+x+x+x+x+x+x+x+x+x+x+x) > 0", " && ", "", "", 3900)
    yield "texts-grow", f"[case.h].all(x, {sums})"
    yield "lists-grow", f"[case.m].all(x, {sums})"


def evaluations():
    for part in (repeated, nested, keyed, grown):
        yield from encoded((name, "expression", text) for name, text in part())
    yield from encoded((f"template-of-40-{name}", "template", piece * 40)
                       for name, piece in TEMPLATES.items())


def mixes():
    """Three operations at a time, always the same ones."""
    chance = random.Random(1)
    names = sorted(name for name, text in OPERATIONS.items() if len(text) < 300)
    for _ in range(200):
        chosen = [chance.choice(names) for _ in range(3)]
        joints = [chance.choice((" && ", " || ")) for _ in range(2)]
        body = "".join(f"({OPERATIONS[name]}){joint}" for name, joint in zip(chosen, joints + [""]))
        outer, inner = chance.choice("mq"), chance.choice("mpq")
        text = f"case.{outer}.all(x, case.{inner}.all(y, ({body}) || true))"
        yield from encoded([("mix-of-" + "+".join(chosen), "expression", text)])
