"""Promises, remedies, first contact and reopening again, slow and obvious. See `oracle`."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import Any

from metrics.figures import Scope
from tests.figures.oracle_rows import fits, in_period, is_resolved, percent, received, sees
from tests.figures.world import World

STRENGTH = (
    ("refund", ("refund",)),
    ("replacement", ("replacement",)),
    ("credit", ("credit", "discount", "points")),
    ("other", ("other",)),
    ("apology", ("apology",)),
)


def hangs_on(one: Any, world: World, scope: Scope, filters: dict[str, str]) -> bool:
    """On a complaint that was received in the period, merged or not."""
    case = one.complaint
    return (
        case.kind == "complaint"
        and not case.is_quarantined
        and sees(scope.viewer, case, world)
        and in_period(case.received_at, scope)
        and fits(case, filters)
    )


def state(one: Any, scope: Scope) -> str:
    """kept, broken, open, or "" for what counts in none of them."""
    at = scope.as_of
    was_settled = one.settled_at is not None and (not scope.as_of_given or one.settled_at <= at)
    if one.due_at < at:
        if one.broken_at is not None or one.settled_at is None or one.settled_at > one.due_at:
            return "broken"
    elif not was_settled:
        return "open" if one.made_at <= at or not scope.as_of_given else ""
    if not was_settled or one.broken_at is not None:
        return ""
    return "kept" if one.settled_as == "kept" else ""


def promises(world: World, scope: Scope) -> dict[str, list[Any]]:
    own = {name: value for name, value in scope.filters.items() if name != "owner"}
    found: dict[str, list[Any]] = defaultdict(list)
    for one in world.promises:
        if hangs_on(one, world, scope, own) and scope.filters.get("owner", str(one.owner_id)) == str(one.owner_id):
            found[state(one, scope)].append(one)
    return found


def promises_kept(world: World, scope: Scope) -> tuple[float | None, int]:
    found = promises(world, scope)
    n = len(found["kept"]) + len(found["broken"])
    return percent(len(found["kept"]), n), n


def is_granted(one: Any, scope: Scope) -> bool:
    if not scope.as_of_given:
        return bool(one.status == "granted")
    if one.status not in ("granted", "revoked") or one.decided_at > scope.as_of:
        return False
    return one.status == "granted" or one.undone_at > scope.as_of


def paid_in(one: Any) -> str:
    return "points" if one.kind == "points" else str(one.currency)


def remedies(world: World, scope: Scope) -> list[Any]:
    asked = dict(scope.filters)
    kind, currency, authority = (asked.pop(name, None) for name in ("remedy_kind", "currency", "authority"))
    return [
        one
        for one in world.remedies
        if is_granted(one, scope)
        and hangs_on(one, world, scope, asked)
        and kind in (None, one.kind)
        and currency in (None, paid_in(one) or "-")
        and authority in (None, "within_authority" if one.within_authority else "approved")
    ]


def sums(rows: list[Any]) -> dict[str, Decimal]:
    found: dict[str, Decimal] = defaultdict(Decimal)
    for one in rows:
        if one.amount is not None:
            found[paid_in(one)] += one.amount
    return dict(found)


def remedies_granted(world: World, scope: Scope) -> tuple[dict[str, float], int]:
    rows = remedies(world, scope)
    return {name: float(total) for name, total in sums(rows).items()}, len(rows)


def given(world: World, complaint: Any, scope: Scope) -> str:
    """The strongest remedy of a complaint."""
    kinds = {one.kind for one in world.remedies if one.complaint_id == complaint.pk and is_granted(one, scope)}
    return next((name for name, those in STRENGTH if kinds & set(those)), "none")


def promised(world: World, complaint: Any, scope: Scope) -> str:
    states = {state(one, scope) for one in world.promises if one.complaint_id == complaint.pk}
    return "broken" if "broken" in states else "kept" if "kept" in states else "none"


def turns(world: World, complaint: Any, scope: Scope, *kinds: str) -> list[Any]:
    return [
        one
        for one in world.entries
        if one.subject_kind == "complaint"
        and one.subject_id == complaint.pk
        and one.kind in kinds
        and (not scope.as_of_given or one.at <= scope.as_of)
    ]


def first_contact_resolution(world: World, scope: Scope) -> tuple[float | None, int]:
    rows = [one for one in received(world, scope) if is_resolved(one, scope) and not one.is_history]
    hits = 0
    for one in rows:
        done = one.resolved_at or one.closed_at
        wrote = moved = again = False
        if done is not None:
            wrote = any(m.complaint_id == one.pk and m.direction == "in" and m.at <= done for m in world.messages)
            again = any(c.merged_into_id == one.pk and c.received_at <= done for c in world.complaints)
            new_owner = turns(world, one, scope, "complaint.assigned", "complaint.handed_over")
            moved = any(entry.at <= done for entry in new_owner)
        hits += not (wrote or again or moved or turns(world, one, scope, "complaint.reopened"))
    return percent(hits, len(rows)), len(rows)


def reopen_rate(world: World, scope: Scope) -> tuple[float | None, int]:
    rows, hits = 0, 0
    for one in received(world, scope):
        resolved = turns(world, one, scope, "complaint.resolved")
        if one.is_history or not (resolved or is_resolved(one, scope)):
            continue
        rows += 1
        again = turns(world, one, scope, "complaint.reopened")
        hits += any(entry.seq > before.seq for entry in again for before in resolved)
    return percent(hits, rows), rows
