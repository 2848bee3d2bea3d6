"""The JSON Schema of the language says what the readers say: every shipped file fits it, definitions
with a wrong shape do not, and its keys are those of the readers' own tables, read from the source, so
that a new key cannot be forgotten.
"""
import json
import os
import pathlib
import re
import subprocess

import jsonschema
import pytest
import yaml

LIANDONG = pathlib.Path(os.environ["LIANDONG_BIN"]) / "liandong"
SOURCE = pathlib.Path(os.environ["LIANDONG_SOURCE"])
LANGUAGE = SOURCE / "workflows/language"
BAD = SOURCE / "tests/unit/language/bad"
# What a schema can see; the rest (references, order, what is reachable) only the checker proves.
STRUCTURAL = ["bad-field-name", "bad-name", "bad-period", "bad-rung", "bad-tell", "clock-span", "for-syntax",
              "key-not-here", "missing-key", "no-branches", "repeat-statutory", "statutory-without-basis",
              "unknown-key", "unknown-word", "wrong-shape", "wrong-value"]
# The table of a reader, or the function that it stands in, and the definition of the schema.
TABLES = {
    "definition.c:top_keys": "workflow", "definition_data.c:field_keys": "field",
    "definition_data.c:read_party": "party", "definition_data.c:read_event": "event",
    "definition_states.c:branch_keys": "branch", "definition_start.c:start_keys": "start",
    "definition_states.c:state_keys": "state", "definition_clocks.c:clock_keys": "clock",
    "definition_clocks.c:read_period": "clock.period", "definition_clocks.c:read_pause": "pause",
    "definition_clocks.c:read_extend": "extend", "definition_wait.c:draft_suspend": "suspend",
    "definition_actions.c:action_keys": "action", "definition_actions.c:notify_keys": "notify",
    "definition_open.c:open_keys": "open", "definition_open.c:read_cascade": "cascade",
    "definition_emit.c:emit_keys": "emit", "policy_draft.c:draft_keys": "draft",
    "keys.c:sheet_title": "title", "policy.c:policy_keys": "policy", "policy.c:rung_keys": "rung",
    "directory.c:directory_keys": "directory", "directory.c:unit_keys": "unit",
    "calendar_file.c:calendar_keys": "calendar", "calendar_file.c:year_keys": "year",
    "calendar_file.c:read_span": "span", "coverage.c:coverage_keys": "coverage",
    "coverage.c:clause_keys": "clause", "coverage.c:service_keys": "service",
}


def run(*words, **variables):
    env = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8",
           "LIANDONG_SHARE": str(SOURCE / "workflows"), **variables}
    for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS"):
        if name in os.environ:
            env[name] = os.environ[name]
    return subprocess.run([LIANDONG, "workflow", "schema", *map(str, words)], env=env, text=True,
                          capture_output=True, timeout=60)


@pytest.fixture(scope="module")
def schema():
    done = run()
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def check(schema):
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


class Loader(yaml.SafeLoader):
    """YAML 1.2 as editors read it: dates are texts, only true and false are booleans."""


Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in rows if not tag.endswith(("timestamp", "bool", "merge"))]
    for first, rows in yaml.SafeLoader.yaml_implicit_resolvers.items()}
Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^(true|false)$"), list("tf"))


def texts(value):
    """Keys of JSON are texts: the years of a calendar are numbers to YAML."""
    if isinstance(value, dict):
        return {str(key): texts(item) for key, item in value.items()}
    return [texts(item) for item in value] if isinstance(value, list) else value


def load(text):
    return texts(yaml.load(text, Loader))


def problems(check, document):
    return [f"{'.'.join(map(str, error.absolute_path))}: {error.message[:200]}"
            for top in check.iter_errors(document) for error in [top, *(top.context or [])]]


@pytest.mark.parametrize("path", sorted((SOURCE / "workflows").rglob("*.yaml")), ids=lambda path: path.name)
def test_what_is_shipped_fits(check, path):
    assert problems(check, load(path.read_text())) == []


@pytest.mark.parametrize("name", STRUCTURAL)
def test_a_wrong_shape_does_not(check, name):
    assert problems(check, load((BAD / f"{name}.yaml").read_text()))


def test_no_good_context_is_refused(check):
    for name in ("context-calendar", "context-directory", "context-policy", "context-item",
                 "context-forward", "pre-litigation"):
        assert problems(check, load((BAD.parent / f"{name}.yaml").read_text())) == [], name


def tables():
    """Each reader's table: its name, or that of the function around it, with its keys."""
    for path in sorted(LANGUAGE.glob("*.c")):
        text = path.read_text()
        for found in re.finditer(r"static const struct key (\w+)\[\] = \{(.*?)\};", text, re.S):
            name = found[1]
            if name == "keys":
                name = re.findall(r"^\w[^\n;]*?(\w+)\([^;{}]*\)\n\{", text[:found.start()], re.M)[-1]
            rows = re.findall(r'KEY\("([^"]+)",([^)]*)\)', found[2])
            yield (f"{path.name}:{name}", {key for key, _ in rows},
                   {key for key, shapes in rows if "REQUIRED" in shapes})


def definition(schema, name):
    defs = schema["$defs"]
    if name == "clock.period":
        return defs["clock"]["properties"]["period"]["anyOf"][1]["items"]["anyOf"][1]
    return defs[name]["anyOf"][1] if name == "title" else defs[name]


def test_the_keys_are_those_of_the_readers(schema):
    found = {name: (keys, required) for name, keys, required in tables()}
    assert set(found) == set(TABLES)
    for name, (keys, required) in found.items():
        here = definition(schema, TABLES[name])
        assert set(here["properties"]) == keys, name
        assert set(here.get("required", [])) == required, name
        assert here["additionalProperties"] is False, name


def test_the_keys_of_stories_are_those_of_the_reader(schema):
    text = (LANGUAGE / "story.c").read_text()
    rows = [set(re.findall(r'"([^"]+)"', keys)) for keys in re.findall(r"keys\[\] = \{(.*?)NULL\};", text, re.S)]
    assert [set(schema["$defs"][name]["properties"]) for name in ("step", "story")] == rows


def test_each_definition_is_described_in_both_languages(schema):
    def walk(value, path):
        if isinstance(value, dict):
            said = value.get("description")
            if isinstance(said, str) and path[-1:] != ("properties",):
                assert re.search(r"[一-鿿]", said) and re.search(r"[A-Za-z]{3}", said), path
            for key, item in value.items():
                walk(item, (*path, key))
        elif isinstance(value, list):
            for item in value:
                walk(item, path)
    walk(schema, ())
    for name, row in schema["$defs"].items():
        assert "description" in row or name == "text", name


def test_wrong_calls(tmp_path):
    assert run("more").returncode == 2
    assert run(LIANDONG_SHARE=str(tmp_path)).returncode == 3
