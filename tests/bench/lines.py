"""A line of text for each measurement."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

COLUMNS = {
    "rows": "rows", "per_second": "a second", "p50_us": "p50 us", "p50_ms": "p50 ms", "p95_ms": "p95 ms",
    "cold_ms": "cold ms",
    "sql": "SQL", "round_trips": "trips", "sql_ms": "SQL p50", "sql_p95_ms": "SQL p95", "kilobytes": "kB",
    "cpu_ms": "CPU ms", "goal_ms": "goal ms", "here_ms": "goal here", "bare_per_second": "bare/s", "ratio": "of bare",
    "growth": "growth", "failures": "failed",
}  # fmt: skip
NAME, CELL = 34, 10
GOALS_MS = {  # p50, where the goals were set (performance.md)
    "queue": 15, "case": 15, "search": 20, "idle sweep": 1, "12 figures": 60, "12 with medians": 100,
    "retention 500,000 orders": 250,
}  # fmt: skip


def heading() -> str:
    return f"{'':<{21 + NAME}}" + "".join(f"{title:>{CELL}}" for title in COLUMNS.values())


def goal(name: str) -> int | None:
    """Milliseconds the measurement of this name may take."""
    return GOALS_MS.get(name) or GOALS_MS.get(name.partition(" ")[0])


def table(found: dict[str, Any], before: dict[str, Any] | None = None, slower: float = 0.0) -> Iterator[str]:
    """The lines of one run; `before`: the run with fewer complaints, to state the growth since; `slower`: how many
    times slower this machine is than the one where the goals were set, 0 when that is not known."""
    earlier = dict(flat(before)) if before else {}
    for name, figures in flat(found):
        small = earlier.get(name, {}).get("p50_ms")
        if small and figures.get("p50_ms"):
            figures = {**figures, "growth": round(figures["p50_ms"] / small, 2)}
        if (most := goal(name)) and "p50_ms" in figures:
            figures = {**figures, "goal_ms": most, "here_ms": round(most * slower, 1) if slower else None}
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
    for name, figures in found.get("api", {}).items():
        if isinstance(figures, dict):
            yield f"API {name}", figures
    sweep = found.get("sweep", {})
    for who in ("idle", "one", "two", "four", "bare"):
        if who in sweep:
            name = {"idle": "idle sweep", "bare": "sweep bare"}.get(who, f"sweep, {who} worker{'s' * (who != 'one')}")
            yield name, {**sweep[who], "p50_ms": sweep[who].get("p50_ms", sweep[who].get("p50_batch_ms"))}


def _cell(value: Any) -> str:
    return "" if value is None else f"{value:,}"
