"""Take the demo away again: what carries its mark, and nothing else.

Complaints go by `source`, customers by their external id's source, people and teams by name and address. The trail
is append-only, for a purge too: its entries stay, so that every chain and every anchor still verifies; their personal
text is erased, and one entry on the organisation says what was taken away. What real records lean on (a real
customer's complaint once handled by a demo agent) stays, switched off.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime

from django.db import models, transaction
from django.db.models import ProtectedError, Q

from complaints import routing
from complaints.actions import attachments, manage
from complaints.demo import (
    SOURCE,
    cast,
    conversation,
    deciding,
    desk,
    knowledge,
    learning,
    linking,
    ownership,
    payouts,
    promises,
    remedies,
    words,
)
from complaints.models import (
    Attachment,
    BulkRow,
    Clock,
    ClockEvent,
    Complaint,
    Firing,
    Message,
    Narrative,
    Note,
    RoutingRule,
    StepDone,
    Watch,
)
from core import cached, trail
from core.actor import Actor
from core.errors import DomainError
from core.models import Organisation, OutboxMessage, Team, TrailEntry, User
from retention.actions import follow_ups
from retention.demo import purge as customers_purge
from retention.demo.purge import delete
from retention.models import Customer, FollowUp

BATCH = 2_000


class StillNeeded(DomainError):
    """Real complaints in hand, or calls to real customers, are owned by people of the demo; somebody has to take them
    over first."""

    code = "owner_required"

    def __init__(self, count: int) -> None:
        self.count = count
        super().__init__()


@dataclass(slots=True)
class Purged:
    """What was taken away; `kept`: demo people and teams that real records still name."""

    complaints: int = 0
    customers: int = 0
    users: int = 0
    teams: int = 0
    handed_over: int = 0
    kept: int = 0


def purge(
    *, by: Actor, at: datetime, heir: User | None = None, after_batch: Callable[[int], None] = lambda done: None
) -> Purged:
    """Remove all demo data. Batches of complaints are committed one by one: cut off, the next call goes on.

    `heir` takes over real complaints in hand of demo people. Raises StillNeeded without one.
    """
    people = list(cast.users().values())
    done = Purged()
    customers_purge.marks_back()
    done.handed_over = _hand_over(people, heir, by=by, at=at)
    while keys := list(Complaint.objects.filter(source=SOURCE).order_by("pk").values_list("pk", flat=True)[:BATCH]):
        _complaints(keys)
        done.complaints += len(keys)
        after_batch(done.complaints)
    customers_purge.made_up()
    free = Customer.objects.filter(external_ids__source=SOURCE, merged_from__isnull=True)
    for needed in ("complaints", "purchases", "charges", "payments"):
        free = free.filter(**{f"{needed}__isnull": True})
    while keys := list(free.order_by("pk").values_list("pk", flat=True).distinct()[:BATCH]):
        customers_purge.customers(keys)
        done.customers += len(keys)
    _settings(people, done, by=by, at=at)
    cached.clear_all()
    routing.recount()
    return done


def refuse_while_needed(heir: User | None) -> None:
    """Raises StillNeeded while there is something real to be taken over and nobody to do it."""
    people = list(cast.users().values())
    if (heir is None or heir in people) and (count := _complaints_of(people).count() + _calls_of(people).count()):
        raise StillNeeded(count)


def _complaints_of(people: list[User]) -> models.QuerySet[Complaint]:
    return Complaint.objects.filter(owner__in=people, in_queue=True).exclude(source=SOURCE)


def _calls_of(people: list[User]) -> models.QuerySet[FollowUp]:
    """Calls to be made to real customers about nothing of the demo."""
    about_us = Q(customer__external_ids__source=SOURCE) | Q(
        complaint_reference__in=Complaint.objects.filter(source=SOURCE).values("reference")
    )
    return FollowUp.objects.open().filter(owner__in=people).exclude(about_us)


@transaction.atomic
def _hand_over(people: list[User], heir: User | None, *, by: Actor, at: datetime) -> int:
    refuse_while_needed(heir)
    if heir is None or heir in people:
        return 0
    complaints, calls = list(_complaints_of(people)), list(_calls_of(people))
    for complaint in complaints:
        manage.assign(complaint, by=by, at=at, owner=heir, reason="The demo is taken away")
    for call in calls:
        follow_ups.reassign(call, by=by, at=at, owner=heir)
    return len(complaints) + len(calls)


@transaction.atomic
def _complaints(keys: list[int]) -> None:
    """A batch with everything below it. Statements, not objects: nothing hooks into a deletion here."""
    clocks = Clock.objects.filter(complaint_id__in=keys)
    clock_keys = list(clocks.values_list("pk", flat=True))
    for of_clock in (Firing, ClockEvent):
        delete(of_clock._default_manager.filter(clock_id__in=clock_keys))
    attachments.erase(Attachment.objects.filter(complaint_id__in=keys))
    deciding.purge_cases(keys)
    ownership.purge_cases(keys)
    payouts.purge_cases(keys)
    remedies.purge_cases(keys)
    promises.purge_cases(keys)
    linking.purge_cases(keys)
    learning.purge_cases(keys)
    conversation.purge_cases(keys)
    # the narrative first: with it goes what the complaint is searched by, so that nothing is kept up for the rest
    for of_complaint in (Narrative, BulkRow, Clock, Message, Note, Watch, StepDone):
        delete(of_complaint._default_manager.filter(complaint_id__in=keys))
    references = Complaint.objects.filter(pk__in=keys).values("reference")
    customers_purge.calls(FollowUp.objects.filter(complaint_reference__in=references))
    delete(OutboxMessage.objects.filter(subject_kind="complaint", subject_id__in=keys))
    Complaint.objects.filter(merged_into__in=keys).update(merged_into=None)
    delete(Complaint.objects.filter(pk__in=keys))
    _forget("complaint", keys)


def _forget(subject_kind: str, keys: list[int]) -> None:
    """Erase the personal text of their trail; the sealed part stays."""
    entries = TrailEntry.objects.filter(subject_kind=subject_kind, subject_id__in=keys)
    entries.exclude(private="").update(private="")


@transaction.atomic
def _settings(people: list[User], done: Purged, *, by: Actor, at: datetime) -> None:
    """Rules, teams and people, and the organisation's name."""
    teams = list(
        Team.objects.filter(name__in={member.leads for member in cast.MEMBERS if member.leads}, lead__in=people)
    )
    RoutingRule.objects.filter(team__in=teams).delete()
    row = Organisation.objects.select_for_update().get(pk=1)
    if row.default_owner in people:
        row.default_owner = None
    if row.name == cast.ORGANISATION:
        row.name = cast.UNNAMED
    row.save(update_fields=["default_owner", "name"])
    attachments.erase(Attachment.objects.filter(uploaded_by__in=people).exclude(draft=""))
    desk.purge(people)
    knowledge.purge(people)
    words.purge(people)
    ownership.purge(people)
    remedies.purge(people)
    payouts.purge(people)
    linking.purge(people)
    learning.purge(people)
    User.objects.filter(pk__in=[user.pk for user in people]).update(team=None, deputy=None)
    for team in teams:
        gone = _gone(team)
        done.teams += gone
        if not gone:
            done.kept += 1
            Team.objects.filter(pk=team.pk).update(is_active=False)
    for user in people:
        key = user.pk
        gone = _gone(user)
        done.users += gone
        if not gone:
            done.kept += 1
            user.set_unusable_password()
            user.is_active = False
            user.save(update_fields=["password", "is_active"])
        else:
            _forget("user", [key])
    if people or done.complaints:
        trail.append(row, "demo.purged", by=by, at=at, changes=asdict(done))


def _gone(row: models.Model) -> bool:
    try:
        with transaction.atomic():
            row.delete()
    except ProtectedError:
        return False
    return True
