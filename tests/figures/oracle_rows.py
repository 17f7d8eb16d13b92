"""What the slow figures are counted from: which complaints a reader sees, in which period, under which filters."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import date, datetime
from fractions import Fraction
from typing import Any

from core.models import User
from metrics.figures import Scope
from tests.figures.world import World


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
            "product": complaint.product,
            "lot": complaint.lot,
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


def resolved_at(one: Any) -> datetime | None:
    return one.resolved_at or one.closed_at


def is_resolved(one: Any, scope: Scope) -> bool:
    if one.status not in ("resolved", "closed"):
        return False
    at = resolved_at(one)
    return not scope.as_of_given or at is None or at <= scope.as_of


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
