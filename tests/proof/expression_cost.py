"""No expression of 4 KiB takes over a millisecond to compile or 50 microseconds to evaluate.

    expression_cost.py PROBE CORPUS

A time depends on the machine and its mood, a count of instructions does not: the same build gives the
same counts everywhere, so that this fails on the change that made something slow and on no other day.
valgrind's callgrind counts what runs inside expression_probe's counted_compile and counted_eval, and
nothing around them. What the counts are held against is the promised time at INSTRUCTIONS_PER_NS. That
rate is a cautious one: a server core of 2.5 GHz that finishes two instructions a cycle, while this code
(branches and small copies, all of it in the first cache) finishes three to four on every core of the
last ten years. The rate that this machine reaches on the worst inputs is printed beside it, timed
without valgrind; where that is below INSTRUCTIONS_PER_NS the machine is slower than the promise.

The inputs are the worst that could be thought of, by structure, over a definition, a case and an event
at their bounds (expression_probe.c): what grows with the square of the text or with what is declared,
and, in macros that would never end, each operation that costs more than its step says. An evaluation
that is too long is one that ends in `limit`: its work is what was done until then. To these come mixes
of them, and the corpus of the fuzzer.
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

from expression_inputs import SIZE, compiles, evaluations, mixes

INSTRUCTIONS_PER_NS = 5
COMPILE_MAX = INSTRUCTIONS_PER_NS * 1_000_000
EVALUATE_MAX = INSTRUCTIONS_PER_NS * 50_000
SHOWN = 3
# So many must get so far, or the inputs no longer say what they said.
COMPILED_MIN, LIMITED_MIN, REFUSED_MIN = 800, 300, 40
# The C library fills and copies long blocks by `rep stosb`, of which each byte would count as an
# instruction; without it the vectors that it uses otherwise are counted.
TUNABLES = ("glibc.cpu.x86_rep_stosb_threshold=1000000000:"
            "glibc.cpu.x86_rep_movsb_threshold=1000000000")
CALLGRIND = ["valgrind", "--tool=callgrind", "--toggle-collect=counted_compile",
             "--toggle-collect=counted_eval", "--dump-before=counted_end", "--combine-dumps=yes"]


class Cost:
    """What one input took: COMPILE and EVALUATE are instructions, the latter None where it did not
    compile."""

    def __init__(self, entry, compiled, evaluated):
        self.name, self.form, self.text = entry
        self.compiled, self.evaluated = compiled, evaluated
        self.compile = self.evaluate = None


def encoded(entries):
    return b"".join(f"{form} {len(text)}\n".encode() + text for _, form, text in entries)


def answers(command, entries, **more):
    out = subprocess.run(command, input=encoded(entries), stdout=subprocess.PIPE, check=True, **more)
    lines = [line.split() for line in out.stdout.decode().splitlines()]
    assert len(lines) == len(entries), f"{len(entries)} inputs, {len(lines)} answers"
    return lines


def count(probe, entries):
    with tempfile.TemporaryDirectory() as folder:
        command = CALLGRIND + ["-q", f"--callgrind-out-file={folder}/counts", probe]
        lines = answers(command, entries, env={**os.environ, "GLIBC_TUNABLES": TUNABLES})
        profile = pathlib.Path(folder, "counts").read_text()
    counts = [int(number) for number in re.findall(r"^totals: (\d+)", profile, re.MULTILINE)]
    costs = [Cost(entry, *words) for entry, words in zip(entries, lines)]
    for cost in costs:
        cost.compile = counts.pop(0)
        if cost.evaluated != "-":
            cost.evaluate = counts.pop(0)
    assert counts in ([], [0]), f"{len(counts)} counts are left over"  # the last is that of the exit
    return costs


def rate(probe, cost, part):
    """(microseconds, instructions a nanosecond) of this machine, now."""
    line, = answers([probe, "time"], [(cost.name, cost.form, cost.text)])
    ns = int(line[2 if part == "compile" else 3])
    return ns / 1000, getattr(cost, part) / max(ns, 1)


def judge(probe, costs, part, bound):
    """Shows the worst; whether all keep within the bound."""
    worst = sorted((c for c in costs if getattr(c, part) is not None), key=lambda c: -getattr(c, part))
    print(f"to {part}: at most {bound:,} instructions")
    for cost in worst[:SHOWN]:
        us, per_ns = rate(probe, cost, part)
        print(f"  {getattr(cost, part):9,}  {cost.name} ({cost.compiled}, {cost.evaluated}), "
              f"here {us:.0f} us at {per_ns:.1f} instructions/ns")
    over = [c for c in worst if getattr(c, part) > bound]
    for cost in over:
        print(f"OVER THE BOUND: {getattr(cost, part):,} to {part} {cost.name}: {cost.text[:300]!r}")
    return not over


def main():
    probe, corpus = sys.argv[1:]
    made = [*compiles(), *evaluations(), *mixes()]
    found = [(path.name, "expression", path.read_bytes()) for path in sorted(pathlib.Path(corpus).iterdir())]
    entries = made + [entry for entry in found if len(entry[2]) <= SIZE]
    costs = count(probe, entries)
    compiled = [c for c in costs if c.compiled == "ok"]
    limited = [c for c in compiled if c.evaluated == "limit"]
    print(f"{len(costs)} inputs: {len(compiled)} compile, {len(limited)} of them reach the limit of steps")
    assert len(compiled) >= COMPILED_MIN and len(limited) >= LIMITED_MIN
    assert len(costs) - len(compiled) >= REFUSED_MIN and all(c.compile > 0 for c in costs)
    is_quick = judge(probe, costs, "compile", COMPILE_MAX)
    return 0 if judge(probe, costs, "evaluate", EVALUATE_MAX) and is_quick else 1


if __name__ == "__main__":
    sys.exit(main())
