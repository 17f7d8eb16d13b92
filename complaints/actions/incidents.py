"""One cause behind many complaints: open it, link and unlink cases, close it (mission A8; issue of the desk, 7)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from complaints import errors, routing
from complaints.actions import _base
from complaints.models import Complaint, Incident, RootCause, Status
from core import trail
from core.actor import Actor
from core.errors import DomainError, InvalidInput
from core.models import User
from core.references import new_reference

PREFIX = "IN"
FIELDS = ("title", "description", "root_cause", "product", "lot", "owner")
LONG = 8_000


class AlreadyLinked(DomainError):
    code = "already_linked"
    message = _("This complaint belongs to an incident already. Take it out there first.")


class NotLinked(DomainError):
    code = "not_linked"
    message = _("This complaint belongs to no incident.")


class IncidentClosed(DomainError):
    code = "incident_closed"
    message = _("This incident is closed. Open it again first.")


class IncidentOpen(DomainError):
    code = "incident_open"
    message = _("This incident is still open.")


@transaction.atomic
def open_incident(
    *,
    by: Actor,
    at: datetime,
    title: str,
    description: str = "",
    root_cause: RootCause | None = None,
    product: str = "",
    lot: str = "",
    owner: User | None = None,
    complaints: Iterable[Complaint] = (),
) -> Incident:
    """A new incident with its first cases. `owner` (default: who opens it) looks after it.

    Raises InvalidInput (required, owner_required), OwnerUnavailable, and what `link` raises; then nothing is written.
    """
    owner = owner or by.user
    if owner is None:
        raise InvalidInput(_("Say who looks after it."), code="owner_required", field="owner")
    incident = Incident(
        reference=new_reference(PREFIX),
        title=title.strip(),
        description=description.strip(),
        root_cause=root_cause,
        product=product.strip(),
        lot=lot.strip(),
        owner=owner,
        opened_at=at,
        updated_at=at,
    )
    _check(incident)
    incident.save(force_insert=True)
    trail.append(incident, "incident.opened", by=by, at=at, changes={"reference": incident.reference})
    for complaint in complaints:
        link(complaint, incident=incident, by=by, at=at)
    return incident


@transaction.atomic
def edit(
    incident: Incident, values: Mapping[str, Any], *, by: Actor, at: datetime, version: int | None = None
) -> Incident:
    """Put facts right (`FIELDS`). `version`: the one the caller has seen. Raises Stale, InvalidInput."""
    if unknown := set(values) - set(FIELDS):
        raise InvalidInput(_("This field cannot be set here."), code="unknown_field", field=min(unknown))
    incident = locked(incident)
    if version is not None and incident.version != version:
        raise errors.Stale(_("Somebody else changed this incident in the meantime."))
    changed = sorted(name for name, value in values.items() if getattr(incident, name) != value)
    if not changed:
        return incident
    for name in changed:
        setattr(incident, name, values[name])
    _check(incident)
    return _save(incident, "incident.changed", changed, by=by, at=at, changes={"fields": changed})


@transaction.atomic
def close(incident: Incident, *, by: Actor, at: datetime) -> Incident:
    """The cause is dealt with; its cases stay linked and are resolved on their own. Raises IncidentClosed."""
    incident = locked(incident)
    refuse_closed(incident)
    incident.closed_at = at
    return _save(incident, "incident.closed", ["closed_at"], by=by, at=at)


@transaction.atomic
def reopen(incident: Incident, *, by: Actor, at: datetime) -> Incident:
    """It is not over. Raises IncidentOpen."""
    incident = locked(incident)
    if incident.closed_at is None:
        raise IncidentOpen
    incident.closed_at = None
    return _save(incident, "incident.reopened", ["closed_at"], by=by, at=at)


@transaction.atomic
def link(complaint: Complaint, *, by: Actor, at: datetime, incident: Incident) -> Complaint:
    """The complaint is one of those with this cause; possible for decided cases too.

    Raises AlreadyLinked, IncidentClosed, or AlreadyEnded for a merged case (link the joint one).
    """
    complaint = _base.locked(complaint)
    found = Incident.objects.select_for_update().get(pk=incident.pk)
    refuse_closed(found)
    if complaint.incident_id is not None:
        raise AlreadyLinked
    if complaint.status == Status.MERGED:
        raise errors.AlreadyEnded
    complaint.incident = found
    return _linked(complaint, "complaint.incident_linked", [None, found.reference], by=by, at=at)


@transaction.atomic
def unlink(complaint: Complaint, *, by: Actor, at: datetime) -> Complaint:
    """It has another cause after all. Raises NotLinked."""
    complaint = _base.locked(complaint)
    if complaint.incident_id is None or complaint.incident is None:
        raise NotLinked
    before = complaint.incident.reference
    complaint.incident = None
    return _linked(complaint, "complaint.incident_unlinked", [before, None], by=by, at=at)


def by_reference(reference: str) -> Incident:
    """An incident as people name it. Raises InvalidInput unknown_incident."""
    found = Incident.objects.filter(reference=reference.strip().upper()).first()
    if found is None:
        raise InvalidInput(_("There is no such incident."), code="unknown_incident", field="incident")
    return found


def locked(incident: Incident) -> Incident:
    """The incident as it is now, its row locked. Query cost: 1."""
    return Incident.objects.select_for_update(of=("self",)).select_related("owner", "root_cause").get(pk=incident.pk)


def refuse_closed(incident: Incident) -> None:
    if incident.closed_at is not None:
        raise IncidentClosed


def _linked(complaint: Complaint, kind: str, change: list[str | None], *, by: Actor, at: datetime) -> Complaint:
    return _base.finish(complaint, kind, by=by, at=at, fields=["incident"], changes={"incident": change})


def _check(incident: Incident) -> None:
    if not incident.title.strip():
        raise InvalidInput(_("Give it a title."), code="required", field="title")
    for name, longest in (("title", 160), ("description", LONG), ("product", 120), ("lot", 80)):
        if len(getattr(incident, name)) > longest:
            raise InvalidInput(_("At most %(n)d characters.") % {"n": longest}, code="too_long", field=name)
    if not routing.hold(incident.owner):
        raise errors.OwnerUnavailable(field="owner")


def _save(
    incident: Incident,
    kind: str,
    fields: Iterable[str],
    *,
    by: Actor,
    at: datetime,
    changes: Mapping[str, Any] | None = None,
) -> Incident:
    incident.version += 1
    incident.updated_at = at
    incident.save(update_fields=["version", "updated_at", *fields])
    trail.append(incident, kind, by=by, at=at, changes=changes)
    return incident
