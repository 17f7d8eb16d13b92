"""Ordered lists in settings: a row moves by two buttons, with htmx in place, without JavaScript by a reload."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render

from core.actor import Actor
from core.clock import now
from core.web.parts import Chip


@dataclass(slots=True)
class Ordered:
    """One row of `settings/_ordered.html`. `key` makes its ids; `level` 2 stands under the row of level 1 above it."""

    key: str
    name: str
    url: str
    move_url: str
    note: str = ""
    chips: Sequence[Chip] = ()
    result: str = ""
    level: int = 1
    number: int | None = None
    first: bool = False
    last: bool = False
    lang: str = ""


def mark_ends(rows: Sequence[Ordered]) -> Sequence[Ordered]:
    """Say which of neighbours on one level is the first and which the last."""
    if rows:
        rows[0].first = rows[-1].last = True
    return rows


def move(
    request: HttpRequest, run: Callable[..., Any], rows: Callable[[], Sequence[Ordered]], *, label: str, go: str
) -> HttpResponse:
    """Carry out `run(up=, by=, at=)` as the button says; htmx gets the list back, a plain browser the page."""
    run(up=request.POST.get("direction") != "down", by=Actor.of(request), at=now())
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "settings/_ordered.html", {"rows": rows(), "label": label})
    return HttpResponseRedirect(go)
