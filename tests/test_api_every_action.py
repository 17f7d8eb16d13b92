"""Every action has a route (house.md: one path): what the browser can do, an integration can do too.

Static: which functions of `*/actions/*.py` are reached from `*/api/*.py`, by name through the imports, directly or
through another function. What has no route stands below with its reason.
"""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

from tests.conftest import ROOT

APPS = ("core", "retention", "complaints", "metrics")
COMPLAINANT = "the complainant's own door, opened by a signed link: there is no token there"
WITHOUT_ROUTE = {
    "complaints.actions.public.accept_once": COMPLAINANT,
    "complaints.actions.public.answer_once": COMPLAINANT,
    "complaints.actions.public.file_once": COMPLAINANT,
    "metrics.actions.answer.answer": COMPLAINANT,
    "metrics.actions.opt_out.set_wanted": COMPLAINANT,
    "complaints.actions.pending.reply": "waits for the eyes of who wrote it; `messages` sends, or at `send_at`",
    "complaints.actions.playbooks.begin_draft": "PUT draft makes it with all its steps",
    "complaints.actions.playbooks.put_step": "PUT draft writes all steps at once",
    "complaints.actions.playbooks.move_step": "PUT draft writes all steps at once",
    "complaints.actions.playbooks.remove_step": "PUT draft writes all steps at once",
    "core.actions.account.change_password": "asks for the old one and ends the other sessions; tokens have no password",
}


def test_every_action_has_a_route() -> None:
    known = actions()
    assert len(known) > 250, "the actions were not found"
    missing = sorted(known - reached())
    assert not [name for name in missing if name not in WITHOUT_ROUTE], "no view of the API calls these"


@pytest.mark.parametrize("name", sorted(WITHOUT_ROUTE))
def test_what_needs_no_route_exists_and_has_none(name: str) -> None:
    assert name in actions()
    assert name not in reached()


@cache
def actions() -> frozenset[str]:
    """Public functions of the action modules that take `by`."""
    found = set()
    for path in ROOT.glob("*/actions/*.py"):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                arguments = {one.arg for one in (*node.args.args, *node.args.kwonlyargs)}
                if "by" in arguments:
                    found.add(f"{_module(path)}.{node.name}")
    return frozenset(found)


@cache
def reached() -> frozenset[str]:
    """Every function, class and module that a view of the API leads to."""
    graph: dict[str, set[str]] = {}
    for app in APPS:
        for path in (ROOT / app).rglob("*.py"):
            if "migrations" not in path.parts:
                graph.update(_references(path))
    waiting, seen = [name for name in graph if ".api." in name], set()
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += [known for other in graph[name] if (known := _longest(other, graph)) is not None]
    return frozenset(seen)


def _longest(name: str, graph: dict[str, set[str]]) -> str | None:
    """The function, class or module that a dotted name means."""
    while name and name not in graph:
        name = name.rpartition(".")[0]
    return name or None


def _references(path: Path) -> dict[str, set[str]]:
    """What each function and class of a module names; the module itself what stands outside of them."""
    tree, module = ast.parse(path.read_text()), _module(path)
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            names |= {one.asname or one.name: f"{node.module}.{one.name}" for one in node.names}
    definitions = (ast.FunctionDef, ast.ClassDef)
    names |= {node.name: f"{module}.{node.name}" for node in tree.body if isinstance(node, definitions)}
    found: dict[str, set[str]] = {module: set()}
    if ".api." not in module:  # what is imported from elsewhere may be called by this module's name for it
        found |= {f"{module}.{name}": {target} for name, target in names.items() if target != f"{module}.{name}"}
    for node in tree.body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            continue
        own = found.setdefault(f"{module}.{node.name}" if isinstance(node, definitions) else module, set())
        for part in ast.walk(node):
            if dotted := _dotted(part, names):
                own.add(dotted)
    return found


def _dotted(node: ast.AST, names: dict[str, str]) -> str:
    """`actions.change` as `complaints.actions.catalogue.change`; blank for what is no imported or own name."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([names[node.id], *reversed(parts)]) if isinstance(node, ast.Name) and node.id in names else ""


def _module(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)
