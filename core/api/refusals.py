"""Which codes a handler may refuse with: what it and the actions it calls name of refusals with 409.

Follows names through our own functions, as they are compiled. What is looked up in a table while it runs stays unseen,
and what a caller catches is named all the same, so it is a help to the reader of the document and no promise.
"""

from __future__ import annotations

import dis
import inspect
from collections.abc import Iterable, Iterator
from functools import cache
from types import CodeType, FunctionType, ModuleType
from typing import Any, cast

from core.api.words.codes import codes
from core.errors import DomainError

OURS = ("core", "complaints", "retention", "metrics")
CONFLICT = 409


def codes_of(view: type, method: str) -> list[str]:
    """Sorted. Half a second for all handlers together."""
    waiting, met, found = [getattr(view, method.lower())], set[FunctionType](), set[str]()
    while waiting:
        function = cast(FunctionType, inspect.unwrap(waiting.pop()))
        if function not in met:
            met.add(function)
            named = _named(function)
            if getattr(view, function.__name__, None) is function:
                named = [*named, *_attributes(view, function)]
            found |= _codes_in(function, named)
            waiting += [one for one in named if _is_ours(one)]
    return sorted(found)


def _codes_in(function: FunctionType, named: Iterable[Any]) -> set[str]:
    refusals = [one for one in named if isinstance(one, type) and issubclass(one, DomainError)]
    found = {one.code for one in refusals if one.status == CONFLICT and one is not DomainError}
    literals = {const for code in _compiled(function.__code__) for const in code.co_consts if type(const) in (str, int)}
    if DomainError in refusals or CONFLICT in literals:
        found |= {str(one) for one in literals if one in codes() and str(CONFLICT) in codes()[str(one)].status}
    return found


@cache
def _named(function: FunctionType) -> list[Any]:
    """What the names in a function stand for: of its module, and behind a module's name and a dot."""
    known, found = function.__globals__, []
    for before, name in _names(function):
        if before is None:
            found.append(known.get(name))
        elif isinstance(module := known.get(before), ModuleType) and module.__name__.partition(".")[0] in OURS:
            found.append(getattr(module, name, None))
    return found


def _attributes(view: type, function: FunctionType) -> list[Any]:
    """What `self` has of the view."""
    return [getattr(view, name, None) for before, name in _names(function) if before in ("self", "cls")]


def _is_ours(found: Any) -> bool:
    plain = inspect.unwrap(found) if callable(found) and not isinstance(found, type) else None
    return isinstance(plain, FunctionType) and plain.__module__.partition(".")[0] in OURS


@cache
def _names(function: FunctionType) -> list[tuple[str | None, str]]:
    """Each name that is read, and each attribute with the name before its dot."""
    found: list[tuple[str | None, str]] = []
    for code in _compiled(function.__code__):
        last = ""
        for step in dis.get_instructions(code):
            name = str(step.argval)
            if step.opname in ("LOAD_ATTR", "LOAD_METHOD"):
                found.append((last, name))
                last = ""
            elif step.opname.startswith(("LOAD_GLOBAL", "LOAD_FAST", "LOAD_DEREF")):  # later Pythons have variants
                found += [(None, name)] if step.opname == "LOAD_GLOBAL" else []
                last = step.argval[-1] if isinstance(step.argval, tuple) else name  # two in one step
    return found


def _compiled(code: CodeType) -> Iterator[CodeType]:
    """A function's code with that of the functions in it."""
    yield code
    for const in code.co_consts:
        if isinstance(const, CodeType):
            yield from _compiled(const)
