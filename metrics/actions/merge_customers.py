"""Merge two records of one customer over all floors, and take it back (mission B3; domain, users' wishes)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from complaints.actions.customer import move_complaints
from core.actor import Actor
from metrics.models import Invitation, SurveyResponse
from retention import errors
from retention.actions import merge as steps
from retention.models import Customer, CustomerMerge

MOVABLE = {"survey_responses": SurveyResponse, "invitations": Invitation}


@transaction.atomic
def merge(absorbed: Customer, survivor: Customer, *, by: Actor, at: datetime, reason: str = "") -> CustomerMerge:
    """Make `absorbed` part of `survivor`: complaints, purchases, answers, all changes hands; nothing is lost.

    Raises IntoItself, MergedAway. Query cost: about 40, and 4 a complaint.
    """
    absorbed, survivor = steps.lock_both(absorbed, survivor)
    steps.refuse_unless_mergeable(absorbed, survivor)
    moved = steps.move_all(absorbed, survivor, at=at)
    moved["complaints"] = move_complaints(absorbed, survivor, by=by, at=at, why="merged")
    for kind, model in MOVABLE.items():
        keys = list(model._default_manager.filter(customer=absorbed).order_by("pk").values_list("pk", flat=True))
        moved[kind] = steps.hand_over(model, keys, absorbed, survivor, at=at)
    return steps.record(absorbed, survivor, moved, by=by, at=at, reason=reason)


@transaction.atomic
def unmerge(absorbed: Customer, *, by: Actor, at: datetime) -> Customer:
    """Take the merge back: what changed hands then and is still the survivor's returns, what came after stays.

    Raises NotMerged, SurvivorMerged when the survivor is itself merged (take that back first).
    """
    survivor = Customer.objects.filter(merged_from=absorbed).first()
    if survivor is None:
        raise errors.NotMerged
    absorbed, survivor = steps.lock_both(absorbed, survivor)
    standing = steps.standing(absorbed)
    if survivor.merged_into_id is not None:
        raise errors.SurvivorMerged
    back = steps.move_back(absorbed, survivor, standing.moved, by=by, at=at)
    mine = standing.moved.get("complaints", [])
    back["complaints"] = move_complaints(survivor, absorbed, by=by, at=at, why="unmerged", only=mine)
    for kind, model in MOVABLE.items():
        back[kind] = steps.hand_over(model, standing.moved.get(kind, ()), survivor, absorbed, at=at)
    steps.record_undone(standing, absorbed, survivor, back, by=by, at=at)
    return absorbed
