"""Every figure again, slow and obvious: loops over instances, no SQL, no shared code with `metrics`."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any

from core.models import User
from metrics.figures import Scope
from tests.figures.world import World

Key = Callable[[Any], Any]


def local(at: datetime, scope: Scope) -> date:
    return at.astimezone(scope.zone).date()


def in_period(at: datetime | None, scope: Scope) -> bool:
    if at is None:
        return scope.since is None and scope.until is None
    day = local(at, scope)
    return (scope.since is None or day >= scope.since) and (scope.until is None or day <= scope.until)


def sees(user: User, complaint: Any, world: World) -> bool:
    if user.is_manager:
        return True
    if complaint.owner_id == user.pk or (complaint.pk in world.watches and user is world.agent):
        return True
    teams = set(user.led_team_ids) | ({user.team_id} if user.is_agent else set())
    return complaint.team_id is not None and complaint.team_id in teams


def counts(complaint: Any) -> bool:
    return complaint.kind == "complaint" and not complaint.is_quarantined and complaint.status != "merged"


def fits(complaint: Any, filters: Any) -> bool:
    for name, value in filters.items():
        if name in ("policy", "pack", "late_reason"):
            continue  # of the clock, see `set_under`; of the figure
        stated = {
            "type": complaint.type.code,
            "channel": complaint.channel,
            "source_channel": complaint.source_channel,
            "severity": complaint.severity,
            "team": str(complaint.team_id or ""),
            "owner": str(complaint.owner_id),
            "tier": complaint.customer.tier if complaint.customer else "",
            "source": complaint.source,
        }[name]
        parent = complaint.type.parent.code if name == "type" and complaint.type.parent else None
        if stated != ("" if value == "-" else value) and value != parent:
            return False
    return True


def received(world: World, scope: Scope) -> list[Any]:
    return [
        one
        for one in world.complaints
        if counts(one)
        and sees(scope.viewer, one, world)
        and in_period(one.received_at, scope)
        and fits(one, scope.filters)
    ]


def quantile(values: Iterable[float], share: float) -> float | None:
    ordered = sorted(values)
    if not ordered:
        return None
    place = (len(ordered) - 1) * share
    low = math.floor(place)
    high = math.ceil(place)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def percent(part: int, whole: int) -> float | None:
    return float(Fraction(100 * part, whole)) if whole else None


def resolved_at(one: Any) -> datetime | None:
    return one.resolved_at or one.closed_at


def is_resolved(one: Any, scope: Scope) -> bool:
    if one.status not in ("resolved", "closed"):
        return False
    at = resolved_at(one)
    return not scope.as_of_given or at is None or at <= scope.as_of


def resolution_rate(world: World, scope: Scope) -> tuple[float | None, int]:
    rows = [one for one in received(world, scope) if one.status != "withdrawn"]
    if scope.basis == "acceptance":
        hits = [one for one in rows if one.accepted and _accepted_by(one, scope)]
    else:
        hits = [one for one in rows if is_resolved(one, scope)]
    return percent(len(hits), len(rows)), len(rows)


def _accepted_by(one: Any, scope: Scope) -> bool:
    return not scope.as_of_given or one.accepted_at is None or one.accepted_at <= scope.as_of


def acceptance_rate(world: World, scope: Scope) -> tuple[float | None, int]:
    rows = [one for one in received(world, scope) if one.accepted is not None and _accepted_by(one, scope)]
    return percent(sum(1 for one in rows if one.accepted), len(rows)), len(rows)


def complaints_received(world: World, scope: Scope) -> tuple[float | None, int]:
    return float(len(received(world, scope))), len(received(world, scope))


def first_response_time(world: World, scope: Scope) -> tuple[float | None, int]:
    took = [
        (one.first_response_at - one.received_at).total_seconds() / 3600
        for one in received(world, scope)
        if one.first_response_at and (not scope.as_of_given or one.first_response_at <= scope.as_of)
    ]
    return quantile(took, 0.5), len(took)


def resolve_hours(world: World, scope: Scope) -> list[float]:
    return [
        (resolved_at(one) - one.received_at).total_seconds() / 3600  # type: ignore[operator]
        for one in received(world, scope)
        if is_resolved(one, scope) and resolved_at(one)
    ]


def time_to_resolve(world: World, scope: Scope) -> tuple[float | None, int]:
    took = resolve_hours(world, scope)
    return quantile(took, 0.5), len(took)


def escalation_rate(world: World, scope: Scope) -> tuple[float | None, int]:
    rows = received(world, scope)
    hits = [one for one in rows if one.escalated_at and (not scope.as_of_given or one.escalated_at <= scope.as_of)]
    return percent(len(hits), len(rows)), len(rows)


def repeat_complaints(world: World, scope: Scope) -> tuple[float | None, int]:
    rows = received(world, scope)
    hits = 0
    for one in rows:
        before = [
            other
            for other in world.complaints
            if counts(other)
            and one.customer_id
            and other.customer_id == one.customer_id
            and timedelta(0) < one.received_at - other.received_at <= timedelta(days=90)
        ]
        hits += bool(before)
    return percent(hits, len(rows)), len(rows)


def backlog_age(world: World, scope: Scope) -> tuple[float | None, int]:
    at = scope.as_of
    if not scope.as_of_given and scope.end_at is not None:
        at = min(at, scope.end_at)
    given = scope.as_of_given or at != scope.as_of
    ages = []
    for one in received(world, scope.replace(since=None, until=None)):
        if one.received_at > at:
            continue
        ended = resolved_at(one)
        is_over = one.status in ("resolved", "closed", "withdrawn")
        if is_over and (not given or ended is None or ended <= at):
            continue
        ages.append((at - one.received_at).total_seconds() / 3600)
    return quantile(ages, 0.5), len(ages)


def set_under(clock: Any, scope: Scope) -> bool:
    """Whether a clock was set by the policy and the pack asked for, if any."""
    return all(
        str(getattr(clock, f"{name}_id") or "-") == scope.filters[name]
        for name in ("policy", "pack")
        if name in scope.filters
    )


def overrun(world: World, scope: Scope) -> list[tuple[float, float | None]]:
    """Hours from the deadline to the work, and those of them worked, of every clock finished late."""
    known, found = {one.pk for one in received(world, scope)}, []
    for clock in world.clocks:
        if clock.kind != (scope.kind or "resolve") or clock.complaint_id not in known or not set_under(clock, scope):
            continue
        if clock.state != "breached" or clock.stated or clock.completed_at is None or clock.code == "made-up.summary":
            continue
        if scope.as_of_given and (clock.completed_at > scope.as_of or clock.started_at > scope.as_of):
            continue
        cancelled = clock.overrun_seconds is None and (clock.policy_id or clock.pack_id)
        if not cancelled:
            worked = None if clock.overrun_seconds is None else clock.overrun_seconds / 3600
            found.append(((clock.completed_at - clock.due_at).total_seconds() / 3600, worked))
    return found


def sla_overrun(world: World, scope: Scope) -> tuple[float | None, int]:
    took = [hours for hours, _worked in overrun(world, scope)]
    return quantile(took, 0.5), len(took)


def late_reasons(world: World, scope: Scope) -> tuple[float | None, int]:
    missed = {
        clock.complaint_id
        for clock in world.clocks
        if clock.state == "breached"
        and clock.code != "made-up.summary"
        and (not scope.as_of_given or (clock.breached_at is not None and clock.breached_at <= scope.as_of))
    }
    wanted = scope.filters.get("late_reason")
    rows = [
        one
        for one in received(world, scope)
        if one.pk in missed
        and is_resolved(one, scope)
        and not one.is_history
        and (wanted is None or (one.late_reason or "-") == wanted)
    ]
    return float(len(rows)), len(rows)


def sla_compliance(world: World, scope: Scope) -> tuple[float | None, int]:
    kind, basis, at = scope.kind or "resolve", scope.basis or "due", scope.as_of
    known = {one.pk: one for one in received(world, scope)}
    met = late = overdue = 0
    for clock in world.clocks:
        if clock.kind != kind or clock.complaint_id not in known or clock.state == "cancelled":
            continue
        if (scope.as_of_given and clock.started_at > at) or clock.code == "made-up.summary":
            continue
        if not set_under(clock, scope):
            continue
        if clock.stated or (clock.completed_at is not None and (not scope.as_of_given or clock.completed_at <= at)):
            met, late = met + (clock.state == "met"), late + (clock.state == "breached")
        elif clock.due_at is not None and clock.due_at < at:
            overdue += 1
    n = met + late + (overdue if basis == "due" else 0)
    return percent(met, n), n


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


def is_late(world: World, complaint: Any, at: datetime, *, now: bool) -> bool:
    """Its clock to resolve was still open at that moment, and past its deadline. `now`: of an open complaint."""
    for one in world.clocks:
        if one.complaint_id != complaint.pk or one.kind != "resolve" or one.state == "cancelled" or one.due_at is None:
            continue
        begun = now or one.started_at <= at
        is_open = one.completed_at is None if now else one.completed_at is None or one.completed_at > at
        if begun and is_open and one.due_at < at:
            return True
    return False


def recovery_cases(world: World, scope: Scope) -> list[tuple[int, datetime | None, date, Any]]:
    first: dict[int, Any] = {}
    for one in sorted(received(world, scope.replace(filters={})), key=lambda one: (one.received_at, one.pk)):
        if one.customer_id and one.customer.merged_into_id is None:
            first.setdefault(one.customer_id, one)
    found = []
    for who in sorted(first):
        one = first[who]
        if fits(one, scope.filters):
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


def word_for_word(world: World, scope: Scope) -> tuple[float | None, int]:
    own = {name: value for name, value in scope.filters.items() if name not in ("agent", "macro")}
    found = [
        one
        for one in world.messages
        if one.direction == "out"
        and one.macro is not None
        and counts(one.complaint)
        and sees(scope.viewer, one.complaint, world)
        and in_period(one.at, scope)
        and (not scope.as_of_given or one.at <= scope.as_of)
        and fits(one.complaint, own)
        and scope.filters.get("macro", str(one.macro.macro_id)) == str(one.macro.macro_id)
        and scope.filters.get("agent", str(one.author_id or "-")) == str(one.author_id or "-")
    ]
    return percent(sum(one.word_for_word is True for one in found), len(found)), len(found)


NAMES = (
    "complaints-received resolution-rate acceptance-rate sla-compliance first-response-time time-to-resolve "
    "escalation-rate repeat-complaints backlog-age nps csat ces response-rate retention-rate churn-rate "
    "repeat-purchase-rate average-order-value customer-lifetime-value service-recovery"
)
FIGURES: dict[str, Callable[[World, Scope], tuple[Any, int]]] = {
    "sla-overrun": sla_overrun,
    "late-reasons": late_reasons,
    "word-for-word": word_for_word,
} | {name: globals()[name.replace("-", "_")] for name in NAMES.split()}
