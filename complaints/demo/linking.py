"""Cases of the demo that belong together: an incident with its complaints, and two cases that became one (A8, D1)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from complaints.actions import incident_updates, incidents, merge
from complaints.demo import SOURCE
from complaints.models import (
    IN_HAND,
    Complaint,
    Incident,
    IncidentSending,
    IncidentUpdate,
    Merge,
    NotDuplicate,
)
from core.actor import Actor
from core.models import User

QUIET = timedelta(days=2)
TITLE, PRODUCT = "The glue under the lamp's base does not hold", "Desk lamp Arco"
ABOUT = "Lamps of the spring delivery come off their base. The supplier has found the batch of glue and stopped it."
TEXTS = {
    "en": "{{ greeting }} we have found what is wrong with the glue of your lamp, and write again as soon as the new "
    "base is here.",
    "pt": "{{ greeting }} descobrimos o problema da cola do seu candeeiro; voltamos a escrever quando a nova base "
    "chegar.",
}
CASES = 4


def seed(members: dict[str, User], *, at: datetime) -> None:
    """Without a deadline near, and nothing is sent: the update waits as a draft."""
    manager = User.objects.get(pk=members["manager"].pk)
    agent = User.objects.get(pk=members["agent"].pk)
    calm = Complaint.objects.filter(source=SOURCE, in_queue=True, queue_at__gt=at + QUIET, snoozed_until=None)
    cases = list(calm.filter(team=agent.team).order_by("pk")[:CASES])
    if cases:
        incident = incidents.open_incident(
            by=Actor.person(manager),
            at=at,
            title=TITLE,
            description=ABOUT,
            product=PRODUCT,
            owner=manager,
            complaints=cases,
        )
        incident_updates.write(incident, TEXTS, by=Actor.person(manager), at=at)
    pair = _pair(calm.exclude(pk__in=[one.pk for one in cases]))
    if pair is not None:
        source, into = pair
        reason = "The customer wrote twice about the same parcel."
        merge.merge(source, into=into, by=Actor.person(manager), at=at, reason=reason)


def _pair(calm: Iterable[Complaint]) -> tuple[Complaint, Complaint] | None:
    """Two open cases of one customer, the later first."""
    seen: dict[int, Complaint] = {}
    for one in sorted((one for one in calm if one.customer_id is not None), key=lambda one: one.received_at):
        earlier = seen.setdefault(one.customer_id or 0, one)
        if earlier is not one and one.status in IN_HAND and earlier.is_open and one.is_open:
            return one, earlier
    return None


def purge_cases(keys: Sequence[int]) -> None:
    """What says that these complaints belong together."""
    merges = Merge.objects.filter(complaint_id__in=keys) | Merge.objects.filter(into_id__in=keys)
    IncidentSending.objects.filter(complaint_id__in=keys).delete()
    NotDuplicate.objects.filter(complaint_id__in=keys).delete()
    NotDuplicate.objects.filter(other_id__in=keys).delete()
    merges.delete()


def purge(people: Sequence[User]) -> None:
    """Incidents of theirs that no complaint belongs to any more."""
    mine = Incident.objects.filter(owner__in=people, complaints__isnull=True)
    IncidentUpdate.objects.filter(incident__in=mine).delete()
    mine.delete()
