"""The table, the goals and where they are written."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Results = list[dict[str, Any]]
COLUMNS = ("per_second", "p50_ms", "p95_ms", "sql", "round_trips", "cpu_ms", "bare_per_second", "ratio", "failures")
TITLES = ("a second", "p50 ms", "p95 ms", "SQL", "trips", "CPU ms", "bare/s", "ratio", "failed")


def write(results: Results, machine: dict[str, Any], folder: Path) -> str:
    """Write JSON and text under a name with the time, and as `latest`; the text."""
    folder.mkdir(parents=True, exist_ok=True)
    text = render(results, machine)
    stamp = time.strftime("%Y%m%d-%H%M%S")
    data = json.dumps({"machine": machine, "results": results, "goals": list(goals(results))}, indent=2)
    for name in (stamp, "latest"):
        (folder / f"{name}.json").write_text(data)
        (folder / f"{name}.txt").write_text(text)
    return text


def render(results: Results, machine: dict[str, Any]) -> str:
    """Text: a line for each measurement, then the goals."""
    load = ", ".join(f"{one:.1f}" for one in machine["load"])
    lines = [f"{machine['cores']} cores, Python {machine['python']}, load {load}", ""]
    lines.append(f"{'':<44}" + "".join(f"{title:>10}" for title in TITLES))
    for found in results:
        for name, figures in flat(found):
            cells = "".join(f"{_cell(figures.get(column)):>10}" for column in COLUMNS)
            lines.append(f"{found['database']:<11}{found['size']:>9,}  {name:<22}{cells}")
    lines += ["", "Goals"]
    for goal in goals(results):
        lines.append(f"  {'holds ' if goal['holds'] else 'MISSED'}  {goal['goal']:<66} {goal['found']}")
    errors = [(f["database"], f["size"], k, v["error"]) for f in results for k, v in f.items() if _failed(v)]
    lines += ["", "Failed"] if errors else []
    lines += [f"  {database} {size:,} {name}: {error}" for database, size, name, error in errors]
    return "\n".join(lines) + "\n"


def flat(found: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The measurements of one run by name; the counts of creation stand with each of its lines."""
    create = found.get("create", {})
    for clients in ("c1", "c8"):
        if clients in create:
            yield f"create {clients}", {**create["count"], **create[clients]}
    for page in ("queue", "case", "dashboard"):
        for who, figures in found.get(page, {}).items():
            if isinstance(figures, dict):
                yield f"{page} as {who}", figures
    sweep = found.get("sweep", {})
    for who in ("idle", "one", "two", "bare"):
        if who in sweep:
            name = "idle sweep" if who == "idle" else f"sweep {sweep['due']:,} {who}"
            batch = {"p50_ms": sweep[who].get("p50_batch_ms"), "p95_ms": None}
            yield name, {**({} if who == "idle" else batch), **sweep[who]}
    for name, figures in found.get("figures", {}).items():
        if isinstance(figures, dict):
            yield name[:22], figures


def goals(results: Results) -> Iterator[dict[str, Any]]:
    """Each goal of the project that these results can answer. Times hold on an idle machine only."""
    known = {(found["database"], found["size"]): found for found in results}
    sizes = sorted({size for _database, size in known})
    largest = {d: known[d, s] for s in sizes for d in ("postgresql", "sqlite") if (d, s) in known}
    for size in sizes:
        yield from _creation(known.get(("postgresql", size), {}), f"PostgreSQL, {size:,}: ")
    for database, found in largest.items():
        yield from _pages(found, f"{database}, {found['size']:,}: ")
    yield from _growth(known)
    yield from _sweeps(largest.get("postgresql", {}))
    yield from _figures(largest.get("postgresql", {}))
    for size in sizes:
        yield from _sqlite(known.get(("postgresql", size), {}), known.get(("sqlite", size), {}), f"SQLite, {size:,}: ")


def _creation(found: dict[str, Any], where: str) -> Iterator[dict[str, Any]]:
    create = found.get("create", {})
    if "c1" in create:
        yield _goal(f"{where}creation c=1 at least 0.14 of bare", create["c1"]["ratio"], least=0.14)
        yield _goal(f"{where}creation c=8 at least 0.17 of bare", create["c8"]["ratio"], least=0.17)
        yield _goal(f"{where}creation at most 7 round trips", create["count"]["round_trips"], most=7)
        yield _goal(f"{where}creation at most 3 ms of CPU", create["c1"]["cpu_ms"], most=3)


def _pages(found: dict[str, Any], where: str) -> Iterator[dict[str, Any]]:
    for page in ("queue", "case"):
        for who, figures in found.get(page, {}).items():
            if isinstance(figures, dict):
                yield _goal(f"{where}{page} as {who} at most 15 ms", figures["p50_ms"], most=15)


def _growth(known: dict[tuple[str, int], dict[str, Any]]) -> Iterator[dict[str, Any]]:
    small, large = (known.get(("postgresql", size), {}).get("queue", {}) for size in (100_000, 1_000_000))
    for who, figures in (small or {}).items():
        if isinstance(figures, dict) and who in (large or {}):
            ratio = round(large[who]["p50_ms"] / figures["p50_ms"], 3)
            yield _goal(f"queue as {who} at 1,000,000 at most 1.15 of that at 100,000", ratio, most=1.15)


def _sweeps(found: dict[str, Any]) -> Iterator[dict[str, Any]]:
    sweep = found.get("sweep", {})
    if "one" in sweep:
        where = f"PostgreSQL, {sweep['running']:,} running: "
        yield _goal(f"{where}sweep by one worker at least 0.5 of bare", sweep["one"]["ratio"], least=0.5)
        yield _goal(f"{where}sweep by two workers at least 0.75 of bare", sweep["two"]["ratio"], least=0.75)
        longest = max(sweep["one"]["longest_batch_ms"], sweep["two"]["longest_batch_ms"])
        yield _goal(f"{where}longest batch at most 300 ms", longest, most=300)
        yield _goal(f"{where}idle sweep at most 1 ms", sweep["idle"]["p50_ms"], most=1)
        yield _goal(f"{where}sweep reads the partial index", float("clock_next" in sweep["plan"]), least=1)


def _figures(found: dict[str, Any]) -> Iterator[dict[str, Any]]:
    taken = found.get("figures", {})
    where = f"PostgreSQL, {found.get('size', 0):,}: "
    for name, most in (("12 figures", 60), ("12 with medians", 100), ("retention 500,000 orders", 250)):
        if name in taken:
            yield _goal(f"{where}{name} at most {most} ms", taken[name]["p50_ms"], most=most)
    if "plan" in taken:
        yield _goal(f"{where}figures read the index alone", float("Index Only Scan" in taken["plan"]), least=1)


def _sqlite(postgresql: dict[str, Any], sqlite: dict[str, Any], where: str) -> Iterator[dict[str, Any]]:
    theirs, ours = dict(flat(postgresql)), dict(flat(sqlite))
    for name in ("create c1", "queue as agent", "queue as manager", "case as owner"):
        if name in ours and name in theirs:
            ratio = round(ours[name]["p50_ms"] / theirs[name]["p50_ms"], 2)
            yield _goal(f"{where}{name} at most 1.3 of PostgreSQL", ratio, most=1.3)
    if "create c8" in ours:
        yield _goal(f"{where}creation c=8 without a locked error", ours["create c8"]["failures"], most=0)


def _goal(goal: str, found: float, *, least: float | None = None, most: float | None = None) -> dict[str, Any]:
    holds = (least is None or found >= least) and (most is None or found <= most)
    return {"goal": goal, "found": found, "holds": holds}


def _failed(value: Any) -> bool:
    return isinstance(value, dict) and "error" in value


def _cell(value: Any) -> str:
    return "" if value is None else f"{value:,}"
