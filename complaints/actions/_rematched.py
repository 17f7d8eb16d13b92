"""The clocks of a case follow its team and its customer's tier, which policies and rule packs may ask for (SLA 1, 4).

Whoever changes one of them takes a look before and lets the clocks follow after: from receipt, on the trail, as when it
is sorted anew. What nobody asks for moves nothing, and costs no query.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from complaints.actions import _base
from complaints.models import Clock, Complaint
from complaints.sla import clocks as sla
from complaints.sla import packs, policies, told

TEAM, TIER = "team", "tier"


@dataclass(frozen=True, slots=True)
class Look:
    """What governs a case: the policy and packs whose conditions it meets; `what`: TEAM or TIER, about to change."""

    what: str
    policy: int
    packs: frozenset[int]


def look(complaint: Complaint, what: str) -> Look | None:
    """Before the change. None where nothing can follow. Query cost: none, 1 where a policy or pack asks for it."""
    if not complaint.is_open or complaint.is_history or complaint.is_quarantined or not _asked_for(what):
        return None
    return _look(complaint, what)


def follow(complaint: Complaint, before: Look | None, *, at: datetime) -> tuple[list[Clock] | None, dict[str, Any]]:
    """After it: the clocks of the case, not yet saved, and what the trail says; (None, {}) where nothing changes.

    Query cost: none where the same policy and packs hold, else 3 and one for each clock that moves.
    """
    if before is None or (after := _look(complaint, before.what)) == before:
        return None, {}
    clocks = _base.clocks_of(complaint)
    then, under = told.before(clocks, at), {one.policy_id for one in clocks}
    clocks = sla.rematch(complaint, clocks, tier=_base.tier_of(complaint), at=at)
    named = {}
    if before.policy != after.policy and under != {one.policy_id for one in clocks}:
        named = {"policy": [policies.policy(one).name for one in (before.policy, after.policy)]}
    return clocks, {**named, **told.after(then, clocks, at)}


def _look(complaint: Complaint, what: str) -> Look:
    tier = _base.tier_of(complaint)
    return Look(what, policies.match(complaint, tier).policy.pk, packs.met(complaint, tier))


def _asked_for(what: str) -> bool:
    if any(one.team_id if what == TEAM else one.tier for one in policies.book().policies):
        return True
    return packs.ask_for(f"{what}s")
