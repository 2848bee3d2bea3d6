import pytest

from harness import command


@pytest.fixture
def folder(tmp_path):
    """An initialised data folder with two partitions."""
    path = tmp_path / "data"
    command("init", path)
    return path
