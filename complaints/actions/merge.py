"""Make one case of two, and two of it again (domain, Complaint 9).

The case that stays takes over the earliest deadlines, the followers, the themes and, from then on, what the customer
says through the other one. Each message stays a row of the case it was written to, so that taking a merge back loses
and moves nothing. `Merge.before` keeps what the other case was.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import models, transaction
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from complaints import errors, routing
from complaints.actions import _base, _promised, handle, holding, telling, themes
from complaints.actions.decide import reopen_locked
from complaints.actions.file import preview
from complaints.models import (
    IN_HAND,
    OPEN,
    CaseTheme,
    Clock,
    ClockEvent,
    Complaint,
    Firing,
    Kind,
    Merge,
    Message,
    Status,
    Watch,
)
from complaints.models.conversation import IN
from complaints.sla import clocks as sla
from complaints.sla import joined, told
from core import notify_words, rows
from core.actor import Actor
from core.errors import DomainError, InvalidInput, NotAllowed
from core.models import NotificationEvent as Event
from core.models import User

for _what, _sentence in (
    ("merged", _("%(other)s is now part of %(reference)s")),
    ("unmerged", _("%(other)s is a case of its own again, no longer part of %(reference)s")),
):
    notify_words.register(Event.FOLLOWED, _what, _sentence)


class AlreadyMerged(DomainError):
    code = "already_merged"
    message = _("This complaint is already merged into another one.")


class MergeIntoItself(DomainError):
    code = "merge_self"
    message = _("A complaint cannot be merged into itself.")


class MergeCycle(DomainError):
    code = "merge_cycle"
    message = _("That complaint is merged into this one already.")


class DifferentCustomer(DomainError):
    code = "different_customer"
    message = _("These are complaints of different customers. Confirm that they belong together.")


class DifferentKind(DomainError):
    code = "different_kind"
    message = _("A complaint cannot become part of an enquiry: it would be counted no more. Merge the other way round.")


class NotLive(DomainError):
    code = "not_live"
    message = _("Imported history and what is kept in quarantine cannot be merged.")


class NotMerged(DomainError):
    code = "not_merged"
    message = _("This complaint is not merged.")


class MergedFurther(DomainError):
    code = "merged_further"
    message = _("The joint case was itself merged into another one. Take that back first.")


class OtherUnseen(NotAllowed):
    code = "other_not_visible"
    message = _("The other complaint belongs to a team whose cases you do not see.")


@transaction.atomic
def merge(
    complaint: Complaint, *, by: Actor, at: datetime, into: Complaint, confirm: bool = False, reason: str = ""
) -> Complaint:
    """`complaint` becomes part of `into` (of the case that one was merged into, if it was). Returns `complaint`.

    `confirm`: they may be of different customers. Raises AlreadyMerged, MergeIntoItself, MergeCycle, AlreadyClosed,
    AlreadyEnded, AlreadyResolved (an open case does not become part of a decided one), NotLive, DifferentKind,
    DifferentCustomer, OtherUnseen; then nothing is written. Query cost: about 25, and 3 for each open clock.
    """
    source, target = _both(complaint, into)
    _refuse_unseen(target, by)
    refuse_unfit(source, target, confirm=confirm)
    source = _base.locked_to_decide(source, by=by, at=at)
    done = Merge(complaint=source, into=target, by=by.user, at=at, reason=reason.strip())
    rows.give_ids(done)
    waits = target.status == Status.WAITING
    clocks, others = _base.clocks_of(source), _base.clocks_of(target)
    due_before = {clock.pk: clock.due_at for clock in others}
    found = joined.join(clocks, others, target, merge=done.pk, waits=waits, at=at)
    followers = _follow(source, target)
    along = list(Complaint.objects.filter(merged_into=source).values_list("pk", flat=True))
    was = {
        "status": str(source.status),
        "in_queue": source.in_queue,
        "owner": source.owner_id,
        "snoozed_until": told.instant(source.snoozed_until),
        "snoozed_by": source.snoozed_by_id,
    }
    moved = told.moved(due_before, found.clocks)
    promises = _promised.join(source, target, at=at)
    themed = _theme(source, target)
    _base.finish(
        target,
        "complaint.merged_here",
        by=by,
        at=at,
        fields=["promise_due_at"],
        changes={
            "from": source.reference,
            "followers": followers,
            **({"deadlines": moved} if moved else {}),
            **_named(themed),
        },
        private={"reason": reason.strip()} if reason.strip() else None,
        clocks=found.clocks,
        also=_tell(target, source, "merged", [target.owner, source.owner], key=f"merged:{done.pk}", by=by, at=at),
    )
    if source.in_queue:
        source.in_queue = False
        routing.release(source.owner_id)
    source.status, source.merged_into = Status.MERGED, target
    source = _base.finish(
        source,
        "complaint.merged",
        by=by,
        at=at,
        fields=["status", "merged_into", "in_queue", "promise_due_at"],
        changes={"status": [was["status"], str(Status.MERGED)], "into": target.reference},
        private={"reason": reason.strip()} if reason.strip() else None,
        clocks=clocks,
    )
    Complaint.objects.filter(pk__in=along).update(merged_into=target, updated_at=at, version=F("version") + 1)
    done.before = {
        **was,
        "cancelled": [clock.pk for clock in found.cancelled],
        "capped": [clock.pk for clock in found.capped],
        "copied": [clock.pk for clock in found.copied],
        "followers": followers,
        "along": along,
        "promises": promises,
        "themes": [one.theme_id for one in themed],
    }
    rows.insert([done])
    return source


@transaction.atomic
def unmerge(complaint: Complaint, *, by: Actor, at: datetime) -> Complaint:
    """Both cases are again what they were, each with what came to it meanwhile. Returns `complaint`.

    It gets back its status, owner (or who stands in for one who left), place in the queue and deadlines; those that
    passed meanwhile are breaches at their instant. What the customer wrote through it ends its waiting. The other case
    goes back to its own deadlines; terms that were changed since are kept. Raises NotMerged, MergedFurther,
    OtherUnseen. Query cost: about 30, and 3 for each clock.
    """
    done = Merge.objects.filter(complaint=complaint, undone_at__isnull=True).select_related("into").first()
    if done is None:
        raise NotMerged
    source, target = _in_order(complaint.pk, done.into_id)
    done = Merge.objects.select_for_update().get(pk=done.pk)
    if done.undone_at is not None:
        raise NotMerged
    if target.status == Status.MERGED:
        raise MergedFurther
    _refuse_unseen(target, by)
    was = done.before
    source.in_queue = was["in_queue"]
    if source.in_queue:
        source.owner = _owner(source, at=at)
    moved = was.get("promises", ())
    _promised.part(source, target, along=was["along"], moved=moved, at=at)
    kept = _give_back(target, source, done, by=by, at=at)
    clocks = _base.clocks_of(source)
    joined.restore([clock for clock in clocks if clock.pk in was["cancelled"]], at=at)
    source.status, source.merged_into = Status(was["status"]), None
    _waited_no_more(source, clocks, since=done.at)
    if source.in_queue:
        routing.take(source.owner, at=at)
    moved = ["owner"] if source.owner_id != was["owner"] else []
    until = datetime.fromisoformat(was["snoozed_until"]) if was["snoozed_until"] else None
    if until is not None and until > at:
        source.snoozed_until, source.snoozed_by_id = until, was["snoozed_by"]
    source = _base.finish(
        source,
        "complaint.unmerged",
        by=by,
        at=at,
        fields=["status", "merged_into", "in_queue", "snoozed_until", "snoozed_by", "promise_due_at", *moved],
        changes={
            "status": [str(Status.MERGED), str(source.status)],
            "from": target.reference,
            "owner": [was["owner"], source.owner_id],
            **({"kept": kept} if kept else {}),
        },
        clocks=clocks,
    )
    Complaint.objects.filter(pk__in=was["along"]).update(merged_into=source, updated_at=at, version=F("version") + 1)
    done.undone_at, done.undone_by = at, by.user
    done.save(update_fields=["undone_at", "undone_by"])
    return source


def refuse_unfit(source: Complaint, target: Complaint, *, confirm: bool = False) -> None:
    """Raises why the one cannot become part of the other (see `merge`). No query."""
    if source.pk == target.pk:
        raise MergeIntoItself(field="into")
    if source.status == Status.MERGED:
        raise AlreadyMerged
    for one in (source, target):
        _base.refuse_unless_live(one)
        if one.is_history or one.is_quarantined or one.status not in IN_HAND:
            raise NotLive
    if target.status == Status.RESOLVED and source.status in OPEN:
        raise errors.AlreadyResolved(
            _("The other complaint is decided already. Reopen it first, or merge the other way round."), field="into"
        )
    if source.kind == Kind.COMPLAINT and target.kind == Kind.ENQUIRY:
        raise DifferentKind(field="into")
    if source.customer_id != target.customer_id and not confirm:
        raise DifferentCustomer(field="confirm")


def heard(complaint: Complaint, got: Message, *, by: Actor, at: datetime) -> Complaint | None:
    """The customer wrote through a merged case: the joint case acts on it. Returns that, None if there is none.

    It ends the waiting, reopens what was closed lately, and the owner is told. The caller holds `complaint` locked and
    has kept the message there.
    """
    from complaints.actions.converse import REOPENS_WITHIN

    if complaint.status != Status.MERGED or complaint.merged_into_id is None:
        return None
    head = _base.locked(Complaint(pk=complaint.merged_into_id))
    holding.hold_later(head, code=holding.CUSTOMER_WROTE, by=by, at=at)
    before, clocks, fields = head.status, None, ["preview"]
    head.preview = preview(got.body)
    if head.status == Status.WAITING:
        clocks = handle.resume_clocks(head, at=at)
        fields.append("status")
    ended_at = head.closed_at or head.resolved_at
    recent = ended_at is not None and at - ended_at <= REOPENS_WITHIN
    if head.status == Status.CLOSED and recent and not head.is_history:
        head = reopen_locked(head, by=by, at=at, reason="customer_answered")
    return _base.finish(
        head,
        "complaint.message_received",
        by=by,
        at=at,
        fields=fields,
        changes={
            "message": got.pk,
            "through": complaint.reference,
            "status": [str(before), str(head.status)],
        },
        clocks=clocks,
        also=telling.answered(head, got, by=by, at=at),
    )


def whole(complaint: Complaint) -> models.QuerySet[Complaint]:
    """The case and those merged into it, for a subquery: what was said with the customer about it was said there."""
    return Complaint.objects.filter(Q(pk=complaint.pk) | Q(merged_into=complaint.pk)).values("pk")  # type: ignore[return-value]


def of_same_customer(complaint: Complaint) -> models.QuerySet[Complaint]:
    """Those of `whole` that the customer of the case may read: their own."""
    own = Q(pk=complaint.pk)
    if complaint.customer_id is not None:
        own |= Q(merged_into=complaint.pk, customer=complaint.customer_id)
    return Complaint.objects.filter(own).values("pk")  # type: ignore[return-value]


def target_by_reference(reference: str, user: User | None) -> Complaint:
    """The case to merge into, as somebody names it. Raises InvalidInput alike for what is missing and not theirs."""
    known = Complaint.objects.all() if user is None else Complaint.objects.visible_to(user)
    found: Complaint | None = known.filter(reference=reference.strip().upper()).first()
    if found is None:
        raise InvalidInput(_("There is no such complaint."), code="unknown_complaint", field="into")
    return found


def _both(complaint: Complaint, into: Complaint) -> tuple[Complaint, Complaint]:
    """Both cases locked; `into` by the case it was merged into. Raises MergeIntoItself, MergeCycle, AlreadyMerged."""
    if complaint.pk == into.pk:
        raise MergeIntoItself(field="into")
    source, target = _in_order(complaint.pk, into.pk)
    if source.status == Status.MERGED:
        raise AlreadyMerged
    if target.merged_into_id is not None:
        if target.merged_into_id == source.pk:
            raise MergeCycle(field="into")
        source, target = _in_order(source.pk, target.merged_into_id)
    return source, target


def _in_order(source: int, target: int) -> tuple[Complaint, Complaint]:
    """Two rows locked in the order of their keys, so that two people merging both ways never wait in a circle."""
    found = {
        one.pk: one for one in Complaint.objects.filter(pk__in=(source, target)).order_by("pk").select_for_update()
    }
    return found[source], found[target]


def _refuse_unseen(target: Complaint, by: Actor) -> None:
    if by.user is not None and not Complaint.objects.visible_to(by.user).filter(pk=target.pk).exists():
        raise OtherUnseen


def _follow(source: Complaint, target: Complaint) -> list[int]:
    """Who owned or followed the one follows the other too; the keys of those who did not before."""
    known = {*Watch.objects.filter(complaint=target).values_list("user_id", flat=True), target.owner_id}
    wanted = {*Watch.objects.filter(complaint=source).values_list("user_id", flat=True), source.owner_id} - known
    users = [user.pk for user in User.objects.filter(pk__in=wanted, is_active=True).order_by("pk") if user.sees_cases]
    rows.insert(Watch(complaint=target, user_id=pk) for pk in users)
    return users


def _theme(source: Complaint, target: Complaint) -> list[CaseTheme]:
    """What recurs in the one recurs in the joint case, as tagged there, as far as there is room. Those it had not.

    The other case keeps its own for when it is one again; merged cases count in no figure. Query cost: 1, and 2 more
    where it has any.
    """
    found = list(_themes_of(source))
    had = set(_themes_of(target).values_list("theme", flat=True)) if found else set()
    new = [one for one in found if one.theme_id not in had][: max(themes.MOST - len(had), 0)]
    rows.insert(CaseTheme(complaint=target, theme=one.theme, by_id=one.by_id, at=one.at) for one in new)
    return new


def _themes_of(complaint: Complaint) -> models.QuerySet[CaseTheme]:
    return CaseTheme.objects.filter(complaint=complaint).select_related("theme").order_by("pk")


def _named(themed: list[CaseTheme]) -> dict[str, list[str]]:
    return {"themes": sorted(one.theme.code for one in themed)} if themed else {}


def _give_back(target: Complaint, source: Complaint, done: Merge, *, by: Actor, at: datetime) -> list[str]:
    """The joint case goes back to its own deadlines and followers. Returns the kinds of clocks whose terms were
    changed since, and are kept."""
    was, clocks = done.before, _base.clocks_of(target)
    due_before = {clock.pk: clock.due_at for clock in clocks}
    waits = target.status == Status.WAITING
    capped = [clock for clock in clocks if clock.pk in was["capped"]]
    kept = sorted({told.name_of(clock) for clock in joined.part(capped, merge=done.pk, waits=waits, at=at)})
    _drop([clock for clock in clocks if clock.pk in was["copied"]])
    clocks = [clock for clock in clocks if clock.pk not in was["copied"]]
    Watch.objects.filter(complaint=target, user__in=was["followers"]).exclude(user=target.owner_id).delete()
    themed = list(_themes_of(target).filter(theme__in=was.get("themes", ())))
    CaseTheme.objects.filter(pk__in=[one.pk for one in themed]).delete()
    moved = told.moved(due_before, clocks)
    _base.finish(
        target,
        "complaint.unmerged_here",
        by=by,
        at=at,
        fields=["promise_due_at"],
        changes={
            "complaint": source.reference,
            **({"deadlines": moved} if moved else {}),
            **({"kept": kept} if kept else {}),
            **_named(themed),
        },
        clocks=clocks,
        also=_tell(target, source, "unmerged", [target.owner, source.owner], key=f"unmerged:{done.pk}", by=by, at=at),
    )
    return kept


def _drop(copies: Iterable[Clock]) -> None:
    """Copies of the other case's clocks go: their story stands on the clocks they were copied from."""
    keys = [clock.pk for clock in copies]
    if keys:
        Firing.objects.filter(clock__in=keys).delete()
        ClockEvent.objects.filter(clock__in=keys).delete()
        Clock.objects.filter(pk__in=keys).delete()


def _waited_no_more(source: Complaint, clocks: list[Clock], *, since: datetime) -> None:
    """The case waited on the customer, who wrote through it while it was merged: that ended the waiting then."""
    if source.status != Status.WAITING:
        return
    wrote = source.messages.filter(direction=IN, created_at__gte=since).order_by("created_at").first()
    if wrote is not None:
        source.status = Status.INVESTIGATING
        for clock in clocks:
            sla.resume(clock, at=max(wrote.at, since))


def _owner(source: Complaint, *, at: datetime) -> User:
    """The owner as before, or who takes over from one who left meanwhile."""
    owner: User = source.owner
    return owner if routing.hold(owner) else routing.successor(source, at=at)


def _tell(
    target: Complaint, source: Complaint, what: str, users: Iterable[User], *, key: str, by: Actor, at: datetime
) -> list[models.Model]:
    words = telling.about(target, by=by, what=what, other=source.reference)
    return telling.tell(users, Event.FOLLOWED, target, key=key, words=words, by=by, at=at)
