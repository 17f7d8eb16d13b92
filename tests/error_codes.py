"""Which codes of errors the source holds, read from it: of what is raised, refused or noted on a field."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.conftest import ROOT

APPS = ("core", "complaints", "retention", "metrics")
# Forms, the command line and the demo answer people; what only they refuse with never leaves through the API.
ELSEWHERE = {"web", "management", "migrations", "demo", "sla_cases.py", "holiday_files.py", "working_time.py"}
SECOND = {"Refusal", "respond", "FieldError", "bad_parameter"}  # calls with the code as second argument
FIRST = {"BadValue", "InstantError", "CalendarError", "SourceError", "fail"}
CODE = re.compile(r"[a-z][a-z_0-9]*")


def literal(node: ast.expr | None) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def modules() -> Iterator[Path]:
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*.py")):
            if not ELSEWHERE & set(path.relative_to(ROOT).parts):
                yield path


def in_calls(path: Path) -> Iterator[tuple[str, str]]:
    """Each code that stands in a call, with where."""
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        given = [keyword.value for keyword in node.keywords if keyword.arg == "code"]
        is_second = name in SECOND or (name == "_refuse" and path.name == "asking.py")
        given += node.args[1:2] if is_second else node.args[:1] if name in FIRST else []
        for found in given:
            if CODE.fullmatch(literal(found)):
                yield literal(found), f"{path.relative_to(ROOT)}:{node.lineno}"


def of_classes() -> Iterator[tuple[str, str]]:
    """The code of each kind of DomainError, with where it stands."""
    known: dict[str, tuple[set[str], str, str]] = {}  # path:name -> names of its bases, code, place
    for path in modules():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef):
                bases = {getattr(base, "attr", getattr(base, "id", "")) for base in node.bases}
                place = f"{path.relative_to(ROOT)}:{node.lineno}"
                known[f"{path}:{node.name}"] = (bases, _code_of(node), place)
    refusals = more = {"DomainError"}
    while more:
        more = {key.rpartition(":")[2] for key, (bases, *_rest) in known.items() if bases & refusals} - refusals
        refusals |= more
    yield from ((code, place) for bases, code, place in known.values() if code and bases & refusals)


def _code_of(node: ast.ClassDef) -> str:
    for line in node.body:
        if isinstance(line, ast.Assign) and getattr(line.targets[0], "id", "") == "code":
            return literal(line.value)
    return ""


def in_source() -> dict[str, str]:
    """Every code with one place where it comes from."""
    found = dict(of_classes())
    for path in modules():
        found |= dict(in_calls(path))
    return found
