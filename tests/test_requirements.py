"""Requirements name exact versions, and those are the ones that these tests ran with."""

import re
from importlib.metadata import version

import pytest

from tests.conftest import ROOT

LINES = [
    (name, line)
    for name in ("requirements.txt", "requirements-dev.txt")
    for line in (ROOT / name).read_text().splitlines()
    if line and not line.startswith(("#", "-r "))
]


@pytest.mark.parametrize(("file", "line"), LINES, ids=[line for _, line in LINES])
def test_every_requirement_is_pinned_and_is_what_runs_here(file: str, line: str) -> None:
    pinned = re.fullmatch(r"([A-Za-z0-9_.-]+)==([A-Za-z0-9_.]+)", line)
    assert pinned, f"{file}: {line}"
    assert version(pinned[1]) == pinned[2]
