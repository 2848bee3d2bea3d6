"""The reference of the language, in English and in Chinese, holds what it says.

Both pages have the same parts and the same examples; every example that is a whole file is checked,
every story is played, every offline command runs and prints what the page shows; and no word of
the language (key, fate, refusal, level, status, finding) is missing from either page.
"""
import os
import pathlib
import re
import shlex
import subprocess

import pytest

LIANDONG = pathlib.Path(os.environ["LIANDONG_BIN"]) / "liandong"
SOURCE = pathlib.Path(os.environ["LIANDONG_SOURCE"])
PAGES = {
    "C.UTF-8": (SOURCE / "workflows/REFERENCE.md").read_text(encoding="utf-8"),
    "zh_CN.UTF-8": (SOURCE / "workflows/REFERENCE.zh-CN.md").read_text(encoding="utf-8"),
}
LOCALES = sorted(PAGES)
WHOLE = ("workflow:", "story:", "calendar:", "policy:", "directory:")
OFFLINE = ("workflow check", "workflow paths", "workflow test", "workflow explain", "calendar due")


def run(folder, locale, words):
    env = {"PATH": os.environ.get("PATH", ""), "LC_ALL": locale,
           "LIANDONG_SHARE": str(SOURCE / "workflows")}
    for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS"):
        if name in os.environ:
            env[name] = os.environ[name]
    return subprocess.run([LIANDONG, *words], cwd=folder, env=env, text=True, encoding="utf-8",
                          capture_output=True, timeout=60)


def blocks(page):
    """(language, text, the line of prose before it) of each fenced block."""
    found, prose, lines = [], "", iter(page.splitlines())
    for line in lines:
        if not line.startswith("```"):
            prose = line.strip() or prose
            continue
        text = []
        for inner in lines:
            if inner == "```":
                break
            text.append(inner)
        found.append((line[3:], "\n".join(text) + "\n", prose))
    return found


def files(page):
    """The whole files among the blocks, by the name that the prose before them gives."""
    found = {}
    for language, text, prose in blocks(page):
        if language == "yaml" and text.startswith(WHOLE):
            named = re.findall(r"`([\w.-]+\.yaml)`", prose)
            found[named[0] if named else f"{text.split(':')[0]}.yaml"] = text
    return found


def commands(text):
    """The calls of one block that need no server."""
    calls = [shlex.split(line, comments=True) for line in text.replace("\\\n", " ").splitlines()]
    return [call[1:] for call in calls if call[:1] == ["liandong"]
            and " ".join(call[1:3]) in OFFLINE]


def prose_words(page):
    """What stands in backquotes outside of the examples."""
    outside = re.sub(r"^```.*?^```$", "", page, flags=re.S | re.M)
    return set(re.findall(r"`([^`\n]+)`", outside))


def table(header, name):
    text = (SOURCE / "workflows/core" / header).read_text(encoding="utf-8")
    body = re.search(rf"#define {name}\(X\)(.*?)\n\n", text, re.S).group(1)
    found = re.findall(r'X\(\w+, "([^"]+)"', body)
    assert found
    return found


def array(path, name):
    text = (SOURCE / path).read_text(encoding="utf-8")
    body = re.search(rf"{name}\[[^=]*= \{{(.*?)\}};", text, re.S).group(1)
    found = re.findall(r'"([^"]+)"', body)
    assert found
    return found


def findings():
    for part in ("codes", "expr", "story", "coverage"):
        text = (SOURCE / f"workflows/language/diagnostic_{part}.inc").read_text(encoding="utf-8")
        yield from re.findall(r'^X\("([^"]+)"', text, re.M)


def keys():
    """Every key of the readers' tables; a story's keys stand in plain arrays."""
    for path in sorted((SOURCE / "workflows/language").glob("*.c")):
        yield from re.findall(r'\bKEY\("([^"]+)"', path.read_text(encoding="utf-8"))
    story = (SOURCE / "workflows/language/story.c").read_text(encoding="utf-8")
    for body in re.findall(r"keys\[\] = \{(.*?)\};", story, re.S):
        yield from re.findall(r'"([^"]+)"', body)
    expect = (SOURCE / "workflows/language/story_expect.c").read_text(encoding="utf-8")
    yield from re.findall(r'\{"(\w+)", expect_', expect)


def missing(page, words):
    words = set(words)
    assert words
    present = prose_words(page)
    return sorted(words - present)


@pytest.mark.parametrize("locale", LOCALES)
def test_every_finding_is_explained(locale):
    assert missing(PAGES[locale], findings()) == []


@pytest.mark.parametrize("locale", LOCALES)
def test_every_fate_refusal_and_level_is_explained(locale):
    words = [*table("case.h", "FATE_TABLE"), *table("case.h", "REFUSAL_TABLE"),
             *table("rules.h", "ALERT_LEVEL_TABLE")]
    assert missing(PAGES[locale], words) == []


@pytest.mark.parametrize("locale", LOCALES)
def test_every_key_is_explained(locale):
    words = set(keys()) - {"zh", "en"}  # the two of a title stand in one example
    assert missing(PAGES[locale], words) == []


@pytest.mark.parametrize("locale", LOCALES)
def test_every_word_of_a_closed_list_is_explained(locale):
    words = [*array("workflows/core/clock.c", "words"),
             *array("workflows/language/definition_data.c", "type_words"),
             *array("workflows/language/definition_data.c", "class_words"),
             *array("workflows/language/definition_clocks.c", "rule_words"),
             *array("workflows/language/definition_clocks.c", "roll_words"),
             *array("workflows/language/definition_clocks.c", "reentry_words"),
             *array("workflows/language/definition_clocks.c", "force_words"),
             *array("workflows/language/definition_states.c", "late_words")]
    errors = array("workflows/core/expr.c", "words")
    assert missing(PAGES[locale], [*words, *errors[1:]]) == []  # the first is "ok"


@pytest.mark.parametrize("locale", LOCALES)
def test_every_function_is_explained(locale):
    source = (SOURCE / "workflows/language/expression_call.c").read_text(encoding="utf-8")
    names = re.findall(r'\{"(\w+)",\s+FUNCTION_', source) + ["has", "all", "exists", "exists_one",
                                                               "filter"]
    assert len(names) > 12
    shown = " ".join(prose_words(PAGES[locale]))
    assert [name for name in names if not re.search(rf"\b{name}\(", shown)] == []


@pytest.mark.parametrize("locale", LOCALES)
def test_every_bound_is_the_engines(locale):
    limits = dict(re.findall(r"(\w+_(?:MAX|MAX_SIZE)) = (\d+)",
                             (SOURCE / "workflows/core/limits.h").read_text(encoding="utf-8")))
    part = PAGES[locale].split("### 2.1 ")[1].split("### 2.2 ")[0]
    shown = set(re.findall(r"\d+", part.replace(",", "")))
    internal = {"EFFECTS_MAX"}  # follows from the others
    assert [name for name, value in limits.items()
            if value not in shown and name not in internal] == []


@pytest.mark.parametrize("locale", LOCALES)
def test_links_lead_to_headings(locale):
    page = PAGES[locale]
    slugs = {re.sub(r"[^\w\- ]", "", line.lstrip("# ").lower()).replace(" ", "-")
             for line in page.splitlines() if line.startswith("#")}
    targets = re.findall(r"\]\(([^)]+)\)", page)
    assert targets
    for target in targets:
        is_there = target[1:] in slugs if target.startswith("#") \
            else (SOURCE / "workflows" / target).is_file()
        assert is_there, target


def test_both_pages_have_the_same_parts_and_examples():
    shapes, examples = [], []
    for page in (PAGES[locale] for locale in LOCALES):
        outside = re.sub(r"^```.*?^```$", "```", page, flags=re.S | re.M)
        shapes.append([re.match(r"#+ [\d.]*|\||\d+\.|```", line).group()
                       for line in outside.splitlines() if re.match(r"#+ |\||\d+\. |```", line)])
        examples.append([(language, text) for language, text, _ in blocks(page)
                         if language in ("yaml", "sh")])
    assert examples[0] == examples[1]
    assert shapes[0] == shapes[1]


@pytest.mark.parametrize("locale", LOCALES)
def test_every_whole_file_is_good(locale, tmp_path):
    whole = files(PAGES[locale])
    assert {text.split(":")[0] + ":" for text in whole.values()} == set(WHOLE)
    for name, text in whole.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    for name in whole:
        checked = run(tmp_path, locale, ["workflow", "check", name])
        assert checked.returncode == 0 and "[" not in checked.stdout, checked.stdout
    stories = [name for name, text in whole.items() if text.startswith("story:")]
    played = run(tmp_path, locale, ["workflow", "test", *stories])
    assert played.returncode == 0, played.stdout
    assert played.stdout.splitlines()[-1] == f"{len(stories)} passed, 0 failed"


def comes_in_order(shown, printed):
    """Each line of the page is printed, in this order; where it says … lines are left out."""
    at = 0
    for line in shown.splitlines():
        assert line == "…" or line in printed[at:], line
        at += 0 if line == "…" else printed[at:].index(line) + 1


@pytest.mark.parametrize("locale", LOCALES)
def test_every_offline_command_runs_and_prints_what_is_shown(locale, tmp_path):
    for name, text in files(PAGES[locale]).items():
        if text.startswith(("workflow:", "story:")):
            (tmp_path / name).write_text(text, encoding="utf-8")
    printed, ran, compared = [], 0, 0
    for language, text, _ in blocks(PAGES[locale]):
        if language == "text":
            comes_in_order(text, printed)
            compared += 1
        if language != "sh":
            continue
        printed = []
        for call in commands(text):
            done = run(tmp_path, locale, call)
            assert done.returncode == 0, (call, done.stdout, done.stderr)
            printed += done.stdout.splitlines()
            ran += 1
    assert ran > 10 and compared > 4
