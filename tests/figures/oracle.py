"""Every figure again, slow and obvious: loops over instances, no SQL, no shared code with `metrics`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from metrics.figures import Scope
from tests.figures.oracle_amends import first_contact_resolution, promises_kept, remedies_granted, reopen_rate
from tests.figures.oracle_customers import (
    average_order_value,
    ces,
    churn_rate,
    csat,
    customer_lifetime_value,
    nps,
    repeat_purchase_rate,
    response_rate,
    retention_rate,
    service_recovery,
)
from tests.figures.oracle_rows import (
    counts,
    fits,
    in_period,
    is_resolved,
    percent,
    quantile,
    received,
    resolved_at,
    sees,
)
from tests.figures.world import World

Key = Callable[[Any], Any]


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


FIGURES: dict[str, Callable[[World, Scope], tuple[Any, int]]] = {
    "sla-overrun": sla_overrun,
    "late-reasons": late_reasons,
    "word-for-word": word_for_word,
    "complaints-received": complaints_received,
    "resolution-rate": resolution_rate,
    "acceptance-rate": acceptance_rate,
    "sla-compliance": sla_compliance,
    "first-response-time": first_response_time,
    "time-to-resolve": time_to_resolve,
    "escalation-rate": escalation_rate,
    "repeat-complaints": repeat_complaints,
    "backlog-age": backlog_age,
    "nps": nps,
    "csat": csat,
    "ces": ces,
    "response-rate": response_rate,
    "retention-rate": retention_rate,
    "churn-rate": churn_rate,
    "repeat-purchase-rate": repeat_purchase_rate,
    "average-order-value": average_order_value,
    "customer-lifetime-value": customer_lifetime_value,
    "service-recovery": service_recovery,
    "promises-kept": promises_kept,
    "remedies-granted": remedies_granted,
    "first-contact-resolution": first_contact_resolution,
    "reopen-rate": reopen_rate,
}
