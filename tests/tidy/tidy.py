"""The house rules that a program can check (one gate: `ctest -L tidy`).

Each message names the file, the line and what to do instead. A bound here is a law of the house, not
a taste: raise it only with the reason in the commit.
"""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(sys.argv[1])
FUNCTION_LINES_MAX = 70
FILE_LINES_MAX = 800
LINE_COLUMNS_MAX = 100
ROOMS = ["base", "workflows", "proto", "broker", "workers", "tools"]
# What a room may include beside itself: the arrows of the architecture, pointing down only.
ARROWS = {
    "base": set(),
    "workflows/core": {"base"},
    "workflows/language": {"base", "workflows/core"},
    "proto": {"base"},
    "broker": {"base", "proto"},
    "workers": {"base", "proto", "workflows/core", "workflows/language"},
    "tools": {"base", "proto", "workflows/core", "workflows/language", "workers"},
}
# A third party's header is known to these files alone.
QUARANTINE = {
    "lmdb.h": r"workers/(store_)?lmdb\w*\.[ch]",
    "zmq.h": r"(proto/client|broker/\w+|workers/\w+|tools/bench/ceiling_wire)\.[ch]",
    "msgpack.h": r"proto/codec\w*\.c",
    "uv.h": r"(broker/\w+|workers/\w+|tools/liandong/(serve|supervise)\w*)\.[ch]",
    "yaml.h": r"workflows/language/yaml\.c",
    "openssl/evp.h": r"base/digest\.c",
    "zlib.h": r"base/crc32\.c",
    "jansson.h": r"tools/liandong/\w+\.[ch]",
}
BANNED = {
    r"\b(sprintf|vsprintf|strcpy|strcat|gets)\(": "write into a struct buffer, or use snprintf",
    r"\b(strtok|atoi|atol|atof)\(": "parse with a reader and check the whole text",
    r"\b(gmtime|localtime|mktime|strftime)(_r)?\(": "use base/civil.h",
    r"\b(rand|srand|random)\(": "take random bits as an argument",
    r"\b(TODO|FIXME|XXX)\b": "do it, or leave it out",
}

problems = []


def report(path, line, text):
    problems.append(f"{path.relative_to(ROOT)}:{line}: {text}")


def room_of(path):
    relative = path.relative_to(ROOT).as_posix()
    for room in sorted(ARROWS, key=len, reverse=True):
        if relative.startswith(room + "/"):
            return room
    return None


def check_lines(path, lines):
    if len(lines) > FILE_LINES_MAX:
        report(path, len(lines), f"{len(lines)} lines: split the file by subject (at most {FILE_LINES_MAX})")
    for number, line in enumerate(lines, 1):
        if len(line) > LINE_COLUMNS_MAX and '"' not in line:
            report(path, number, f"{len(line)} columns: break the line (at most {LINE_COLUMNS_MAX})")
        code = re.sub(r"/\*.*?\*/|//.*", "", line)
        for pattern, instead in BANNED.items():
            if re.search(pattern, code) and not code.lstrip().startswith("*"):
                report(path, number, f"banned: {instead}")


def check_functions(path, lines):
    start = None
    for number, line in enumerate(lines, 1):
        if line == "{":
            start = number
        elif line == "}" and start:
            if number - start - 1 > FUNCTION_LINES_MAX:
                report(path, start, f"a function of {number - start - 1} lines: split it (at most {FUNCTION_LINES_MAX})")
            start = None


def check_includes(path, lines):
    room = room_of(path)
    relative = path.relative_to(ROOT).as_posix()
    for number, line in enumerate(lines, 1):
        system = re.match(r"#include <([^>]+)>", line)
        if system and system[1] in QUARANTINE and not re.fullmatch(QUARANTINE[system[1]], relative):
            report(path, number, f"<{system[1]}> is known to {QUARANTINE[system[1]]} alone")
        own = re.match(r'#include "([^"]+)"', line)
        if own and room and not own[1].endswith(".inc"):
            target = room_of(ROOT / own[1])
            if target is None or (target != room and target not in ARROWS[room]):
                report(path, number, f"{room} must not know {own[1]}: arrows point down only")


def check_agreement():
    """The error tables and the protocol's page say the same."""
    wire = (ROOT / "proto/wire.h").read_text()
    page = (ROOT / "proto/PROTOCOL.md").read_text()
    for word in re.findall(r'^    X\([A-Z_]+, \d+, "([a-z-]+)"', wire, re.M):
        if word != "none" and f"`{word}`" not in page:
            report(ROOT / "proto/PROTOCOL.md", 1, f"the error `{word}` of wire.h is not explained")


def check_words():
    """The project speaks of itself alone."""
    files = subprocess.run(["git", "-C", str(ROOT), "ls-files"], capture_output=True, text=True)
    forbidden = re.compile(r"(^|[\s\"'(])/(home|root|work)/\w|\b(deb|registry)\.\w+\.org\b")
    for name in files.stdout.split():
        path = ROOT / name
        if path.is_file() and path.suffix not in (".hex", ".png") and path.name != "tidy.py":
            for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
                if forbidden.search(line):
                    report(path, number, "a path or a name that is not the project's own")


for room in ROOMS:
    for path in sorted((ROOT / room).rglob("*.[ch]")):
        source_lines = path.read_text().splitlines()
        check_lines(path, source_lines)
        check_functions(path, source_lines)
        check_includes(path, source_lines)
check_agreement()
check_words()
for problem in problems:
    print(problem)
print(f"{len(problems)} problems")
sys.exit(1 if problems else 0)
