"""Real processes for a test: a data folder of its own, `serve` on a free port, the command line.

Nothing here sleeps to wait for something: a process says when it is ready, a command returns when it
is done, and each wait has a bound after which the test fails and says what it waited for.
"""
import contextlib
import json
import os
import pathlib
import re
import selectors
import signal
import subprocess
import time

BIN = pathlib.Path(os.environ["LIANDONG_BIN"])
SOURCE = pathlib.Path(os.environ["LIANDONG_SOURCE"])
PATIENCE_S = 120
# What no attack from outside may bring a process of ours to say: a sanitizer's report, a failed
# assertion, or that a child died of either (SIGILL, SIGABRT, SIGBUS, SIGFPE, SIGSEGV).
FAULT = re.compile(r"Sanitizer|runtime error:|assert|event=exit .* signal=(4|6|7|8|11)$", re.I)


def environment():
    env = dict(os.environ)
    env.update(LC_ALL="C.UTF-8", LIANDONG_SHARE=str(SOURCE / "workflows"))
    env.pop("LIANDONG_URL", None)
    return env


def command(*words, stdin=None, check=True, url=None, env=None):
    """Runs `liandong WORDS…`; the finished process, its texts decoded."""
    arguments = [str(BIN / "liandong"), *map(str, words)]
    if url:
        arguments += ["--connect", url]
    done = subprocess.run(arguments, input=stdin, capture_output=True, text=True,
                          timeout=PATIENCE_S, env={**environment(), **(env or {})})
    if check and done.returncode != 0:
        raise AssertionError(f"{arguments} exited {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done


def rows(text):
    return [json.loads(line) for line in text.splitlines() if line.strip()]


def line_of(process, wanted, patience_s=PATIENCE_S):
    """The first line of a process's stdout that starts with `wanted`."""
    selector = selectors.DefaultSelector()
    selector.register(process.stdout, selectors.EVENT_READ)
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline:
        if not selector.select(max(0, deadline - time.monotonic())):
            break
        line = process.stdout.readline()
        if not line:
            raise AssertionError(f"the process ended ({process.poll()}) before it said {wanted!r}")
        if line.startswith(wanted):
            return line.strip()
    raise AssertionError(f"nothing said {wanted!r} within {patience_s} s")


class Served:
    """A running `liandong serve`."""

    def __init__(self, folder, log, *options, ready=True):
        self.log_path = pathlib.Path(log)
        self.log = open(log, "a")
        self.process = subprocess.Popen(
            [str(BIN / "liandong"), "serve", "--data", str(folder), "--listen",
             "tcp://127.0.0.1:0", *options],
            stdout=subprocess.PIPE, stderr=self.log, text=True, env=environment())
        self.url = line_of(self.process, "ready ").split()[1] if ready else None

    def run(self, *words, **options):
        return command(*words, url=self.url, **options)

    def json(self, *words, **options):
        return rows(self.run(*words, "--json", **options).stdout)

    def publish(self, *events, check=True, timeout_s=60):
        """Fates of the events, in order."""
        text = "".join(json.dumps(event, ensure_ascii=False) + "\n" for event in events)
        done = self.run("publish", "-", "--json", "--timeout", timeout_s, stdin=text, check=False)
        if check and done.returncode > 1:
            raise AssertionError(f"publish exited {done.returncode}: {done.stderr}")
        return rows(done.stdout)

    def advance(self, instant):
        self.run("clock", "advance", "--to", instant)

    def status(self):
        return self.json("status")[0]

    def case(self, case_id):
        return self.json("case", "show", case_id)[0]

    def history(self, case_id):
        return self.json("case", "history", case_id)

    def kill_worker(self, partition):
        row = next(r for r in self.status()["partitions"] if r["partition"] == partition)
        os.kill(row["pid"], signal.SIGKILL)
        return row["pid"]

    def kill_broker(self):
        pid = self.status()["broker"]["pid"]
        os.kill(pid, signal.SIGKILL)
        return pid

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(timeout=PATIENCE_S)
        self.close()
        return self.process.returncode

    def kill(self):
        """As if the machine lost all our processes at once."""
        self.process.kill()
        self.process.wait(timeout=PATIENCE_S)
        self.close()

    def close(self):
        """The end, at which the processes' own words are read for faults."""
        self.process.stdout.close()
        self.log.close()
        lines = self.log_path.read_text(errors="replace").splitlines()
        at = next((i for i, line in enumerate(lines) if FAULT.search(line)), None)
        if at is not None:
            raise AssertionError("a fault in the server's log:\n"
                                 + "\n".join(lines[max(0, at - 3):at + 60]))


@contextlib.contextmanager
def serving(folder, *options):
    served = Served(folder, f"{folder}.log", *options)
    try:
        yield served
    finally:
        served.stop()


def event(number, source, kind, subject, data=None, **more):
    return {"specversion": "1.0", "id": f"{subject}-{number}", "source": source, "type": kind,
            "subject": subject, **({"data": data} if data is not None else {}), **more}
