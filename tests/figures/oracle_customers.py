"""The figures of customers again, slow and obvious: answers, stays, purchases, recovery. See `oracle`."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, timedelta
from typing import Any

from metrics.figures import Scope
from tests.figures import oracle_amends
from tests.figures.oracle_rows import counts, fits, in_period, local, percent, received, sees
from tests.figures.world import World


def answers(world: World, scope: Scope, kind: str) -> list[Any]:
    found = []
    for one in world.responses:
        if one.kind != kind or one.score is None or not in_period(one.answered_at, scope):
            continue
        if scope.as_of_given and one.answered_at and one.answered_at > scope.as_of:
            continue
        mine = one.complaint is not None and sees(scope.viewer, one.complaint, world)
        if not (scope.viewer.is_manager or mine):
            continue
        if "source" in scope.filters and one.source != scope.filters["source"]:
            continue
        others = {name: value for name, value in scope.filters.items() if name != "source"}
        if "tier" in others and (one.customer.tier if one.customer else "") != others["tier"]:
            continue
        found.append(one)
    return found


def nps(world: World, scope: Scope) -> tuple[float | None, int]:
    scores = [one.score for one in answers(world, scope, "nps")]
    happy, unhappy = sum(1 for s in scores if s > 8), sum(1 for s in scores if s < 7)
    return percent(happy - unhappy, len(scores)), len(scores)


def csat(world: World, scope: Scope) -> tuple[float | None, int]:
    scores = [one.score for one in answers(world, scope, "csat")]
    return percent(sum(1 for s in scores if s in (4, 5)), len(scores)), len(scores)


def ces(world: World, scope: Scope) -> tuple[float | None, int]:
    scores = [one.score for one in answers(world, scope, "ces")]
    return (sum(scores) / len(scores) if scores else None), len(scores)


def response_rate(world: World, scope: Scope) -> tuple[float | None, int]:
    answered = {
        one.invitation_id
        for one in world.responses
        if one.invitation_id
        and one.score is not None
        and (not scope.as_of_given or (one.answered_at and one.answered_at <= scope.as_of))
    }
    rows = [
        one
        for one in world.invitations
        if one.sent_at and in_period(one.sent_at, scope) and sees(scope.viewer, one.complaint, world)
    ]
    return percent(sum(1 for one in rows if one.pk in answered), len(rows)), len(rows)


def stays(world: World, scope: Scope) -> list[Any]:
    return [
        one
        for one in world.tenures
        if one.customer.merged_into_id is None
        and ("tier" not in scope.filters or one.customer.tier == scope.filters["tier"])
        and ("source" not in scope.filters or one.source == scope.filters["source"])
    ]


def is_open(stay: Any, day: date) -> bool:
    """When the day begins."""
    return (stay.joined_on is None or stay.joined_on < day) and (stay.left_on is None or stay.left_on >= day)


def retention_rate(world: World, scope: Scope) -> tuple[float | None, int]:
    if scope.basis in ("purchases", "strict"):
        return _retention_by_purchases(world, scope)
    until = scope.until or scope.as_of_day
    mine = defaultdict(list)
    for one in stays(world, scope):
        mine[one.customer_id].append(one)
    start, end, new = set(), set(), set()
    for customer, all_stays in mine.items():
        if scope.since and any(is_open(one, scope.since) for one in all_stays):
            start.add(customer)
        if any(is_open(one, until + timedelta(days=1)) for one in all_stays):
            end.add(customer)
            first = min((one.joined_on or date.min) for one in all_stays)
            if (scope.since is None or first >= scope.since) and first <= until:
                new.add(customer)
    return percent(len(end) - len(new), len(start)), len(start | end)


def valid(world: World, scope: Scope) -> list[Any]:
    return [
        one
        for one in world.purchases
        if one.is_valid
        and one.customer.merged_into_id is None
        and ("tier" not in scope.filters or one.customer.tier == scope.filters["tier"])
        and ("source" not in scope.filters or one.source == scope.filters["source"])
    ]


def _retention_by_purchases(world: World, scope: Scope) -> tuple[float | None, int]:
    rows = valid(world, scope)
    end = {one.customer_id for one in rows if in_period(one.purchased_at, scope)}
    if scope.since is None and scope.until is not None:
        end = {one.customer_id for one in rows if local(one.purchased_at, scope) <= scope.until}
    start: set[int] = set()
    if scope.since and scope.until:
        earlier = scope.previous()
        start = {one.customer_id for one in rows if in_period(one.purchased_at, earlier)}
    first = {}
    for one in rows:
        first[one.customer_id] = min(first.get(one.customer_id, one.purchased_at), one.purchased_at)
    new = {who for who in end if scope.since is None or local(first[who], scope) >= scope.since}
    if scope.basis == "strict":
        return percent(len(start & end), len(start)), len(start | end)
    return percent(len(end) - len(new), len(start)), len(start | end)


def churn_rate(world: World, scope: Scope) -> tuple[float | None, int]:
    until = scope.until or scope.as_of_day
    rows = stays(world, scope)
    if scope.until or scope.as_of_given:
        rows = [one for one in rows if one.joined_on is None or one.joined_on <= until]
    if scope.since:
        rows = [one for one in rows if one.left_on is None or one.left_on >= scope.since]
    return percent(sum(1 for one in rows if one.left_on and one.left_on <= until), len(rows)), len(rows)


def orders(world: World, scope: Scope) -> dict[int, list[Any]]:
    found = defaultdict(list)
    for one in valid(world, scope):
        if in_period(one.purchased_at, scope):
            found[one.customer_id].append(one)
    return found


def repeat_purchase_rate(world: World, scope: Scope) -> tuple[float | None, int]:
    found = orders(world, scope)
    return percent(sum(1 for mine in found.values() if len(mine) > 1), len(found)), len(found)


def average_order_value(world: World, scope: Scope) -> tuple[dict[str, float], int]:
    amounts = defaultdict(list)
    for mine in orders(world, scope).values():
        for one in mine:
            amounts[one.currency].append(one.valid_amount)
    return {c: float(sum(a) / len(a)) for c, a in amounts.items()}, sum(map(len, amounts.values()))


def customer_lifetime_value(world: World, scope: Scope) -> tuple[dict[str, float], int]:
    totals: dict[str, Any] = defaultdict(int)
    who = defaultdict(set)
    found = orders(world, scope)
    for mine in found.values():
        for one in mine:
            totals[one.currency] += one.valid_amount
            who[one.currency].add(one.customer_id)
    return {c: float(totals[c] / len(who[c])) for c in totals}, len(found)


OWN = {"remedy": oracle_amends.given, "promises": oracle_amends.promised}


def recovery_cases(world: World, scope: Scope) -> list[tuple[int, datetime | None, date, Any]]:
    own = {name: value for name, value in scope.filters.items() if name in OWN}
    others = {name: value for name, value in scope.filters.items() if name not in OWN}
    first: dict[int, Any] = {}
    for one in sorted(received(world, scope.replace(filters={})), key=lambda one: (one.received_at, one.pk)):
        if one.customer_id and one.customer.merged_into_id is None:
            first.setdefault(one.customer_id, one)
    found = []
    for who in sorted(first):
        one = first[who]
        if fits(one, others) and all(OWN[name](world, one, scope) == value for name, value in own.items()):
            decided = one.resolved_at if one.status in ("resolved", "closed") else None
            found.append((who, decided or one.closed_at or one.resolve_due_at, local(one.received_at, scope), one))
    return found


def recovery(world: World, scope: Scope) -> dict[str, Any]:
    """n, hits, immature, excluded, controls, controls_hits."""
    days = timedelta(days=scope.horizon)
    found = {"n": 0, "hits": 0, "immature": 0, "excluded": 0, "controls": 0, "controls_hits": 0}
    ripe = []
    for who, index, day, _one in recovery_cases(world, scope):
        if not _known(world, scope, who, index, None):
            found["excluded"] += 1
        elif index is None or not _is_ripe(scope, index, days):
            found["immature"] += 1
        else:
            ripe.append((who, index, day))
            found["n"] += 1
            found["hits"] += _hit(world, scope, who, index)
    complained = {one.customer_id for one in world.complaints if counts(one)}
    rows = world.tenures if scope.basis != "bought" else [one for one in world.purchases if one.is_valid]
    listed = {one.customer_id for one in rows}
    able = [
        one.pk
        for one in sorted(world.customers, key=lambda one: one.pk)
        if one.merged_into_id is None and one.pk not in complained and one.pk in listed
        and ("tier" not in scope.filters or one.tier == scope.filters["tier"])
    ]  # fmt: skip
    for turn, who in enumerate(able if ripe else []):
        _who, index, day = ripe[turn % len(ripe)]
        if _known(world, scope, who, index, day):
            found["controls"] += 1
            found["controls_hits"] += _hit(world, scope, who, index)
    return found


def _known(world: World, scope: Scope, who: int, index: datetime | None, day: date | None) -> bool:
    if scope.basis == "bought":
        bought = [one.purchased_at for one in world.purchases if one.customer_id == who and one.is_valid]
        return index is not None and any(at <= index for at in bought)
    mine = [one for one in world.tenures if one.customer_id == who]
    if day is None:
        return bool(mine)
    return any((not t.joined_on or t.joined_on <= day) and (not t.left_on or t.left_on >= day) for t in mine)


def _is_ripe(scope: Scope, index: datetime, days: timedelta) -> bool:
    if scope.basis == "bought":
        return index + days <= scope.as_of
    return local(index, scope) + days <= scope.as_of_day


def _hit(world: World, scope: Scope, who: int, index: datetime) -> bool:
    days = timedelta(days=scope.horizon)
    if scope.basis == "bought":
        bought = [one.purchased_at for one in world.purchases if one.customer_id == who and one.is_valid]
        return any(index < at <= index + days for at in bought)
    last = local(index, scope) + days
    mine = [one for one in world.tenures if one.customer_id == who]
    return any((not t.joined_on or t.joined_on <= last) and (not t.left_on or t.left_on > last) for t in mine)


def service_recovery(world: World, scope: Scope) -> tuple[float | None, int]:
    found = recovery(world, scope)
    return percent(found["hits"], found["n"]), found["n"]
