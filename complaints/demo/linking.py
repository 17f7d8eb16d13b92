"""Cases of the demo that belong together: an incident with its complaints, and two cases that became one (A8, D1)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from complaints.actions import incident_updates, incidents, merge
from complaints.demo import SOURCE
from complaints.demo.texts import BOOKS
from complaints.models import (
    IN_HAND,
    Complaint,
    Incident,
    IncidentSending,
    IncidentUpdate,
    Merge,
    NotDuplicate,
    Status,
)
from complaints.reference import catalogue
from core.actor import Actor
from core.models import User

QUIET = timedelta(days=2)
TITLE, PRODUCT, LOT = "Machines leak: inlet seal fitted the wrong way round", "Inlet seal", "October"
ABOUT = (
    "Coffee machines, dishwashers and water filters of the October delivery leak after some ten days. The workshop "
    "found the inlet seal fitted the wrong way round; the factory has stopped the batch and sends new seals."
)
TEXTS = {
    "en": "{{ greeting }}\n\nwe have found why your machine leaks: a seal was fitted the wrong way round at the "
    "factory. Leave the water turned off. As soon as the new seals are here we write again, with a day for it.",
    "it": "{{ greeting }}\n\nabbiamo capito perché perde acqua: in fabbrica una guarnizione è stata montata al "
    "contrario. Tenga chiusa l'acqua. Le scriveremo appena arrivano le guarnizioni nuove, con una data.",
    "ru": "{{ greeting }}\n\nмы нашли причину течи: на заводе уплотнение поставили не той стороной. Не включайте воду. "
    "Мы напишем, как только придут новые уплотнения, и предложим день для замены.",
}
TYPE = "product-defective"
LEAKS = {"en": "leaks", "it": "perde", "ru": "теч"}  # whose story of TYPE this is
CAUSE = "product-production"
MOST = 8


def seed(members: dict[str, User], *, at: datetime) -> None:
    """Without a deadline near, and nothing is sent: the update waits as a draft."""
    manager = User.objects.get(pk=members["manager"].pk)
    calm = Complaint.objects.filter(source=SOURCE, in_queue=True, queue_at__gt=at + QUIET, snoozed_until=None)
    cases = leaking()
    if cases:
        incident = incidents.open_incident(
            by=Actor.person(manager),
            at=at,
            title=TITLE,
            description=ABOUT,
            product=PRODUCT,
            lot=LOT,
            root_cause=catalogue().causes[CAUSE],
            owner=manager,
            complaints=cases,
        )
        incident_updates.write(incident, TEXTS, by=Actor.person(manager), at=at)
    pair = _pair(calm.exclude(pk__in=[one.pk for one in cases]))
    if pair is not None:
        source, into = pair
        reason = "The customer wrote twice about the same parcel."
        merge.merge(source, into=into, by=Actor.person(manager), at=at, reason=reason)


def leaking() -> list[Complaint]:
    """Cases with one cause: what the books tell of leaking machines, the newest. Query cost: 1."""
    subjects = [
        story.subject.format(item=item, order="")
        for language, word in LEAKS.items()
        for story in BOOKS[language].stories
        if story.type == TYPE and word in story.subject
        for item in story.items
    ]
    found = Complaint.objects.filter(source=SOURCE, subject__in=[f"{one[0].upper()}{one[1:]}" for one in subjects])
    return list(found.exclude(status__in=(Status.WITHDRAWN, Status.MERGED)).order_by("-pk")[:MOST])


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
