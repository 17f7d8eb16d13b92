"""The table, the goals and where they are written."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.bench.figures import median
from tests.bench.lines import flat, goal, heading, table

Results = list[dict[str, Any]]
HEAVIEST = 150  # kilobytes of a page
GOALS_MACHINE = 1_560  # bare creations a second, one client, where the goals in absolute time were set


def write(results: Results, machine: dict[str, Any], folder: Path, stamp: str) -> str:
    """Write JSON and text as `stamp` and as `latest`; the text."""
    folder.mkdir(parents=True, exist_ok=True)
    text = render(results, machine)
    data = json.dumps({"machine": machine, "results": results, "goals": list(goals(results))}, indent=2)
    for name in (stamp, "latest"):
        (folder / f"{name}.json").write_text(data)
        (folder / f"{name}.txt").write_text(text)
    return text


def merged(earlier: Results, results: Results) -> Results:
    """Both by database and size; of what was measured twice the later."""
    known: dict[tuple[str, int], dict[str, Any]] = {}
    for found in [*earlier, *results]:
        key = (found["database"], found["size"])
        known[key] = known.get(key, {}) | found
    return [known[key] for key in sorted(known)]


def render(results: Results, machine: dict[str, Any]) -> str:
    """Text: the machine, a line for each measurement, the goals, what failed, what took how long."""
    load = ", ".join(f"{one:.1f}" for one in machine["load"])
    lines = [f"{machine['cores']} cores, Python {machine['python']}, load {load}"]
    if known := speed(results):
        lines.append(
            f"Bare creation here: {known:,.0f} a second. Goals in absolute time were set at {GOALS_MACHINE:,}: what is "
            f'in brackets is the time found here times {known / GOALS_MACHINE:.2f}, and "goal here" the goal times '
            f"{GOALS_MACHINE / known:.2f}: hints and no measurement."
        )
    lines += ["", heading()]
    before: dict[str, dict[str, Any]] = {}
    for found in results:
        lines += table(found, before.get(found["database"]), GOALS_MACHINE / known if known else 0.0)
        before[found["database"]] = found
    lines += [
        "",
        "growth: p50 over that of the size before. cold: of a database with empty caches. CPU: of the server, or of "
        "our process where it asks by itself. SQL: how many statements a page asks; SQL p50: what they take alone, "
        "every row fetched. kB: of the page before it is packed.",
        *_notes(results),
    ]
    lines += ["", "Goals"]
    for one in goals(results):
        hint = f"  [{one['found'] * known / GOALS_MACHINE:,.1f}]" if known and one["in_time"] else ""
        lines.append(f"  {'holds ' if one['holds'] else 'misses'}  {one['goal']:<76} {one['found']}{hint}")
    errors = [(f["database"], f["size"], k, v["error"]) for f in results for k, v in f.items() if _failed(v)]
    errors += [(f["database"], f["size"], "the run", f["error"]) for f in results if "error" in f]
    lines += ["", "Failed"] if errors else []
    lines += [f"  {database} {size:,} {name}: {error}" for database, size, name, error in errors]
    lines += ["", *(f"{f['database']}, {f['size']:,}: {f.get('seconds', 0):,} s in all" for f in results)]
    return "\n".join(lines) + "\n"


def _notes(results: Results) -> Iterator[str]:
    """What was written beside what is measured: search texts by triggers, rows of inboxes."""
    for found in results:
        where = f"{found['database']}, {found['size']:,}"
        if kept := found.get("create", {}).get("search"):
            yield (
                f"{where}: {kept['complaints']:,} complaints filed with {kept['triggers']} search triggers at work, "
                f"{kept['unfound']:,} not to be found; bare fires the same triggers."
            )
        if texts := found.get("load", {}).get("whole", {}).get("search_texts"):
            yield f"{where}: loaded with {texts:,} search texts among the rows; bare copies them too."
        if written := found.get("sweep", {}).get("written"):
            yield f"{where}: swept " + ", ".join(f"{count:,} {what}" for what, count in written.items()) + "."


def speed(results: Results) -> float:
    """Bare creations a second with one client, the median of all sizes; 0 when not measured."""
    found = [run.get("create", {}).get("c1", {}).get("bare_per_second") for run in results]
    return median([one for one in found if one])


def goals(results: Results) -> Iterator[dict[str, Any]]:
    """Each goal of the project that these results can answer. Times hold on an idle machine only."""
    known = {(found["database"], found["size"]): found for found in results}
    sizes = sorted({size for _database, size in known})
    largest = {d: known[d, s] for s in sizes for d in ("postgresql", "sqlite") if (d, s) in known}
    for size in sizes:
        yield from _load(known.get(("postgresql", size), {}), f"PostgreSQL, {size:,}: ")
    for size in sizes:
        yield from _creation(known.get(("postgresql", size), {}), f"PostgreSQL, {size:,}: ")
    for database, found in largest.items():
        yield from _pages(found, f"{database}, {found['size']:,}: ")
        yield from _search(found, f"{database}, {found['size']:,}: ")
    yield from _growth(known)
    yield from _sweeps(largest.get("postgresql", {}))
    yield from _figures(largest.get("postgresql", {}))
    yield from _time(largest.get("postgresql", {}))
    for size in sizes:
        yield from _sqlite(known.get(("postgresql", size), {}), known.get(("sqlite", size), {}), f"SQLite, {size:,}: ")


def _load(found: dict[str, Any], where: str) -> Iterator[dict[str, Any]]:
    whole, most = found.get("load", {}).get("whole"), {100_000: 20, 1_000_000: 180}.get(found.get("size", 0))
    if whole and most:
        yield _goal(
            f"{where}complaints with children loaded within {most} s", whole["seconds"], most=most, in_time=True
        )


def _creation(found: dict[str, Any], where: str) -> Iterator[dict[str, Any]]:
    create = found.get("create", {})
    if "c1" in create and "c8" in create:
        yield _goal(f"{where}creation c=1 at least 0.14 of bare", create["c1"]["ratio"], least=0.14)
        yield _goal(f"{where}creation c=8 at least 0.17 of bare", create["c8"]["ratio"], least=0.17)
        yield _goal(f"{where}creation at most 7 round trips", create["count"]["round_trips"], most=7)
        yield _goal(f"{where}creation at most 3 ms of CPU", create["c1"]["cpu_ms"], most=3, in_time=True)


def _pages(found: dict[str, Any], where: str) -> Iterator[dict[str, Any]]:
    for page in ("queue", "case"):
        for who, figures in found.get(page, {}).items():
            if isinstance(figures, dict) and "p50_ms" in figures:
                yield _in_time(f"{page} as {who}", figures, where)
                yield _goal(f"{where}{page} as {who} under {HEAVIEST} kB", figures["kilobytes"], most=HEAVIEST)


def _search(found: dict[str, Any], where: str) -> Iterator[dict[str, Any]]:
    for name, figures in found.get("search", {}).items():
        if isinstance(figures, dict) and "p50_ms" in figures:
            yield _in_time(f"search {name}", figures, where)
            yield _goal(f"{where}search {name} under {HEAVIEST} kB", figures["kilobytes"], most=HEAVIEST)


def _growth(known: dict[tuple[str, int], dict[str, Any]]) -> Iterator[dict[str, Any]]:
    small, large = (known.get(("postgresql", size), {}).get("queue", {}) for size in (100_000, 1_000_000))
    for who, figures in small.items():
        if isinstance(figures, dict) and isinstance(large.get(who), dict):
            ratio = round(large[who]["p50_ms"] / figures["p50_ms"], 3)
            yield _goal(f"queue as {who} at 1,000,000 at most 1.15 of that at 100,000", ratio, most=1.15)


def _sweeps(found: dict[str, Any]) -> Iterator[dict[str, Any]]:
    sweep = found.get("sweep", {})
    if {"one", "two", "plan"} <= set(sweep):
        where = f"PostgreSQL, {sweep['running']:,} running: "
        yield _goal(f"{where}sweep by one worker at least 0.5 of bare", sweep["one"]["ratio"], least=0.5)
        yield _goal(f"{where}sweep by two workers at least 0.75 of bare", sweep["two"]["ratio"], least=0.75)
        longest = max(sweep["one"]["longest_batch_ms"], sweep["two"]["longest_batch_ms"])
        yield _goal(f"{where}longest batch at most 300 ms", longest, most=300, in_time=True)
        yield _in_time("idle sweep", sweep["idle"], where)
        yield _goal(f"{where}sweep reads the partial index", float("clock_next" in sweep["plan"]), least=1)


def _time(found: dict[str, Any]) -> Iterator[dict[str, Any]]:
    taken = found.get("time", {})
    for what in ("add", "between"):
        if f"{what} 9 years" in taken:
            ratio = round(taken[f"{what} 9 years"]["p50_us"] / taken[f"{what} 4 hours"]["p50_us"], 2)
            yield _goal(f"{what} over 9 years at most 1.5 of over 4 hours", ratio, most=1.5)


def _figures(found: dict[str, Any]) -> Iterator[dict[str, Any]]:
    taken = found.get("figures", {})
    where = f"PostgreSQL, {found.get('size', 0):,}: "
    for name in ("12 figures", "12 with medians", "retention 500,000 orders"):
        if name in taken:
            yield _in_time(name, taken[name], where)
    if "plan" in taken:
        yield _goal(f"{where}figures read the index alone", float("Index Only Scan" in taken["plan"]["text"]), least=1)


def _sqlite(postgresql: dict[str, Any], sqlite: dict[str, Any], where: str) -> Iterator[dict[str, Any]]:
    theirs, ours = dict(flat(postgresql)), dict(flat(sqlite))
    for name in ours:
        if name in theirs and name.startswith(("create c1", "queue as ", "case as ", "search ")):
            ratio = round(ours[name]["p50_ms"] / theirs[name]["p50_ms"], 2)
            yield _goal(f"{where}{name} at most 1.3 of PostgreSQL", ratio, most=1.3)
    if "create c8" in ours:
        yield _goal(f"{where}creation c=8 without a locked error", ours["create c8"]["failures"], most=0)


def _in_time(name: str, figures: dict[str, Any], where: str) -> dict[str, Any]:
    most = goal(name)
    assert most is not None, name
    return _goal(f"{where}{name} at most {most} ms", figures["p50_ms"], most=most, in_time=True)


def _goal(
    goal: str, found: float, *, least: float | None = None, most: float | None = None, in_time: bool = False
) -> dict[str, Any]:
    """`in_time`: stated in absolute time, so that the machine counts."""
    holds = (least is None or found >= least) and (most is None or found <= most)
    return {"goal": goal, "found": found, "holds": holds, "in_time": in_time}


def _failed(value: Any) -> bool:
    return isinstance(value, dict) and "error" in value
