"""What tools/setup.sh takes for missing: a package that dpkg does not know, except where the line names
a command that is there from elsewhere. dpkg-query is a stand-in; nothing is installed.
"""
import os
import pathlib
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
