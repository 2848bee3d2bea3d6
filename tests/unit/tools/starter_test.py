"""`workflow new` gives a definition that is right as it stands, and a story that it passes."""
import os
import pathlib
import subprocess

import pytest

LIANDONG = pathlib.Path(os.environ["LIANDONG_BIN"]) / "liandong"
SOURCE = pathlib.Path(os.environ["LIANDONG_SOURCE"])


def run(*words, **variables):
    env = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8",
           "LIANDONG_SHARE": str(SOURCE / "workflows"), **variables}
    for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS"):
        if name in os.environ:
            env[name] = os.environ[name]
    return subprocess.run([LIANDONG, "workflow", *map(str, words)], env=env, text=True,
                          capture_output=True, timeout=60)


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("name", ["permit", "my-procedure-2", "a" * 64])
def test_it_is_right_as_it_stands(tmp_path, language, name):
    definition, story = tmp_path / f"{name}.yaml", tmp_path / f"{name}.story.yaml"
    definition.write_text(run("new", name, "--lang", language).stdout)
    story.write_text(run("new", name, "--story", "--lang", language).stdout)
    assert f"\nworkflow: {name} " in definition.read_text()
    assert f"\nworkflow: {name}\n" in story.read_text()
    checked = run("check", definition, story)
    assert checked.returncode == 0, checked.stdout
    assert "error" not in checked.stdout.replace("0 errors", "") and "warning" not in checked.stdout.replace("0 warnings", "")
    played = run("test", story)
    assert played.returncode == 0 and played.stdout.endswith("1 passed, 0 failed\n"), played.stdout
    assert len([line for line in definition.read_text().splitlines() if "#" in line]) > 25


def test_the_languages_differ_in_words_alone(tmp_path):
    for language in ("zh", "en"):
        (tmp_path / f"{language}.yaml").write_text(run("new", "permit", "--lang", language).stdout)
    told = run("diff", tmp_path / "zh.yaml", tmp_path / "en.yaml")
    assert [line for line in told.stdout.splitlines() if line.startswith("  - ")] == [
        "  - the legal basis “某法 第几条” became “Law of …, article …”"]


def test_the_language_follows_the_environment():
    assert "起点" in run("new", "permit", LC_ALL="zh_CN.UTF-8").stdout
    assert "can be deployed" in run("new", "permit").stdout
    assert "can be deployed" in run("new", "permit", "--lang", "en", LC_ALL="zh_CN.UTF-8").stdout


@pytest.mark.parametrize("words", [[], ["a", "b"], ["Permit"], ["1st"], ["许可"], ["a b"], [""], ["a" * 65],
                                   ["permit", "--lang", "fr"]])
def test_wrong_calls(words):
    done = run("new", *words)
    assert done.returncode == 2 and done.stdout == "" and done.stderr


def test_without_the_shipped_files(tmp_path):
    assert run("new", "permit", LIANDONG_SHARE=str(tmp_path)).returncode == 3
