"""What GET reads of a state change: whether it stands, since when, by whom and why (interface.md, REST API).

The complaint says what stands, its trail when that came about, who did it and the reason they gave. A change that has
not happened is told with `at` null, no error: closing and resolving tell it like that, too.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from rest_framework import serializers

from complaints.api import present
from complaints.api.shapes import Reference, TypeShape
from complaints.models import Complaint, Severity, Status, Watch
from complaints.reference import catalogue
from core import trail
from core.api.happened import HappenedShape, changes, entries, happened, last, people_of
from core.api.pagination import WholeListShape, whole_list
from core.models import User

OWNER = ("complaint.assigned", "complaint.handed_over", "complaint.taken_over")


class AcknowledgementShape(HappenedShape):
    acknowledged = serializers.BooleanField(help_text="The complainant knows that it is in good hands.")
    first_response_at = serializers.DateTimeField(allow_null=True, help_text="The first word of a person to them.")


class InvestigationShape(HappenedShape):
    investigating = serializers.BooleanField(help_text="It is being looked into now.")


class OwnerShape(HappenedShape):
    owner = Reference(help_text="Whose it is now.")
    team = serializers.CharField(allow_null=True, help_text="Its team, by name.")
    before = Reference(allow_null=True, help_text="Whose it was before; null: nobody else's.")


class ClassificationShape(HappenedShape):
    type = TypeShape(help_text="What it is sorted as now.")
    severity = serializers.ChoiceField(choices=Severity.choices, help_text="How bad it is thought to be now.")
    type_before = serializers.CharField(allow_null=True, help_text="Its type before; null: that did not change.")
    severity_before = serializers.CharField(allow_null=True, help_text="null: that did not change.")


class PauseShape(HappenedShape):
    paused = serializers.BooleanField(help_text="It waits on the customer now.")


class ReopeningShape(HappenedShape):
    times = serializers.IntegerField(help_text="How often it was opened again.")


class WithdrawalShape(HappenedShape):
    withdrawn = serializers.BooleanField(help_text="It ended because the complainant took it back.")


class ReleaseShape(HappenedShape):
    is_quarantined = serializers.BooleanField(help_text="It still waits for somebody to say that it is real.")


class SnoozeShape(HappenedShape):
    snoozed = serializers.BooleanField(help_text="It is put aside now.")
    until = serializers.DateTimeField(allow_null=True, help_text="null: not put aside, or until the customer writes.")


class IncidentOfShape(HappenedShape):
    incident = serializers.CharField(allow_null=True, help_text="The reference of the one it belongs to.")


class CustomerOfShape(HappenedShape):
    customer = Reference(allow_null=True, help_text="Whose complaint it is; null: nobody knows.")


class WatchShape(HappenedShape):
    following = serializers.BooleanField(help_text="Whether the caller follows the complaint.")
    followers = serializers.IntegerField(help_text="How many do.")


class ExtendedShape(HappenedShape):
    clock = serializers.CharField(help_text="The statutory clock: pack and rule.")
    due_before = serializers.DateTimeField(allow_null=True, help_text="When the answer was due.")
    due_at = serializers.DateTimeField(allow_null=True, help_text="When it was due from then on.")
    told = serializers.BooleanField(help_text="The complainant got the rule's holding reply.")


class ExtensionsShape(WholeListShape):
    results = ExtendedShape(many=True)


def acknowledgement(complaint: Complaint) -> dict[str, Any]:
    """Also what acknowledged it in passing counts, such as a first message."""
    at = complaint.acknowledged_at
    entry = trail.of(complaint).filter(at=at).first() if at is not None else None
    return {
        "acknowledged": at is not None,
        "first_response_at": present.instant(complaint.first_response_at),
        **happened(entry, at=at),
    }


def investigation(complaint: Complaint) -> dict[str, Any]:
    entry = last(complaint, "complaint.investigating")
    return {"investigating": complaint.status == Status.INVESTIGATING, **happened(entry)}


def owner(complaint: Complaint) -> dict[str, Any]:
    """Query cost: 3. Owner and team are loaded."""
    entry = last(complaint, *OWNER)
    before = changes(entry).get("owner", [None])[0]
    people = people_of([entry] if entry else [], before)
    return {
        "owner": present.user_brief(complaint.owner),
        "team": complaint.team.name if complaint.team else None,
        "before": people.get(before),
        **happened(entry, people),
    }


def classification(complaint: Complaint) -> dict[str, Any]:
    entry = last(complaint, "complaint.classified")
    changed = changes(entry)
    return {
        "type": present.type_brief(catalogue().types_by_id[complaint.type_id]),
        "severity": complaint.severity,
        "type_before": changed.get("type", [None])[0],
        "severity_before": changed.get("severity", [None])[0],
        **happened(entry),
    }


def pause(complaint: Complaint) -> dict[str, Any]:
    return {"paused": complaint.status == Status.WAITING, **happened(last(complaint, "complaint.paused"))}


def reopening(complaint: Complaint) -> dict[str, Any]:
    found = list(entries(complaint, "complaint.reopened"))
    return {"times": len(found), **happened(found[0] if found else None)}


def withdrawal(complaint: Complaint) -> dict[str, Any]:
    return {"withdrawn": complaint.status == Status.WITHDRAWN, **happened(last(complaint, "complaint.withdrawn"))}


def release(complaint: Complaint) -> dict[str, Any]:
    return {"is_quarantined": complaint.is_quarantined, **happened(last(complaint, "complaint.released"))}


def snooze(complaint: Complaint) -> dict[str, Any]:
    known = present.snoozed(complaint)
    until = known["until"] if known else None
    return {"snoozed": known is not None, "until": until, **happened(last(complaint, "complaint.snoozed"))}


def incident(complaint: Complaint) -> dict[str, Any]:
    """The incident is loaded."""
    reference = complaint.incident.reference if complaint.incident else None
    return {"incident": reference, **happened(last(complaint, "complaint.incident_linked"))}


def customer(complaint: Complaint) -> dict[str, Any]:
    """The customer is loaded."""
    brief = present.customer_brief(complaint.customer)
    return {"customer": brief, **happened(last(complaint, "complaint.customer_set"))}


def watching(complaint: Complaint, user: User) -> dict[str, Any]:
    """Who made `user` follow it, if they do. Query cost: 3."""
    followers = set(Watch.objects.filter(complaint=complaint).values_list("user", flat=True))
    entry = None
    if user.pk in followers:
        told = entries(complaint, "complaint.watched")
        entry = next((one for one in told if changes(one).get("watcher") == user.pk), None)
    return {"following": user.pk in followers, "followers": len(followers), **happened(entry)}


def extensions(complaint: Complaint) -> dict[str, Any]:
    """Each extended clock, the last one first."""
    found = list(entries(complaint, "complaint.extended"))
    people = people_of(found)
    return whole_list([{**_extended(changes(one)), **happened(one, people)} for one in found])


def _extended(said: dict[str, Any]) -> dict[str, Any]:
    before, due_at = (datetime.fromisoformat(at) if at else None for at in said["deadline"])
    return {
        "clock": said["clock"],
        "due_before": present.instant(before),
        "due_at": present.instant(due_at),
        "told": said["told"],
    }
