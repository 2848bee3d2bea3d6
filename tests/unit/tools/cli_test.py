"""The command line without a server: the words of a call, due dates, and checking definitions.

Each check runs the program as a person or a script would and looks at output, diagnostics and exit
code: 0 all well, 1 the answer is no, 2 the call's words are off, 3 trouble with disk or server.
"""
import json
import os
import pathlib
import subprocess

import pytest

LIANDONG = pathlib.Path(os.environ["LIANDONG_BIN"]) / "liandong"
SOURCE = pathlib.Path(os.environ["LIANDONG_SOURCE"])
CALENDAR = SOURCE / "workflows/calendars/cn.yaml"


def run(*words, stdin=None, **variables):
    env = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8",
           "LIANDONG_SHARE": str(SOURCE / "workflows"), **variables}
    for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS"):
        if name in os.environ:
            env[name] = os.environ[name]
    return subprocess.run([LIANDONG, *map(str, words)], env=env, input=stdin, text=True,
                          capture_output=True, timeout=60)


def due(*words, **variables):
    done = run("calendar", "due", *words, **variables)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1]


# The words of a call.

def test_help_lists_every_command():
    shown = run("--help")
    assert shown.returncode == 0
    for name in ("workflow check", "calendar due", "case history", "alerts watch", "serve"):
        assert name in shown.stdout
    assert run("help").stdout == shown.stdout


def test_nothing_shows_the_help_and_is_no_success():
    assert run().returncode == 2
    assert "workflow check" in run().stdout


def test_a_group_lists_its_own_commands():
    shown = run("workflow", "--help")
    assert shown.returncode == 0
    assert "workflow deploy" in shown.stdout
    assert "calendar due" not in shown.stdout


def test_the_language_follows_the_environment():
    assert "工作流" in run("--help", LC_ALL="zh_CN.UTF-8").stdout
    assert "工作流" in run("--help", LC_ALL="", LANG="zh_CN.UTF-8").stdout
    assert "工作流" not in run("--help", LANG="zh_CN.UTF-8").stdout  # LC_ALL goes before LANG


def test_version():
    assert run("--version").stdout.startswith("liandong ")


@pytest.mark.parametrize("words", [["frob"], ["workflow", "frob"], ["x" * 500]])
def test_unknown_commands_say_what_there_is(words):
    done = run(*words)
    assert done.returncode == 2
    assert "there is no command" in done.stderr
    assert "workflow check" in done.stderr


@pytest.mark.parametrize("words, complaint", [
    (["--form", "2025-01-01"], "--form"),
    (["--from"], "its value is missing"),
    (["--json=yes"], "takes no value"),
    (["--period", "1 day"], "--from is missing"),
    (["--from", "2025-01-01"], "--period is missing"),
    (["--from", "2025-01-01", "--period", "1 day", "more"], "a word too many"),
    (["--from", "2025-02-30", "--period", "1 day"], "--from is a date"),
    (["--from", "2025-01-01", "--period", "1 fortnight"], "is no period"),
    (["--from", "2025-01-01", "--period", "0 days"], "is no period"),
    (["--from", "2025-01-01", "--period", "24 hours"], "counts from an instant"),
    (["--from", "2025-01-01", "--period", "1 day", "--rule", "martial"], "--rule is"),
    (["--from", "2025-01-01", "--period", "1 day", "--roll", "yes"], "--roll can only be none"),
    (["--from", "2025-01-01", "--period", "1 day", "--pause", "2025-01-01"], "write --pause"),
    (["--from", "2025-01-01", "--period", "1 day", "--pause", "2025-01-05..2025-01-03"],
     "write --pause"),
    (["--from", "2025-01-01", "--period", "1 day", "--pause", "2025-01-05..2025-01-09",
      "--pause", "2025-01-08..2025-01-10"], "do not overlap"),
    (["--from", "2025-01-01", "--period", "1 day"] + ["--extend", "1 day"] * 33,
     "given too often"),
])
def test_wrong_words_are_told(words, complaint):
    done = run("calendar", "due", *words)
    assert done.returncode == 2
    assert complaint in done.stderr
    assert done.stdout == ""


def test_options_stand_anywhere_and_take_equals():
    assert due("--period=1 day", "--from=2025-01-06") == "2025-01-07"


# Due dates: the worked examples of the domain (E1 to E13).

@pytest.mark.parametrize("start, period, more, wanted", [
    ("2024-07-31", "2 months", [], "2024-09-30"),
    ("2025-08-05", "2 months", [], "2025-10-09"),
    ("2025-09-18", "15 days", [], "2025-10-09"),
    ("2026-02-10", "7 days", [], "2026-02-24"),
    ("2025-04-24", "3 days", [], "2025-04-27"),
    ("2025-09-30", "3 days", [], "2025-10-09"),
    ("2025-09-26", "10 working days", [], "2025-10-16"),
    ("2025-09-26", "10 working days", ["--extend", "10 working days"], "2025-10-30"),
    ("2026-04-29", "7 working days", [], "2026-05-12"),
    ("2024-02-05", "7 days", [], "2024-02-18"),
    ("2026-02-28", "3 months", [], "2026-05-28"),
    ("2026-02-28", "3 months", ["--rule", "criminal"], "2026-06-01"),
    ("2026-02-28", "3 months", ["--rule", "custody"], "2026-05-31"),
    ("2025-05-30T16:20", "24 hours", [], "2025-05-31T16:20:00+08:00"),
    ("2025-08-05", "2 months", ["--roll", "none"], "2025-10-05"),
    ("2025-01-31", "until 2025-05-01", [], "2025-05-01"),
    # Story A: appraisal, extension and suspension.
    ("2025-09-30", "1 month", ["--pause", "2025-10-13..2025-11-10"], "2025-11-27"),
    ("2025-09-30", "1 month", ["--pause", "2025-10-13..2025-11-10", "--extend", "1 month"],
     "2025-12-29"),
    ("2025-09-30", "1 month", ["--pause", "2025-10-13..2025-11-10", "--extend", "1 month",
                               "--pause", "2025-12-05..2026-02-06"], "2026-03-02"),
])
def test_due_dates(start, period, more, wanted):
    assert due("--from", start, "--period", period, *more) == wanted
    explained = due("--from", start, "--period", period, "--explain", *more)
    assert explained == wanted  # alone on the last line there too
    assert due("--from", start, "--period", period, "--explain", *more,
               LC_ALL="zh_CN.UTF-8") == wanted


def test_explain_tells_why():
    done = run("calendar", "due", "--from", "2025-08-05", "--period", "2 months", "--explain",
               LC_ALL="zh_CN.UTF-8")
    assert "对应日" in done.stdout
    assert "国庆节" in done.stdout
    assert "国办发明电〔2024〕12 号" in done.stdout


def test_an_unannounced_year_is_provisional():
    done = run("calendar", "due", "--from", "2026-11-05", "--period", "2 months")
    assert done.returncode == 0
    assert done.stdout == "2027-01-05\n"
    assert "provisional" in done.stderr and "2026" in done.stderr
    assert run("calendar", "due", "--from", "2025-08-05", "--period", "2 months").stderr == ""


def test_due_as_json():
    done = run("calendar", "due", "--from", "2025-08-05", "--period", "2 months", "--json")
    assert json.loads(done.stdout) == {
        "from": "2025-08-05", "period": "2 months", "unrolled": "2025-10-05",
        "due": "2025-10-09", "is_provisional": False}


def test_beyond_the_calendar_is_said():
    done = run("calendar", "due", "--from", "9999-12-01", "--period", "1 year")
    assert done.returncode == 1
    assert "beyond" in done.stderr


def test_another_calendar(tmp_path):
    calendar = tmp_path / "own.yaml"
    calendar.write_text(CALENDAR.read_text().replace("calendar: cn", "calendar: own").replace(
        "2025-10-01..2025-10-08", "2025-10-01..2025-10-09"))
    assert due("--from", "2025-08-05", "--period", "2 months",
               "--calendar", calendar) == "2025-10-10"
    calendar.write_text("calendar: own\nnonsense: 1\n")
    done = run("calendar", "due", "--from", "2025-08-05", "--period", "2 months",
               "--calendar", calendar)
    assert done.returncode != 0
    assert f"{calendar}:2:1: error[" in done.stderr
    missing = run("calendar", "due", "--from", "2025-08-05", "--period", "2 months",
                  "--calendar", tmp_path / "none.yaml")
    assert missing.returncode != 0
    assert "none.yaml" in missing.stderr


def test_a_calendar_from_standard_input():
    done = run("calendar", "due", "--from", "2025-08-05", "--period", "2 months",
               "--calendar", "-", stdin=CALENDAR.read_text())
    assert done.stdout == "2025-10-09\n"


def test_without_shipped_files_the_way_out_is_named(tmp_path):
    done = run("calendar", "due", "--from", "2025-08-05", "--period", "2 months",
               LIANDONG_SHARE=str(tmp_path))
    assert done.returncode != 0
    assert "LIANDONG_SHARE" in done.stderr


# Checking definitions.

def test_what_is_shipped_has_no_errors():
    done = run("workflow", "check", SOURCE / "workflows")
    assert done.returncode == 0, done.stdout
    assert ": 0 errors" in done.stdout.splitlines()[-1]


BROKEN = """\
workflow: broken
version: 1
title: {zh: 坏, en: Broken}
calendar: cn
parties: {lead: {title: 单位, kind: agency}}
data: {note: {type: text, optional: true}}
events:
  begun: {title: 开始, from: [agency], data: {lead: {type: unit}}}
  done: {title: 完成, from: [lead]}
start:
  event: begun
  bind: {lead: event.data.leed}
  to: open
states:
  open:
    title: 进行
    no-clock: 测试
    when:
      done: [{if: case.note == 'x', to: closed}, {to: closed}]
  closed: {title: 结束, end: true}
"""


def test_findings_have_file_line_and_column(tmp_path):
    path = tmp_path / "broken.yaml"
    path.write_text(BROKEN)
    done = run("workflow", "check", path)
    assert done.returncode == 1
    assert f"{path}:12:27: error[expr-unknown-name]: " in done.stdout
    assert f"{path}:19:24: error[expr-optional]: case.note " in done.stdout
    assert "    hint: " in done.stdout
    assert "1 files checked: 2 errors" in done.stdout.splitlines()[-1]
    chinese = run("workflow", "check", path, LC_ALL="zh_CN.UTF-8").stdout
    assert "error[expr-optional]: case.note 可能没有值" in chinese
    assert "    提示:" in chinese


def test_findings_as_json(tmp_path):
    path = tmp_path / "broken.yaml"
    path.write_text(BROKEN)
    done = run("workflow", "check", "--json", path)
    assert done.returncode == 1
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert {row["code"] for row in rows} == {"expr-unknown-name", "expr-optional"}
    for row in rows:
        assert row["file"] == str(path) and row["line"] > 0 and row["zh"] and row["en"]


def test_a_text_of_no_kind_is_an_error(tmp_path):
    path = tmp_path / "odd.yaml"
    path.write_text("recipe: soup\n")
    assert run("workflow", "check", path).returncode == 1
    path.write_text("")
    assert run("workflow", "check", path).returncode == 1


def test_files_that_cannot_be_read_are_trouble(tmp_path):
    done = run("workflow", "check", tmp_path / "none.yaml")
    assert done.returncode == 3
    assert "none.yaml" in done.stderr
    assert run("workflow", "check", tmp_path).returncode == 3
    assert run("workflow", "check").returncode == 2
    large = tmp_path / "large.yaml"
    large.write_text("#" * 70000)
    done = run("workflow", "check", large)
    assert done.returncode == 3 and "larger than" in done.stderr


def test_output_that_is_lost_is_no_success():
    with open("/dev/full", "w") as full:
        done = subprocess.run([LIANDONG, "--version"], stdout=full, stderr=subprocess.PIPE,
                              env={"LC_ALL": "C.UTF-8"}, timeout=60, check=False)
    assert done.returncode == 3
    assert b"could not be written" in done.stderr


# Words that people read.

def test_one_idea_has_one_chinese_word():
    """Due is 到期, the last day 最后一日, the directory 单位名录, a party 当事方; 预警 is a level."""
    banned = ("届满", "单位目录", "各方", "消息中枢", "纪元", "按期办结", "预警策略", "预警规则",
              "预警解除", "订阅预警")
    files = [SOURCE / "README.zh-CN.md", SOURCE / "workflows/REFERENCE.zh-CN.md"]
    for folder in ("tools/liandong", "workflows/language", "workflows/core", "broker"):
        files += [path for path in (SOURCE / folder).iterdir() if path.suffix in (".c", ".h", ".inc")]
    found = [(path.name, word) for path in files for word in banned
             if word in path.read_text(encoding="utf-8")]
    assert found == []


def test_a_usage_line_ends_with_its_last_word():
    for name in ("status", "overdue"):
        first = run(name, "--help").stdout.splitlines()[0]
        assert first == f"usage: liandong {name}"


def test_publishing_a_folder_is_no_success(tmp_path):
    done = run("publish", tmp_path)
    assert done.returncode == 3
    assert str(tmp_path) in done.stderr


@pytest.mark.parametrize("words", [("--name", "a b"), ("--name", ""), ("--name", "x" * 65),
                                   ("--name", "me", "--level", "loud")])
def test_a_subscription_says_which_word_is_off(words):
    done = run("alerts", "watch", *words)
    assert done.returncode == 2
    assert words[-2] in done.stderr


def test_a_repeating_clock_that_fell_due_began_again():
    catalog = SOURCE / "workflows/catalog"
    done = run("workflow", "explain", catalog / "administrative-public-interest.yaml", "--story",
               catalog / "administrative-public-interest/a-appraisal-extension-suspension.story.yaml")
    assert done.stdout.count("in the end: fell due and began again") == 2
    assert "in the end: running" not in done.stdout
