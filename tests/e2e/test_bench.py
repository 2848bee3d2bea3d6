"""The benchmarks in their shortest form: that they run, what they say, that they check themselves and
leave nothing behind. Never how fast anything is.
"""
import json
import os
import select
import signal
import subprocess
import time

import pytest

from harness import BIN, PATIENCE_S, command, environment

# Bounded by work, not by time: a slow machine does the same.
SMALL = ["--events", "210", "--seconds", "60", "--cases", "64", "--clients", "2", "--outstanding", "2"]


@pytest.fixture
def scratch(tmp_path):
    yield tmp_path
    assert list(tmp_path.iterdir()) == [], "the scratch folder was left behind"


def publish(scratch, *words):
    done = command("bench", "publish", *SMALL, "--scratch", scratch, "--json", *words)
    return json.loads(done.stdout)


def test_publish_says_what_it_took_and_checks_itself(scratch):
    said = publish(scratch, "--partitions", "3", "--events-a-message", "7", "--hot", "0")
    assert said["benchmark"] == "publish"
    assert said["events_per_second"] > 0 and said["elapsed_ns"] > 0
    # 105 events of each client, in messages of 7.
    assert said["events"] == 210 and said["messages"] == 30
    assert said["refused"] == 0 and said["fateless"] == 0
    latency = said["latency_ns"]
    assert 0 < latency["p50"] <= latency["p99"] <= latency["p99.9"] <= latency["max"]
    assert [row["process"] for row in said["processes"]] == ["broker"] + 3 * ["worker"] + ["clients"]
    assert all(row["cpu_ns_per_event"] > 0 for row in said["processes"])
    assert all(row["resident_bytes"] > row["private_bytes"] > 0 for row in said["processes"])
    assert said["options"]["workflow"] == "procuratorate-transfer"
    check = said["check"]
    assert check["good"] is True and check["lost"] == 0 and check["twice"] == 0
    # What was measured, and before it the first event of each case.
    opened = 2 * 3 * (64 // 2 // 3)
    assert check["found"] == check["acked"] == said["events"] + opened
    assert check["rows"] > check["acked"]


def test_a_case_that_is_over_is_followed_by_another(scratch):
    """Four cases of twelve steps have 48 events between them."""
    said = publish(scratch, "--cases", "4", "--clients", "1", "--partitions", "1", "--hot", "100")
    assert said["events"] == 210
    assert said["check"]["good"] is True


def test_tables_speak_both_languages(scratch):
    english = command("bench", "publish", *SMALL, "--scratch", scratch).stdout
    assert "check:" in english and "worker-1" in english and "p99.9" in english
    chinese = command("bench", "publish", *SMALL, "--scratch", scratch,
                      env={"LC_ALL": "zh_CN.UTF-8"}).stdout
    assert "核对" in chinese and "worker-1" in chinese


def test_ceiling_measures_each_bare_cost(scratch):
    done = command("bench", "ceiling", "--seconds", "0.02", "--scratch", scratch, "--json")
    said = json.loads(done.stdout)
    rows = {row["name"]: row for row in said["rows"]}
    assert list(rows) == ["case_step", "encode", "decode", "round_trip", "fdatasync_4k",
                          "append_1", "append_16", "append_128", "append_1024"]
    for row in rows.values():
        assert row["operations"] > 0
        assert 0 < row["p50_ns"] <= row["p99_ns"] <= row["max_ns"]
        assert row["events_per_second"] > 0
    assert rows["append_128"]["events"] == 128
    assert said["row_bytes"] > 100
    assert "append_16" in command("bench", "ceiling", "--seconds", "0.02", "--scratch",
                                  scratch).stdout


def test_progress_is_shown_and_a_signal_leaves_nothing(scratch):
    ours, terminal = os.openpty()
    process = subprocess.Popen(
        [str(BIN / "liandong"), "bench", "publish", "--seconds", "600", "--cases", "64", "--clients",
         "1", "--outstanding", "1", "--scratch", str(scratch), "--json"],
        stdout=subprocess.PIPE, stderr=terminal, text=True, env=environment())
    try:
        await_text(ours, b"published ")
        assert len(processes_over(scratch)) >= 4, "serve, broker and two workers"
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=PATIENCE_S)
        assert (process.returncode, said) == (3, ""), "what was ended is no result"
    finally:
        process.kill()
        process.wait()
        os.close(ours)
        os.close(terminal)
    assert processes_over(scratch) == []


def await_text(terminal, wanted):
    """Until a terminal has shown it."""
    shown = b""
    deadline = time.monotonic() + PATIENCE_S
    while wanted not in shown:
        ready, _, _ = select.select([terminal], [], [], max(0, deadline - time.monotonic()))
        assert ready, f"nothing showed {wanted!r}: {shown!r}"
        shown += os.read(terminal, 4096)


def processes_over(scratch):
    """Those that run in the folder or name it."""
    found = []
    for entry in os.listdir("/proc"):
        if not entry.isdigit() or int(entry) == os.getpid():
            continue
        try:
            with open(f"/proc/{entry}/cmdline", "rb") as file:
                words = file.read()
        except OSError:
            continue
        folder = ""
        try:
            folder = os.readlink(f"/proc/{entry}/cwd")
        except OSError:
            pass
        if str(scratch).encode() in words or folder.startswith(str(scratch)):
            found.append(int(entry))
    return found


@pytest.mark.parametrize("words", [
    ["publish", "--cases", "0"], ["publish", "--cases", "10"], ["publish", "--clients", "65"],
    ["publish", "--partitions", "64", "--events-a-message", "40"], ["publish", "--events", "0"],
    ["publish", "--hot", "101"], ["publish", "--seconds", "0"], ["publish", "--seconds", "x"],
    ["publish", "--partitions", "-1"], ["publish", "extra"], ["ceiling", "--seconds", "61"],
    ["ceiling", "extra"],
])
def test_wrong_words_are_refused(words, scratch):
    done = command("bench", *words, "--scratch", scratch, check=False)
    assert done.returncode == 2
    assert f"liandong bench {words[0]}" in done.stderr


def test_a_scratch_folder_that_cannot_be_made(tmp_path):
    for subject in ("publish", "ceiling"):
        done = command("bench", subject, "--scratch", tmp_path / "missing", check=False)
        assert done.returncode == 3
        assert done.stdout == ""


def test_help_in_both_languages():
    assert "--events-a-message" in command("bench", "publish", "--help").stdout
    assert "在途报文" in command("bench", "publish", "--help", env={"LC_ALL": "zh_CN.UTF-8"}).stdout
    listed = command("bench", "--help").stdout
    assert "bench publish" in listed and "bench ceiling" in listed
