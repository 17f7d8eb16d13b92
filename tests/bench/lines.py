"""A line of text for each measurement."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

COLUMNS = {
    "rows": "rows", "per_second": "a second", "p50_us": "p50 us", "p50_ms": "p50 ms", "p95_ms": "p95 ms",
    "cold_ms": "cold ms",
    "sql": "SQL", "round_trips": "trips", "cpu_ms": "CPU ms", "bare_per_second": "bare/s", "ratio": "of bare",
    "growth": "growth", "failures": "failed",
}  # fmt: skip
NAME, CELL = 30, 10


def heading() -> str:
    return f"{'':<{21 + NAME}}" + "".join(f"{title:>{CELL}}" for title in COLUMNS.values())


def table(found: dict[str, Any], before: dict[str, Any] | None = None) -> Iterator[str]:
    """The lines of one run; `before`: the run with fewer complaints, to state the growth since."""
    earlier = dict(flat(before)) if before else {}
    for name, figures in flat(found):
        small = earlier.get(name, {}).get("p50_ms")
        if small and figures.get("p50_ms"):
            figures = {**figures, "growth": round(figures["p50_ms"] / small, 2)}
        cells = "".join(f"{_cell(figures.get(column)):>{CELL}}" for column in COLUMNS)
        yield f"{found['database']:<11}{found['size']:>9,} {name[:NAME]:<{NAME}}{cells}"


def flat(found: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The measurements of one run by name; the counts of creation stand with each of its lines."""
    for what in ("load", "seed"):
        if "whole" in found.get(what, {}):
            yield what, found[what]["whole"]
    for page in ("queue", "case", "dashboard"):
        for who, figures in found.get(page, {}).items():
            if isinstance(figures, dict):
                yield f"{page} {who}" if page == "dashboard" else f"{page} as {who}", figures
    for name, figures in found.get("search", {}).items():
        if isinstance(figures, dict):
            yield f"search {name}", figures
    for name, figures in found.get("figures", {}).items():
        if isinstance(figures, dict) and "p50_ms" in figures:
            yield name, figures
    for what in ("time", "edit"):
        for name, figures in found.get(what, {}).items():
            if isinstance(figures, dict):
                yield name, figures
    create = found.get("create", {})
    for clients in ("c1", "c8"):
        if clients in create:
            yield f"create {clients}", {**create.get("count", {}), **create[clients]}
    sweep = found.get("sweep", {})
    for who in ("idle", "one", "two", "four", "bare"):
        if who in sweep:
            name = {"idle": "idle sweep", "bare": "sweep bare"}.get(who, f"sweep, {who} worker{'s' * (who != 'one')}")
            yield name, {**sweep[who], "p50_ms": sweep[who].get("p50_ms", sweep[who].get("p50_batch_ms"))}


def _cell(value: Any) -> str:
    return "" if value is None else f"{value:,}"
