"""The pure libraries use nothing impure: reads their undefined symbols with nm.

Everything that a pure library may call is listed here; whatever is not listed fails, so that a new
way to reach the clock, the heap or the outside cannot slip in under another name.
"""
import re
import subprocess
import sys

ALLOWED = {
    # memory that is handed in
    "memcpy", "memmove", "memset", "memcmp", "memchr", "strlen", "strcmp", "strncmp",
    # arithmetic
    "floor", "trunc", "fmod", "qsort", "bsearch",
    # the compiler's own
    "_GLOBAL_OFFSET_TABLE_", "__stack_chk_fail", "__memcpy_chk", "__memset_chk", "__memmove_chk",
}
HOUSE = re.compile(
    r"^(ld_|arena_|buffer_|reader_|bytes_|value_|utf8_|crc32_|date_|instant_|zone_|civil_|month_)")
SANITIZER = re.compile(r"^__(asan|ubsan|lsan|sanitizer|gcov)|^_?_?asan_")


def symbols(library, kind):
    text = subprocess.run(["nm", kind, library], capture_output=True, text=True, check=True).stdout
    return {line.split()[-1] for line in text.splitlines() if re.match(r"^[0-9a-f ]*[A-Za-z] \S+$", line)}


problems = 0
libraries = sys.argv[1:]
for library in libraries:
    own = symbols(library, "--defined-only")
    if not own:
        print(f"{library}: has no symbols: this check would see nothing")
        problems += 1
    for symbol in sorted(symbols(library, "--undefined-only") - own):
        if symbol not in ALLOWED and not HOUSE.match(symbol) and not SANITIZER.match(symbol):
            print(f"{library}: calls {symbol}, which is not pure")
            problems += 1
print(f"{problems} problems in {len(libraries)} libraries")
sys.exit(1 if problems else 0)
