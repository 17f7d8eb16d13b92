"""The money of granted refunds and credits: handed to finance once, confirmed once (mission A7; cases F26, F27).

Lock order: exports wait for each other - the cases, by key - their payouts - the customer. The database lets one
payment be made of a payout, whoever writes it (`payout:<id>` is unique among the payments of this source), and one more
for each that came back (`payout:<id>:2`), which a payment the other way takes back (`payout:<id>:returned:1`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.db import connection, models, transaction
from django.db.models import F, Max
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from complaints import errors
from complaints.actions import _base, telling
from complaints.authority import locks
from complaints.models import Complaint, Payout, PayoutExport, PayoutLine, PayoutReturn, PayoutState, Remedy
from core import money, notify_words, rows, trail
from core.actor import Actor
from core.errors import InvalidInput
from core.models import NotificationEvent as Event
from retention.actions import charges
from retention.models import Charge, ExternalId, Payment

OUTSTANDING = (PayoutState.DUE, PayoutState.FAILED)  # goes out with the next export
WITH_FINANCE = (PayoutState.EXPORTED, PayoutState.FAILED)  # finance knows of it, also when it did not work at first
SOURCE = "amends"  # of the payments made here
REFERENCE, REASON = 120, 200
EXPORTING = 77_005  # first key of pg_advisory_xact_lock, as those of complaints.authority.locks

notify_words.register(
    Event.APPROVAL,
    "payout_failed",
    gettext_lazy("Finance could not pay %(remedy)s on %(reference)s: %(reason)s"),
)
notify_words.register(
    Event.APPROVAL,
    "payout_returned",
    gettext_lazy("The bank sent back %(remedy)s on %(reference)s: %(reason)s"),
)


@transaction.atomic
def export(*, by: Actor, at: datetime) -> PayoutExport:
    """Hand everything that is due or has failed to finance: one numbered file, nothing in it twice.

    Raises NothingToPay. Query cost: about 15, whatever the number of payouts.
    """
    _one_at_a_time()
    found = Payout.objects.filter(state__in=OUTSTANDING)
    cases = sorted(set(found.values_list("remedy__complaint", flat=True)))
    known = {one.pk: one for one in Complaint.objects.filter(pk__in=cases).order_by("pk").select_for_update()}
    due = list(
        found.filter(remedy__complaint__in=cases)
        .select_for_update(of=("self",))
        .select_related("remedy__charge", "remedy__complaint__customer")
        .order_by("pk")
    )
    if not due:
        raise errors.NothingToPay
    last = PayoutExport.objects.aggregate(last=Max("number"))["last"] or 0
    made = PayoutExport.objects.create(number=last + 1, at=at, by=by.user)
    PayoutLine.objects.bulk_create(_lines(made, due), batch_size=1_000)
    keys = [one.pk for one in due]
    Payout.objects.filter(pk__in=keys).update(
        state=PayoutState.EXPORTED, export=made, failure="", updated_at=at, version=F("version") + 1
    )
    Remedy.objects.filter(payout__in=keys).update(updated_at=at)
    Complaint.objects.filter(pk__in=cases).update(updated_at=at, version=F("version") + 1)
    rows.insert(_entries(made, due, known, by=by, at=at))
    return made


@transaction.atomic
def confirm(payout: Payout, *, by: Actor, at: datetime, paid_on: date, reference: str) -> Payout:
    """Finance has paid it: the customer gets a payment below zero, once. Saying the same again changes nothing.

    `paid_on`: local date; `reference`: what finance calls the transfer. Raises NotWithFinance, AlreadyPaid,
    CameBack, InvalidInput (required, too_long, before_granted), InTheFuture. Query cost: about 20.
    """
    reference = _said(reference, "reference", REFERENCE, _("What does finance call the transfer?"))
    payout = _locked(payout)
    if payout.state == PayoutState.PAID:
        if (payout.paid_on, payout.reference) == (paid_on, reference):
            return payout
        raise errors.AlreadyPaid
    if payout.state not in WITH_FINANCE:
        raise errors.NotWithFinance
    if payout.remedy.decided_on is not None and paid_on < payout.remedy.decided_on:
        raise InvalidInput(_("It was granted after that."), code="before_granted", field="paid_on")
    charges.refuse_future(paid_on, "paid_on", by=by, at=at)
    if payout.returns.filter(paid_on=paid_on, reference=reference).exists():
        raise errors.CameBack
    payout.payment = _pay(payout, paid_on, by=by, at=at)
    payout.state, payout.paid_on, payout.reference, payout.failure = PayoutState.PAID, paid_on, reference, ""
    facts = {"paid_on": paid_on.isoformat(), "payment": payout.payment_id}
    _finish(payout, "complaint.payout_paid", by=by, at=at, facts=facts, private={"reference": reference})
    return payout


@transaction.atomic
def fail(payout: Payout, *, by: Actor, at: datetime, reason: str) -> Payout:
    """Finance could not pay it; the owner of the case is told, and it goes out again with the next export.

    Saying the same again changes nothing. Raises NotWithFinance, AlreadyPaid, InvalidInput reason_required, too_long.
    Query cost: about 12.
    """
    reason = _said(reason, "reason", REASON, _("Say why."), code="reason_required")
    payout = _locked(payout)
    if payout.state == PayoutState.PAID:
        raise errors.AlreadyPaid
    if payout.state not in WITH_FINANCE:
        raise errors.NotWithFinance
    if payout.state == PayoutState.FAILED:
        if payout.failure == reason:
            return payout
        raise errors.AlreadyFailed
    payout.state, payout.failure = PayoutState.FAILED, reason
    complaint = payout.remedy.complaint
    words = telling.about(complaint, by=by, what="payout_failed", remedy=_value(payout), reason=reason)
    key = f"payout:{payout.pk}:failed:{payout.version + 1}"
    told = telling.tell([complaint.owner], Event.APPROVAL, complaint, key=key, words=words, by=by, at=at)
    _finish(payout, "complaint.payout_failed", by=by, at=at, facts={}, private={"reason": reason}, also=told)
    return payout


@transaction.atomic
def take_back(payout: Payout, *, by: Actor, at: datetime, returned_on: date, reason: str) -> Payout:
    """The bank sent back what finance had paid: the customer's payment is balanced by one the other way, the remedy
    stands, and the payout has failed: it goes out again with the next export. The owner of the case is told.

    Saying the same again changes nothing. `returned_on`: local date. Raises NotPaid, InTheFuture, InvalidInput
    (reason_required, too_long, before_paid). Query cost: about 20.
    """
    reason = _said(reason, "reason", REASON, _("Say why."), code="reason_required")
    payout = _locked(payout)
    before = list(payout.returns.all())
    if payout.state != PayoutState.PAID or payout.paid_on is None:
        if before and (before[-1].returned_on, before[-1].reason) == (returned_on, reason):
            return payout
        raise errors.NotPaid
    if returned_on < payout.paid_on:
        raise InvalidInput(_("It was paid after that."), code="before_paid", field="returned_on")
    charges.refuse_future(returned_on, "returned_on", by=by, at=at)
    came = PayoutReturn(
        payout=payout,
        paid_on=payout.paid_on,
        reference=payout.reference,
        returned_on=returned_on,
        reason=reason,
        payment=payout.payment,
        counter=_counter(payout, returned_on, len(before) + 1, by=by, at=at),
        by=by.user,
        at=at,
    )
    came.save(force_insert=True)
    payout.state, payout.failure = PayoutState.FAILED, reason
    payout.paid_on, payout.reference, payout.payment = None, "", None
    complaint = payout.remedy.complaint
    words = telling.about(complaint, by=by, what="payout_returned", remedy=_value(payout), reason=reason)
    key = f"payout:{payout.pk}:returned:{came.pk}"
    told = telling.tell([complaint.owner], Event.APPROVAL, complaint, key=key, words=words, by=by, at=at)
    facts = {"paid_on": came.paid_on.isoformat(), "returned_on": returned_on.isoformat(), "payment": came.counter_id}
    private = {"reason": reason, "reference": came.reference}
    _finish(payout, "complaint.payout_returned", by=by, at=at, facts=facts, private=private, also=told)
    return payout


def _counter(payout: Payout, returned_on: date, number: int, *, by: Actor, at: datetime) -> Payment | None:
    """What takes back the customer's payment; none where none was made of it."""
    made = payout.payment
    if made is None:
        return None
    return charges.pay(
        made.customer,
        amount=-made.amount,
        currency=made.currency,
        paid_on=returned_on,
        charge=made.charge_id,
        source=SOURCE,
        external_id=f"payout:{payout.pk}:returned:{number}",
        by=by,
        at=at,
    )


def _one_at_a_time() -> None:
    """The next export waits; on SQLite there is one writer anyway."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s, 0)", [EXPORTING])


def _locked(payout: Payout) -> Payout:
    """As it is now; the case is locked first, as whoever changes a remedy does."""
    case = Payout.objects.values_list("remedy__complaint", flat=True).get(pk=payout.pk)
    complaint = locks.case(case)
    found = Payout.objects.select_for_update(of=("self",)).select_related("remedy__charge").get(pk=payout.pk)
    found.remedy.complaint = complaint
    return found


def _pay(payout: Payout, paid_on: date, *, by: Actor, at: datetime) -> Payment | None:
    """The customer's payment; none where nobody knows who complained."""
    remedy = payout.remedy
    customer = remedy.complaint.customer
    if customer is None or remedy.amount is None:
        return None
    charge: Charge | None = remedy.charge
    if charge is not None and (charge.customer_id, charge.currency) != (customer.pk, remedy.currency):
        charge = None  # the case or the charge was corrected meanwhile
    attempt = payout.returns.count() + 1
    return charges.pay(
        customer,
        amount=-remedy.amount,
        currency=remedy.currency,
        paid_on=paid_on,
        charge=charge.pk if charge is not None else None,
        source=SOURCE,
        external_id=f"payout:{payout.pk}" if attempt == 1 else f"payout:{payout.pk}:{attempt}",
        by=by,
        at=at,
    )


def _finish(
    payout: Payout,
    kind: str,
    *,
    by: Actor,
    at: datetime,
    facts: dict[str, Any],
    private: dict[str, str],
    also: Sequence[models.Model] = (),
) -> None:
    payout.updated_at, payout.version = at, payout.version + 1
    payout.save()
    payout.remedy.updated_at = at  # it shows where its money is
    payout.remedy.save(update_fields=["updated_at"])
    changes = {**_facts(payout), **facts}
    _base.finish(payout.remedy.complaint, kind, by=by, at=at, changes=changes, private=private, also=also)


def _facts(payout: Payout) -> dict[str, Any]:
    remedy = payout.remedy
    shown = money.shown(remedy.amount, remedy.currency) if remedy.amount is not None else ""
    return {"remedy": remedy.pk, "kind": remedy.kind, "amount": shown, "currency": remedy.currency}


def _entries(
    made: PayoutExport, due: Sequence[Payout], cases: dict[int, Complaint], *, by: Actor, at: datetime
) -> list[models.Model]:
    """One on the trail of its case for each, sealed one behind the other. Query cost: 1."""
    ends, found = trail.ends("complaint", cases), []
    for one in due:
        complaint = cases[one.remedy.complaint_id]
        seq, head = ends.get(complaint.pk, (0, trail.GENESIS))
        facts = {**_facts(one), "export": made.number}
        kind = "complaint.payout_exported"
        entry = trail.build(complaint, kind, by=by, at=at, changes=facts, seq=seq + 1, previous=head)
        ends[complaint.pk] = (seq + 1, bytes(entry.hash))
        found.append(entry)
    return list(found)


def _lines(made: PayoutExport, due: Sequence[Payout]) -> list[PayoutLine]:
    """Query cost: 1."""
    customers = {one.remedy.complaint.customer_id for one in due}
    ids: dict[int, list[str]] = {}
    for customer, source, number in (
        ExternalId.objects.filter(customer__in=customers - {None})
        .order_by("pk")
        .values_list("customer", "source", "external_id")
    ):
        ids.setdefault(customer, []).append(f"{source}:{number}")
    found = []
    for position, one in enumerate(due, 1):
        remedy, complaint = one.remedy, one.remedy.complaint
        charge = remedy.charge
        found.append(
            PayoutLine(
                export=made,
                payout=one,
                position=position,
                complaint_reference=complaint.reference,
                customer_key=complaint.customer_id,
                customer_name=str(complaint.customer) if complaint.customer is not None else "",
                customer_external_id=" ".join(ids.get(complaint.customer_id or 0, []))[:200],
                kind=remedy.kind,
                amount=remedy.amount or 0,
                currency=remedy.currency,
                charge_external_id=_charge_id(charge),
                order_number=(charge.order_number if charge is not None else "") or complaint.order_number,
            )
        )
    return found


def _charge_id(charge: Charge | None) -> str:
    return f"{charge.source}:{charge.external_id}"[:200] if charge is not None and charge.external_id else ""


def _value(payout: Payout) -> str:
    facts = _facts(payout)
    return f"{facts['amount']} {facts['currency']}"


def _said(text: str, field: str, most: int, missing: str, *, code: str = "required") -> str:
    text = " ".join(text.split())
    if not text:
        raise InvalidInput(missing, code=code, field=field)
    if len(text) > most:
        raise InvalidInput(_("At most %(most)s characters.") % {"most": most}, code="too_long", field=field)
    return text
