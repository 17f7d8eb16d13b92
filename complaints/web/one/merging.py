"""Merging on the case: the two forms, what they do, and what a case says about the others it is one with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.urls import reverse
from django.utils.translation import gettext_lazy

from complaints.actions import incidents
from complaints.actions import merge as actions
from complaints.models import Complaint
from complaints.web.one.forms import ActForm
from core.actor import Actor
from core.web.fields import Line

LONG = 2_000


class MergeForm(ActForm):
    into = Line(
        label=gettext_lazy("Reference of the case that stays"),
        max_length=20,
        error_messages={"required": gettext_lazy("Say into which case it goes.")},
        help_text=gettext_lazy("this case becomes part of it; it can be taken back"),
    )
    confirm = forms.BooleanField(label=gettext_lazy("Also if the customers differ"), required=False)
    reason = Line(label=gettext_lazy("Reason"), required=False, max_length=LONG)


def merge(
    complaint: Complaint, *, into: str, by: Actor, at: datetime, confirm: bool = False, reason: str = ""
) -> Complaint:
    """The action by the other case's reference, as people name it. Raises InvalidInput unknown_complaint."""
    target = actions.target_by_reference(into, by.user)
    return actions.merge(complaint, into=target, by=by, at=at, confirm=confirm, reason=reason)


class IncidentForm(ActForm):
    """Many cases join an incident at once: nobody is refused because somebody else changed the case meanwhile."""

    guarded = False
    incident = Line(
        label=gettext_lazy("Reference of the incident"),
        max_length=20,
        error_messages={"required": gettext_lazy("Say which incident.")},
    )


class NoIncidentForm(ActForm):
    guarded = False


def join_incident(complaint: Complaint, *, incident: str, by: Actor, at: datetime) -> Complaint:
    """By the incident's reference. Raises InvalidInput unknown_incident."""
    return incidents.link(complaint, incident=incidents.by_reference(incident), by=by, at=at)


@dataclass(frozen=True, slots=True)
class Part:
    """Another case this one is one with. `url`: blank where the reader does not see it."""

    reference: str
    subject: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Joint:
    """What stands at the head of a case: what it became part of, or what became part of it."""

    into: Part | None
    parts: tuple[Part, ...]


def joint(linked: list[Any]) -> Joint | None:
    """From the story of the case (`complaints.web.one.told.Linked`). No query."""
    if not linked:
        return None
    found = [
        (one.is_head, Part(one.reference, one.subject, reverse("case", args=[one.reference]) if one.seen else ""))
        for one in linked
    ]
    head = next((part for is_head, part in found if is_head), None)
    return Joint(head, tuple(part for is_head, part in found if not is_head))
