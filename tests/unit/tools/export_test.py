"""The exported schemas and the engine agree: what a schema takes the engine takes, as far as a schema
can know, and the other way round. Judged by python3-jsonschema, over each event of every shipped
story and over a definition that has every type.
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
STORIES = sorted((SOURCE / "workflows").rglob("*.story.yaml"))
DATA_REFUSALS = {"missing-data", "bad-data", "unknown-data"}


def run(*words, **variables):
    env = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8", **variables}
    for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS"):
        if name in os.environ:
            env[name] = os.environ[name]
    return subprocess.run([LIANDONG, *map(str, words)], env=env, text=True, capture_output=True,
                          timeout=60)


def document(path):
    done = run("workflow", "export", path, "--asyncapi")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def validator(whole, name):
    schema = whole["components"]["schemas"][name]
    checker = jsonschema.Draft202012Validator
    checker.check_schema(schema)
    return checker(schema, resolver=jsonschema.RefResolver("", whole),
                   format_checker=jsonschema.FormatChecker(["date"]))


class Loader(yaml.SafeLoader):
    """YAML as the language reads it: dates are texts, and only true and false are booleans."""


Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in rows if not tag.endswith(("timestamp", "bool"))]
    for first, rows in yaml.SafeLoader.yaml_implicit_resolvers.items()}
Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^(true|false)$"), list("tf"))


def is_workflow(path, name):
    return not path.name.endswith(".story.yaml") and re.search(rf"^workflow: {name}\s*(#|$)", path.read_text(), re.M)


def workflow_of(story, name):
    """Beside the story, in the folders above it, else anywhere in what is shipped."""
    for folder in (story.parent, *story.parents):
        for path in sorted(folder.glob("*.yaml")):
            if is_workflow(path, name):
                return path
    return next(path for path in (SOURCE / "workflows").rglob("*.yaml") if is_workflow(path, name))


documents = {}


@pytest.mark.parametrize("story", STORIES, ids=lambda path: path.name)
def test_the_events_of_every_story(story):
    told = yaml.load(story.read_text(), Loader)
    path = workflow_of(story, told["workflow"])
    whole = documents.setdefault(path, document(path))
    schemas = whole["components"]["schemas"]
    for number, step in enumerate(told["steps"]):
        if "event" not in step or step["event"] not in schemas:
            continue
        if step.get("case", told["case"]) != told["case"]:
            continue  # of another workflow, which may have an event of that name
        event = {"id": f"e-{number}", "source": step["from"], "type": step["event"],
                 "subject": step.get("case", told["case"]), "data": step.get("data", {})}
        if "role" in step:
            event["role"] = step["role"]
        refusal = step.get("expect", {}).get("refusal")
        errors = [error.message for error in validator(whole, step["event"]).iter_errors(event)]
        if refusal is None:
            assert errors == []
        elif refusal in DATA_REFUSALS:
            assert errors != [], f"{story.name}: step {number} is refused with {refusal}"


EVERY_TYPE = """\
workflow: all
version: 1
parties: {desk: {title: 窗口, kind: agency}}
events:
  begun:
    title: {zh: 开始, en: Begun}
    from: [agency, desk]
    role: chief
    date: day
    data:
      flag: {type: bool}
      count: {type: int, min: 1, max: 9}
      ratio: {type: double, min: 0.5, default: 0.5}
      word: {title: {zh: 词, en: Word}, type: text, class: sealed}
      way: {type: choice, of: [left, right]}
      day: {type: date}
      moment: {type: timestamp, optional: true}
      unit: {type: unit}
start: {event: begun, bind: {desk: event.sender}, to: open}
states:
  open: {no-clock: 等待, when: {begun: {to: done}}}
  done: {end: true}
"""
GOOD = {"flag": True, "count": 3, "word": "", "way": "left", "day": "2025-02-28", "unit": "qj-ecology"}


@pytest.fixture(scope="module")
def every(tmp_path_factory):
    path = tmp_path_factory.mktemp("all") / "all.yaml"
    path.write_text(EVERY_TYPE)
    return document(path)


def test_a_whole_event(every):
    event = {"specversion": "1.0", "id": "1", "source": "qj-ecology", "type": "begun", "subject": "A-1",
             "time": "2025-01-01T00:00:00+08:00", "role": "chief", "workflow": "all", "data": GOOD}
    check = validator(every, "begun")
    check.validate(event)
    for key in ("id", "source", "type", "subject", "role", "data"):
        assert list(check.iter_errors({k: v for k, v in event.items() if k != key})), key
    for key, value in (("id", "x" * 129), ("id", ""), ("id", "a\nb"), ("source", "City Hall"),
                       ("subject", "y" * 97), ("role", "head"), ("type", "ended"), ("specversion", "0.3"),
                       ("workflow", "other"), ("data", [])):
        assert list(check.iter_errors({**event, key: value})), key


@pytest.mark.parametrize("change", [
    {"flag": "true"}, {"count": 0}, {"count": 10}, {"count": 1.5}, {"ratio": 0.4}, {"word": 1},
    {"way": "up"}, {"day": "2025-02-30"}, {"day": 20250228}, {"moment": 5}, {"unit": "City Hall"},
    {"more": 1}, {"flag": None},
])
def test_data_that_the_engine_refuses(every, change):
    check = validator(every, "begun.data")
    check.validate(GOOD)
    assert list(check.iter_errors({**GOOD, **change}))


@pytest.mark.parametrize("key", sorted(GOOD))
def test_data_that_is_missing(every, key):
    assert list(validator(every, "begun.data").iter_errors({k: v for k, v in GOOD.items() if k != key}))


def test_who_may_publish_and_what_comes_back(every):
    message = every["components"]["messages"]["begun"]
    assert message["title"] == "开始 / Begun"
    assert message["x-from"] == [{"kind": "agency"}, {"party": "desk", "title": {"zh": "窗口"}, "kind": "agency"}]
    assert message["x-role"] == "chief"
    assert message["x-legal-date"] == "day"
    assert message["x-opens-case"] is True
    assert message["x-taken-in"] == ["open"]
    assert message["description"] == ("可由以下单位发布:agency、窗口;须由职务 chief 决定。\n\n"
                                      "Published by: agency, 窗口; decided by a person with the role chief.")
    word = every["components"]["schemas"]["begun.data"]["properties"]["word"]
    assert word == {"title": "词", "description": "Word", "type": "string", "x-class": "sealed"}
    assert every["operations"]["begun"]["reply"]["channel"] == {"$ref": "#/channels/fates"}
    fates = validator(every, "fates")
    fates.validate([{"id": "1", "subject": "A-1", "fate": "started", "position": 4, "case": {"state": "open"}},
                    {"fate": "refused", "code": "not-taken", "takes": ["begun"], "zh": "不接受", "en": "not taken"}])
    assert list(fates.iter_errors([{"fate": "lost"}]))
    assert list(fates.iter_errors([]))


def test_refusals_are_all_explained(every):
    words = every["components"]["schemas"]["fates"]["items"]["properties"]["code"]["x-meanings"]
    assert {"not-taken", "wrong-sender", "bad-data"} <= set(words)
    assert all(set(text) == {"zh", "en"} for text in words.values())


@pytest.fixture(scope="module")
def family():
    return document(SOURCE / "tests/unit/language/family/resolution.yaml")


def test_what_is_emitted_is_sent(family):
    sent = {name: row for name, row in family["operations"].items() if row["action"] == "send"}
    assert set(sent) == {f"Emitted.{name}" for name in
                         ("progress.urgent", "progress.reported", "transfer.proposed", "review.overdue")}
    assert sent["Emitted.progress.urgent"]["messages"] == [{"$ref": "#/channels/emitted/messages/progress.urgent"}]
    message = family["components"]["messages"]["Emitted.transfer.proposed"]
    assert message["name"] == "transfer.proposed"
    assert message["x-subject"] == "${case.id}-T" and message["x-workflow"] == "transfer-elsewhere"
    assert message["x-caused-by"] == ["litigation.needed"]
    assert family["components"]["messages"]["Emitted.review.overdue"]["x-caused-by"] == []


def test_the_data_of_what_is_emitted_has_the_types_of_its_expressions(family):
    data = {"topic": "题", "level": "city", "from": "qj-court", "met_on": "2025-08-01", "sum": 3, "late": True,
            "text": "共"}
    event = {"id": "R-1@7.0", "source": "qj-court", "type": "transfer.proposed", "subject": "R-1-T",
             "time": "2025-08-01T00:00:00+08:00", "workflow": "transfer-elsewhere", "data": data}
    check = validator(family, "Emitted.transfer.proposed")
    check.validate(event)
    assert list(check.iter_errors({**event, "type": "meeting.held"}))
    for key, value in (("topic", 1), ("level", "state"), ("from", "City Hall"), ("met_on", "2025-02-30"),
                       ("sum", "3"), ("late", 0), ("text", 1), ("more", 1)):
        assert list(check.iter_errors({**event, "data": {**data, key: value}})), key
    for key in data:
        assert list(check.iter_errors({**event, "data": {k: v for k, v in data.items() if k != key}})), key
    schemas = family["components"]["schemas"]
    assert schemas["Emitted.progress.urgent.data"]["properties"]["score"]["maximum"] == 100
    assert schemas["Emitted.review.overdue.data"]["properties"]["on"] == {"type": "string", "format": "date"}


def test_one_type_with_different_data_and_one_that_is_received_too(tmp_path):
    path = tmp_path / "twice.yaml"
    path.write_text(EVERY_TYPE.replace("{begun: {to: done}}", "{begun: [{if: event.data.flag, to: done, do: [{emit: "
                                       "{type: begun, data: {n: event.data.count - 1}}}]}, {to: done, do: [{emit: "
                                       "{type: begun, subject: x, data: {word: event.data.word, any: \"event.data.flag ? 1 : 2\"}}}]}]}"))
    whole = document(path)
    assert {"begun", "Emitted.begun"} <= set(whole["components"]["messages"])
    assert whole["operations"]["begun"]["action"] == "receive"
    check = validator(whole, "Emitted.begun.data")
    for good in ({"n": 0}, {"word": "w", "any": 1}):
        check.validate(good)
    for bad in ({"n": "0"}, {"word": "w"}, {"n": 1, "word": "w", "any": 1}, {}):
        assert list(check.iter_errors(bad)), bad
    assert "subject" not in whole["components"]["schemas"]["Emitted.begun"]["required"]


def test_the_engines_own_event_is_nobodys_to_publish(family):
    assert "sub-cases.closed" not in json.dumps(family)
    assert "meeting.held" in family["channels"]["events"]["messages"]


def test_nothing_emitted_no_channel(every):
    assert set(every["channels"]) == {"events", "fates"}


def test_wrong_calls(tmp_path):
    path = tmp_path / "bad.yaml"
    path.write_text(EVERY_TYPE.replace("to: open", "to: nowhere"))
    assert run("workflow", "export", path).returncode == 2
    assert run("workflow", "export", "--asyncapi").returncode == 2
    assert run("workflow", "export", tmp_path / "none.yaml", "--asyncapi").returncode == 3
    done = run("workflow", "export", path, "--asyncapi")
    assert done.returncode == 1 and "unknown-state" in done.stderr and done.stdout == ""
