"""Give something to put a complaint right, or ask somebody with more authority for it (mission A7; cases F26, F33).

What is granted is added up and written under the locks of `complaints.authority.locks`; the database looks again
(`complaints.authority.guard`). Lock order for who touches payouts too: the case first, then the payout.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import models, transaction
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from complaints import errors
from complaints.actions import _base, remedy_asking, remedy_effects, telling
from complaints.authority import approving, locks, refusals, rooms, versions
from complaints.models import Complaint, Remedy, RemedyKind, RemedyStatus
from core import dates, money, notify_words
from core.actor import Actor
from core.errors import InvalidInput, NotAllowed
from core.models import NotificationEvent as Event
from core.models import User
from retention.models import Charge

MOST_WORDS = 2_000

for _what, _sentence in (  # with a value, with points, with neither
    ("asked", gettext_lazy("%(who)s asks you to approve a remedy on %(reference)s: %(remedy)s")),
    ("asked_points", gettext_lazy("%(who)s asks you to approve goodwill points on %(reference)s: %(remedy)s")),
    ("asked_plain", gettext_lazy("%(who)s asks you to approve a remedy on %(reference)s")),
    ("approved", gettext_lazy("%(who)s approved the remedy you asked for on %(reference)s: %(remedy)s")),
    (
        "approved_points",
        gettext_lazy("%(who)s approved the goodwill points you asked for on %(reference)s: %(remedy)s"),
    ),
    ("approved_plain", gettext_lazy("%(who)s approved the remedy you asked for on %(reference)s")),
    ("rejected", gettext_lazy("%(who)s did not approve the remedy you asked for on %(reference)s: %(remedy)s")),
    (
        "rejected_points",
        gettext_lazy("%(who)s did not approve the goodwill points you asked for on %(reference)s: %(remedy)s"),
    ),
    ("rejected_plain", gettext_lazy("%(who)s did not approve the remedy you asked for on %(reference)s")),
):
    notify_words.register(Event.APPROVAL, _what, _sentence)


@transaction.atomic
def ask(
    complaint: Complaint,
    *,
    by: Actor,
    at: datetime,
    kind: str,
    amount: Decimal | None,
    currency: str = "",
    description: str = "",
    reason: str = "",
    charge: Charge | None = None,
) -> Remedy:
    """Grant it where it lies within what `by` may grant, else ask for approval; the status of the answer says which.

    `amount` in the currency's own decimals; of points a whole number without a currency. `charge`: what a refund gives
    back. Raises InvalidInput (see `remedy_asking`), NotAllowed, AlreadyClosed, AlreadyEnded, CustomerRequired,
    CapReached, OtherCurrency, AboveOrderValue, UnknownCharge. Query cost: about 25.
    """
    user = _person(by)
    amount, currency = remedy_asking.checked(kind, amount, currency)
    description, reason = remedy_asking.words(kind, description, reason)
    remedy_asking.refuse_charge_unless_refund(kind, charge)
    locks.hold_limits()
    complaint = _case(complaint.pk, kind)
    _base.refuse_unless_live(complaint)
    _refuse_without_customer(complaint, kind)
    locks.sums(customer=complaint.customer_id, person=user.pk, charge=charge.pk if charge is not None else None)
    remedy_asking.refuse_above_value(complaint, kind, amount, currency, charge)
    remedy = Remedy(
        complaint=complaint,
        kind=kind,
        status=RemedyStatus.AWAITING,
        amount=amount,
        currency=currency,
        description=description,
        reason=reason,
        charge=charge,
        requested_by=user,
        requested_at=at,
        updated_at=at,
    )
    book = versions.read()
    room = approving.authority_over(user, remedy, at=at, book=book)
    if room.capped(amount):
        raise refusals.CapReached
    if room.permits(amount):
        return _grant(remedy, room, by=by, at=at, within=True, kind="complaint.remedy_granted", words=reason)
    remedy.save(force_insert=True)
    told = approving.approvers(remedy, complaint, at=at, book=book)
    _note(remedy, "complaint.remedy_requested", by=by, at=at, words=reason, also=_tell(remedy, told, "asked", by, at))
    return remedy


@transaction.atomic
def approve(remedy: Remedy, *, by: Actor, at: datetime, note: str = "") -> Remedy:
    """Grant what somebody else asked for, within one's own limit as it is now.

    Raises OwnRequest, AlreadyDecided, AlreadyClosed, AlreadyEnded, AboveAuthority, CapReached, CustomerRequired,
    AboveOrderValue (409). Query cost: about 25.
    """
    user = _person(by)
    note = _said(note, "note")
    locks.hold_limits()
    remedy = _locked(remedy)
    complaint = remedy.complaint
    _refuse_own(remedy, user)
    _refuse_decided(remedy)
    _base.refuse_unless_live(complaint.merged_into or complaint)
    _refuse_without_customer(complaint, remedy.kind)
    locks.sums(customer=complaint.customer_id, person=user.pk, charge=remedy.charge_id)
    room = approving.authority_over(user, remedy, at=at, book=versions.read())
    if not room.permits(remedy.amount):
        raise refusals.AboveAuthority
    if room.capped(remedy.amount):
        raise refusals.CapReached
    remedy_asking.refuse_approval_above_value(remedy)
    remedy.decided_note = note
    done = _grant(
        remedy,
        room,
        by=by,
        at=at,
        within=False,
        kind="complaint.remedy_approved",
        words=note,
        also=_tell(remedy, [remedy.requested_by], "approved", by, at),
    )
    return done


@transaction.atomic
def reject(remedy: Remedy, *, by: Actor, at: datetime, reason: str) -> Remedy:
    """Do not grant what somebody else asked for, and say why; by who could grant as much, were nothing granted yet.

    Raises InvalidInput reason_required, OwnRequest, AlreadyDecided, AboveAuthority.
    """
    user = _person(by)
    reason = _said(reason, "reason", required=True)
    remedy = _locked(remedy)
    _refuse_own(remedy, user)
    _refuse_decided(remedy)
    if not approving.could_decide(user, remedy, book=versions.read()):
        raise refusals.AboveAuthority
    remedy.status, remedy.decided_note = RemedyStatus.REJECTED, reason
    _decided(remedy, user, at)
    _save(remedy, at=at)
    also = _tell(remedy, [remedy.requested_by], "rejected", by, at)
    _note(remedy, "complaint.remedy_rejected", by=by, at=at, words=reason, also=also)
    return remedy


@transaction.atomic
def withdraw(remedy: Remedy, *, by: Actor, at: datetime, reason: str = "") -> Remedy:
    """It is not wanted any more; by who asked for it. Raises NotAllowed, AlreadyDecided, InvalidInput too_long."""
    user = _person(by)
    reason = _said(reason, "reason")
    remedy = _locked(remedy)
    if remedy.requested_by_id != user.pk:
        raise NotAllowed(_("Only the one who asked for it can withdraw it."))
    _refuse_decided(remedy)
    remedy.status = RemedyStatus.WITHDRAWN
    remedy.undone_by, remedy.undone_at, remedy.undone_note = user, at, reason
    _save(remedy, at=at)
    _note(remedy, "complaint.remedy_withdrawn", by=by, at=at, words=reason)
    return remedy


@transaction.atomic
def revoke(remedy: Remedy, *, by: Actor, at: datetime, reason: str) -> Remedy:
    """Take back what was granted, before it is paid; by who granted it, or who could grant as much.

    It counts in no sum any more; a payout not yet with finance is cancelled, points are taken off again. Raises
    InvalidInput reason_required, NotGranted, NotAllowed, PaidOut, and what the ledger says when points are spent.
    """
    user = _person(by)
    reason = _said(reason, "reason", required=True)
    remedy = _locked(remedy)
    if remedy.status != RemedyStatus.GRANTED:
        raise refusals.NotGranted
    if remedy.decided_by_id != user.pk and not approving.could_decide(user, remedy, book=versions.read()):
        raise NotAllowed(_("Only who granted it, or somebody who could, can take it back."))
    remedy_effects.undo(remedy, by=by, at=at, reason=reason)
    remedy.status = RemedyStatus.REVOKED
    remedy.undone_by, remedy.undone_at, remedy.undone_note = user, at, reason
    _save(remedy, at=at)
    _note(remedy, "complaint.remedy_revoked", by=by, at=at, words=reason)
    return remedy


def _grant(
    remedy: Remedy,
    room: rooms.Room,
    *,
    by: Actor,
    at: datetime,
    within: bool,
    kind: str,
    words: str,
    also: list[models.Model] | None = None,
) -> Remedy:
    remedy.status, remedy.within_authority = RemedyStatus.GRANTED, within
    remedy.authority_id = room.line.id if room.line is not None else None
    _decided(remedy, by.user, at)
    if remedy.pk is None:
        remedy.save(force_insert=True)
    else:
        _save(remedy, at=at)
    remedy_effects.carry_out(remedy, by=by, at=at)
    _note(remedy, kind, by=by, at=at, words=words, also=also)
    return remedy


def _decided(remedy: Remedy, user: User, at: datetime) -> None:
    remedy.decided_by, remedy.decided_at, remedy.decided_on = user, at, dates.of_house(at)


def _save(remedy: Remedy, *, at: datetime) -> None:
    remedy.version += 1
    remedy.updated_at = at
    remedy.save()


def _note(
    remedy: Remedy,
    kind: str,
    *,
    by: Actor,
    at: datetime,
    words: str = "",
    also: list[models.Model] | None = None,
) -> None:
    """The entry on the trail of the case, which names the customer."""
    told = facts(remedy)
    if kind == "complaint.remedy_granted" and remedy.charge_id is not None:
        told["charge"] = remedy.charge_id
    private = {name: text for name, text in (("reason", words), ("description", remedy.description)) if text}
    _base.finish(remedy.complaint, kind, by=by, at=at, changes=told, private=private or None, also=also or ())


def facts(remedy: Remedy) -> dict[str, Any]:
    """What the trail says of it."""
    return {"remedy": remedy.pk, "kind": remedy.kind, **amount_of(remedy)}


def amount_of(remedy: Remedy) -> Mapping[str, str]:
    """Its value as the trail and the API write it: exact strings; nothing without a value."""
    if remedy.amount is None:
        return {}
    if not remedy.currency:
        return {"points": f"{remedy.amount:.0f}"}
    return {"amount": money.shown(remedy.amount, remedy.currency), "currency": remedy.currency}


def _tell(remedy: Remedy, users: list[User], said: str, by: Actor, at: datetime) -> list[models.Model]:
    value = amount_of(remedy)
    shown = f"{value['amount']} {value['currency']}" if "amount" in value else value.get("points", remedy.description)
    manner = "_points" if "points" in value else "" if shown else "_plain"
    words = telling.about(remedy.complaint, by=by, what=said + manner, remedy=shown, kind=remedy.kind)
    key = f"remedy:{remedy.pk}:{said}"
    leads_to = f"{reverse('approvals')}#remedy-{remedy.pk}" if said == "asked" else ""
    return telling.tell(users, Event.APPROVAL, remedy.complaint, key=key, words=words, by=by, at=at, url=leads_to)


def _case(pk: int, kind: str) -> Complaint:
    """The case locked; where points are at stake the customer's row before it. Raises Stale when the case got another
    customer meanwhile."""
    if kind != RemedyKind.POINTS:
        return locks.case(pk)
    customer = Complaint.objects.filter(pk=pk).values_list("customer", flat=True).get()
    locks.account(customer)
    complaint = locks.case(pk)
    if complaint.customer_id != customer:
        raise errors.Stale
    return complaint


def _refuse_without_customer(complaint: Complaint, kind: str) -> None:
    if kind == RemedyKind.POINTS and complaint.customer_id is None:
        raise refusals.CustomerRequired


def _locked(remedy: Remedy) -> Remedy:
    """As it is now; its case is locked, which every change of a remedy does first."""
    complaint = _case(remedy.complaint_id, remedy.kind)
    found = Remedy.objects.select_for_update(of=("self",)).select_related("requested_by").get(pk=remedy.pk)
    found.complaint = complaint
    return found


def _refuse_own(remedy: Remedy, user: User) -> None:
    if remedy.requested_by_id == user.pk:
        raise refusals.OwnRequest


def _refuse_decided(remedy: Remedy) -> None:
    if remedy.status != RemedyStatus.AWAITING:
        raise refusals.AlreadyDecided


def _person(by: Actor) -> User:
    if not isinstance(by.user, User):
        raise NotAllowed(_("Only people grant remedies."))
    return by.user


def _said(text: str, field: str, *, required: bool = False) -> str:
    text = text.strip()
    if required and not text:
        raise InvalidInput(_("Say why."), code="reason_required", field=field)
    if len(text) > MOST_WORDS:
        raise InvalidInput(_("This is too long."), code="too_long", field=field)
    return text
