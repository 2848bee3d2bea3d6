"""What tools/setup.sh takes for missing: a package that dpkg does not know, except where the line names
a command that is there from elsewhere. dpkg-query is a stand-in; nothing is installed.
"""
import os
import pathlib
import shutil
import subprocess

SOURCE = pathlib.Path(os.environ["LIANDONG_SOURCE"])


def program(path, text):
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(0o755)


def missing(tmp_path, lines, installed=(), commands=()):
    """What is missing of these lines, on a machine with these packages and commands."""
    folder = tmp_path / "bin"
    folder.mkdir(exist_ok=True)
    tests = "".join(f'[ "$4" = {name} ] && printf "install ok installed"\n' for name in installed)
    program(folder / "dpkg-query", tests + "true\n")
    for name in commands:
        program(folder / name, "true\n")
    script = f'set -eu; PATH={folder}; . {SOURCE}/tools/setup.sh; missing_packages "$@"'
    done = subprocess.run(["/bin/bash", "-c", script, "setup", *lines], text=True, capture_output=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_a_package_that_is_not_installed_is_missing(tmp_path):
    assert missing(tmp_path, ["cmake", "ninja-build"], installed=["cmake"]) == ["ninja-build"]


def test_a_command_from_elsewhere_will_do(tmp_path):
    lines = ["nodejs|command:node", "npm|command:npm"]
    assert missing(tmp_path, lines) == ["nodejs", "npm"]
    assert missing(tmp_path, lines, installed=["nodejs"]) == ["npm"]
    assert missing(tmp_path, lines, commands=["node", "npm"]) == []


def test_the_list_names_each_package_once():
    lines = [line for line in (SOURCE / "tools/packages.txt").read_text().splitlines()
             if line and line[0] not in "#["]
    names = [line.split("|")[0] for line in lines]
    assert len(set(names)) == len(names)
    assert {"nodejs", "npm", "python3-jsonschema"} <= set(names)


def install_oracles(tmp_path, **programs):
    """tests/oracles/install on a machine with these programs beside the basic ones."""
    folder = tmp_path / "bin"
    folder.mkdir(exist_ok=True)
    for name in ("bash", "dirname", "mkdir", "flock", "cmp", "rm", "cp", "grep", "tail", "env"):
        (folder / name).symlink_to(shutil.which(name))
    for name, text in programs.items():
        program(folder / name, text)
    return subprocess.run([SOURCE / "tests/oracles/install", tmp_path / "oracles"], text=True, capture_output=True,
                          env={"PATH": str(folder)})


def test_oracles_that_cannot_be_had_are_a_failure_of_one_line(tmp_path):
    done = install_oracles(tmp_path, node="true\n")
    assert done.returncode == 1
    assert done.stderr == "cannot install the oracles: there is no npm on PATH (package npm)\n"


def test_a_network_that_is_not_there_is_named(tmp_path):
    done = install_oracles(tmp_path, node="true\n", npm="echo npm error network EAI_AGAIN >&2; exit 1\n")
    assert done.returncode == 1
    assert done.stderr == "cannot install the oracles: npm ci: npm error network EAI_AGAIN\n"
    assert not (tmp_path / "oracles/.installed").exists()


def test_what_is_installed_is_not_installed_again(tmp_path):
    assert install_oracles(tmp_path, node="true\n", npm="true\n").returncode == 0
    again = tmp_path / "again"
    again.mkdir()
    (tmp_path / "oracles").rename(again / "oracles")
    assert install_oracles(again, node="true\n", npm="exit 1\n").returncode == 0
