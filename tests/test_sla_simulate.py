"""The command `sla_simulate`: one line a case, only what the case asks for, honest exit codes (contract)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

ROOT = Path(__file__).resolve().parent.parent
FILE = ROOT / "tests" / "sla" / "cases.json"
CASES = json.loads(FILE.read_text())["cases"]


def simulate(document: object, tmp_path: Path) -> tuple[list[dict[str, Any]], int]:
    """Run the command on a document; return its lines and its exit code."""
    file = tmp_path / "cases.json"
    file.write_text(document if isinstance(document, str) else json.dumps(document))
    out, code = StringIO(), 0
    try:
        call_command("sla_simulate", str(file), stdout=out)
    except CommandError as refused:
        code = refused.returncode
    return [json.loads(line) for line in out.getvalue().splitlines()], code


def case(**fields: Any) -> dict[str, Any]:
    """A case without `expected`, with other fields than the first published one where given."""
    plain = {name: CASES[0][name] for name in ("calendar", "start", "target")}
    return {"id": "one", **plain, **fields}


@pytest.mark.parametrize("shape", ["document", "list"])
def test_every_published_case_is_answered_with_exactly_what_it_expects(shape: str, tmp_path: Path) -> None:
    lines, code = simulate({"schema": "sla-cases/1", "cases": CASES} if shape == "document" else CASES, tmp_path)
    assert lines == [{"id": case["id"], **case["expected"]} for case in CASES]
    assert code == 0


def test_a_single_case_is_answered_with_every_field_that_applies(tmp_path: Path) -> None:
    lines, code = simulate(case(), tmp_path)
    assert lines == [{"id": "one", "due_at": "2025-01-15T10:30:00Z", "due_local": "2025-01-15T11:30:00+01:00"}]
    assert code == 0
    target = CASES[0]["target"]
    full = case(
        as_of="2025-01-14T15:00:00Z", measure_to="2025-01-14T15:00:00Z", completed_at="2025-01-15T10:30:01Z",
        warnings=[{"percent": 75}],
        target_changes=[{"at": "2025-01-14T15:00:00Z", "target": target}],
    )  # fmt: skip
    assert simulate(full, tmp_path)[0] == [
        {
            "id": "one",
            "due_at": "2025-01-15T10:30:00Z",
            "due_local": "2025-01-15T11:30:00+01:00",
            "warn_at": ["2025-01-15T09:30:00Z"],
            "worked_at_as_of": 1800,
            "remaining_at_as_of": 12600,
            "worked_to_measure": 1800,
            "met": False,
            "breached_at": "2025-01-15T10:30:00Z",
            "worked_to_completion": 14401,
            "overrun_seconds": 1,
            "change_ignored_because_breached_or_done": False,
        }
    ]


def test_without_a_deadline_the_reason_applies(tmp_path: Path) -> None:
    lines, _ = simulate(case(pauses=[["2025-01-14T15:00:00Z", None]]), tmp_path)
    assert lines == [{"id": "one", "due_at": None, "due_local": None, "reason": "paused"}]


@pytest.mark.parametrize(
    ("code", "fields"),
    [
        ("unknown_zone", {"calendar": {"tz": "Mars/Olympus", "weekly": {}}}),
        ("bad_instant", {"start": "2025-01-14T14:30:00"}),
        ("bad_instant", {"start": "2025-02-30T14:30:00Z"}),
        ("bad_instant", {"as_of": 7}),
        ("out_of_range", {"start": "0001-01-01T00:00:00Z"}),
        ("bad_target", {"target": {"kind": "hours", "value": 4}}),
        ("bad_target", {"target": {"kind": ["hours"], "value": 4}}),
        ("bad_target", {"target": {"kind": "working_seconds", "value": "4"}}),
        ("bad_case", {"target": None}),
        ("bad_case", {"pauses": {}}),
        ("bad_case", {"warnings": ["75"]}),
        ("bad_pause", {"pauses": [["2025-01-14T15:00:00Z"]]}),
        ("bad_pause", {"pauses": [["2025-01-14T15:00:00Z", "2025-01-14T14:00:00Z"]]}),
        ("bad_warning", {"warnings": [{"percent": 75.5}]}),
        ("bad_mode", {"reopen_mode": "again"}),
        (
            "bad_mode",
            {"calendar_edits": [{"at": "2025-01-14T15:00:00Z", "mode": [], "calendar": {"tz": "UTC"}}]},
        ),
        ("bad_expected", {"expected": []}),
        ("unknown_output", {"expected": {"due": None}}),
    ],
)
def test_a_bad_case_gets_a_line_and_the_others_their_answer(code: str, fields: dict[str, Any], tmp_path: Path) -> None:
    lines, exit_code = simulate([case(), case(id="bad", **fields), case()], tmp_path)
    assert [line["id"] for line in lines] == ["one", "bad", "one"]
    assert lines[1]["error"]["code"] == code
    assert lines[1]["error"]["message"]
    assert "due_at" in lines[2]
    assert exit_code == 1


def test_what_is_no_case_at_all_gets_a_line_too(tmp_path: Path) -> None:
    lines, code = simulate([7, {"id": "empty"}], tmp_path)
    assert [(line["id"], line["error"]["code"]) for line in lines] == [
        (None, "bad_case"),
        ("empty", "bad_case"),
    ]
    assert code == 1


@pytest.mark.parametrize(
    "document", ["", "{", "7", '"S01"', "[" * 100_000, '{"cases": 7}', '{"schema": "x", "cases": []}']
)
def test_a_file_of_no_use_is_refused(document: str, tmp_path: Path) -> None:
    assert simulate(document, tmp_path) == ([], 2)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CommandError) as refused:
        call_command("sla_simulate", str(tmp_path / "nowhere.json"), stdout=StringIO())
    assert refused.value.returncode == 2


def test_the_shell_sees_the_exit_code(tmp_path: Path) -> None:
    """Through manage.py itself, without a database; the lines alone are on standard output."""
    environ = {
        **os.environ,
        "DATABASE_URL": f"sqlite:///{tmp_path}/never-made.sqlite3",
        "SECRET_KEY": "for-this-test",
    }
    environ["VAR_DIR"] = str(tmp_path)
    document = json.dumps([case(), {"id": "bad"}])
    done = subprocess.run(
        [sys.executable, "manage.py", "sla_simulate", "-"],
        cwd=ROOT, env=environ, input=document, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert [json.loads(line)["id"] for line in done.stdout.splitlines()] == ["one", "bad"]
    assert not (tmp_path / "never-made.sqlite3").exists()
