"""The panel "Remedy" beside a case: what was given, what could be, and the charges it may give back (mission A7)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from complaints.authority import approving, versions
from complaints.models import Complaint, PayoutState, Remedy, RemedyKind, RemedyStatus, Status
from complaints.web.names import name_of
from complaints.web.remedies import charges, gauge, words
from complaints.web.remedies.form import RemedyForm, read_amount
from core import languages, money
from core.clock import now
from core.models import User
from core.web.once import fresh
from core.web.parts import Chip, Part
from retention.models import Purchase

TONES = {RemedyStatus.GRANTED: "met", RemedyStatus.AWAITING: "risk", RemedyStatus.REVOKED: "pause"}
ENDED = (Status.CLOSED, Status.WITHDRAWN, Status.MERGED)
COUNTED = (RemedyStatus.GRANTED, RemedyStatus.AWAITING)
LONGEST = 2_000


@dataclass(slots=True)
class Given(Part):
    """One remedy of the case. `acts`: what the reader may do: withdraw, revoke, decide (an address)."""

    key: int
    icon: str
    what: str
    value: str
    note: str
    reason: str
    chips: list[Chip]
    counts: bool
    withdraw_url: str = ""
    revoke_url: str = ""
    decide_url: str = ""
    trouble: str = ""
    typed: str = ""
    nonce: str = field(default_factory=fresh)


def context(
    request: HttpRequest,
    complaint: Complaint,
    *,
    form: RemedyForm | None = None,
    trouble: tuple[int, str, str] | None = None,
) -> dict[str, Any]:
    """What `complaints/_remedies.html` takes. `form`: what was refused, as typed; `trouble`: the key of the remedy
    where something else was refused, why, and what was typed. Query cost: at most 25."""
    user: User = request.user  # type: ignore[assignment]
    at = now()
    rows = given(complaint)
    chosen = form.data.get("charge", "") if form is not None else request.GET.get("charge", "")
    account = charges.account(complaint.customer_id, chosen=_key(chosen)) if complaint.customer_id is not None else None
    may_ask = complaint.status not in ENDED and not complaint.is_quarantined
    refused = form is not None or trouble is not None
    if form is None:
        form = RemedyForm(complaint=complaint, initial=_initial(request, complaint, account, chosen))
    kind, amount, currency = typed(form)
    return {
        "complaint": complaint,
        "given": [_given(one, user, at, trouble) for one in rows],
        "totals": _totals(rows),
        "account": account,
        "chosen": _chosen(account, chosen),
        "form": form,
        "kinds": [(one.value, words.icon_of(one.value), str(one.label), one.value == kind) for one in RemedyKind],
        "kind": kind,
        "sought": complaint.narrative.remedy_sought,
        "may_ask": may_ask,
        "pressing": refused or bool(chosen) or (may_ask and _pressing(rows, account)),
        "gauge": gauge.face(complaint, user, kind, amount, currency, at=at) if may_ask else None,
        "url": reverse("case_remedies", args=[complaint.reference]),
        "gauge_url": reverse("case_remedy_gauge", args=[complaint.reference]),
        "charges_url": reverse("customer_charges", args=[complaint.customer_id]) if complaint.customer_id else "",
    }


def _pressing(rows: list[Remedy], account: charges.Account | None) -> bool:
    """Something waits for approval, or a charge looks made twice and none of the two is given back."""
    twice = account.doubles if account is not None else []
    return any(one.status == RemedyStatus.AWAITING for one in rows) or any(
        not any(line.given for line in group) for group in twice
    )


def given(complaint: Complaint) -> list[Remedy]:
    """Everything given or asked for on the case and those merged into it, the oldest first. Query cost: 1."""
    head = complaint.merged_into_id or complaint.pk
    found = Remedy.objects.filter(Q(complaint=complaint) | Q(complaint=head) | Q(complaint__merged_into=head))
    return list(found.select_related("complaint", "payout", "requested_by").order_by("requested_at", "pk"))


def typed(form: RemedyForm) -> tuple[str, Any, str]:
    """Kind, amount and currency as far as they can be read: for the gauge, which guesses nothing."""
    raw = form.data if form.is_bound else form.initial
    kind = raw.get("kind", "") if raw.get("kind", "") in RemedyKind.values else RemedyKind.REFUND.value
    currency = str(raw.get("currency", "")).strip().upper()
    if currency not in money.CURRENCIES:
        currency = "EUR"
    try:
        amount = read_amount(str(raw.get("amount", "")), kind, currency) if raw.get("amount") else None
    except Exception:  # noqa: BLE001  what cannot be read yet is no amount yet; sending it says why
        amount = None
    return kind, amount or None, currency


def default_currency(complaint: Complaint, account: charges.Account | None) -> str:
    """That of the newest charge, else of the last order, else of the first limit that names one. Query cost: 1."""
    if account is not None and account.currency:
        return account.currency
    if complaint.customer_id is not None:
        orders = Purchase.objects.filter(customer=complaint.customer_id).order_by("-purchased_at", "-pk")
        if found := orders.values_list("currency", flat=True).first():
            return str(found)
    return next((line.currency for line in versions.in_force().lines if line.currency), "EUR")


def _initial(
    request: HttpRequest, complaint: Complaint, account: charges.Account | None, chosen: str
) -> dict[str, Any]:
    asked = request.GET.get("kind", "")
    values = {
        "kind": asked if asked in RemedyKind.values else RemedyKind.REFUND.value,
        "currency": default_currency(complaint, account),
        "reason": request.GET.get("reason", "")[:LONGEST],
        "charge": "",
    }
    line = _chosen(account, chosen)
    if line is not None and line.left:
        values |= {
            "kind": RemedyKind.REFUND.value,
            "currency": line.row.currency,
            "amount": money.shown(line.left, line.row.currency).replace(".", languages.voice().decimal),
            "charge": str(line.row.pk),
        }
    return values


def _chosen(account: charges.Account | None, chosen: str) -> charges.ChargeLine | None:
    key = _key(chosen)
    return next((line for line in account.lines if line.row.pk == key), None) if account and key else None


def _key(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def _given(one: Remedy, user: User, at: datetime, trouble: tuple[int, str, str] | None) -> Given:
    status = RemedyStatus(one.status)
    payout = getattr(one, "payout", None)
    shown = Given(
        key=one.pk,
        icon=words.icon_of(one.kind),
        what=words.named(one),
        value=words.value(one.amount, one.currency),
        note=_note(one, at),
        reason=one.reason,
        chips=[Chip(str(status.label), TONES.get(status, ""))],
        counts=status in COUNTED,
    )
    if payout is not None and status == RemedyStatus.GRANTED:
        tone = {PayoutState.PAID: "ok", PayoutState.FAILED: "breach"}.get(PayoutState(payout.state), "")
        shown.chips.append(Chip(str(PayoutState(payout.state).label), tone))
    where = [one.complaint.reference, one.pk]
    if status == RemedyStatus.AWAITING and one.requested_by_id == user.pk:
        shown.withdraw_url = reverse("case_remedy_withdrawal", args=where)
    elif status == RemedyStatus.AWAITING and approving.could_decide(user, one):
        shown.decide_url = f"{reverse('approvals')}#remedy-{one.pk}"
    elif status == RemedyStatus.GRANTED and may_revoke(user, one):
        shown.revoke_url = reverse("case_remedy_revocation", args=where)
    if trouble is not None and trouble[0] == one.pk:
        shown.trouble, shown.typed = trouble[1], trouble[2]
    return shown


def may_revoke(user: User, one: Remedy) -> bool:
    """Whether a button is shown; the action decides."""
    payout = getattr(one, "payout", None)
    with_finance = payout is not None and payout.state not in (PayoutState.DUE, PayoutState.FAILED)
    return not with_finance and (one.decided_by_id == user.pk or approving.could_decide(user, one))


def _note(one: Remedy, at: datetime) -> str:
    """Who did what when: granted by, asked by, not approved by with the reason."""
    if one.undone_at is not None:
        who, when, why = one.undone_by_id, one.undone_at, one.undone_note
    elif one.decided_at is not None:
        who, when, why = one.decided_by_id, one.decided_at, one.decided_note
    else:
        who, when, why = one.requested_by_id, one.requested_at, ""
    said = f"{name_of(who) or _('With the complaint')}, {languages.near(when, at)}"
    if one.decided_at is not None and one.decided_by_id != one.requested_by_id:
        said = _("%(note)s, asked for by %(name)s") % {"note": said, "name": name_of(one.requested_by_id)}
    return f"{said}: {why}" if why else said


def _totals(rows: list[Remedy]) -> str:
    """€77.00 and 500 points granted, by currency."""
    found: dict[str, Any] = {}
    for one in rows:
        if one.status == RemedyStatus.GRANTED and one.amount is not None:
            found[one.currency] = found.get(one.currency, 0) + one.amount
    return " · ".join(words.value(total, currency) for currency, total in sorted(found.items()))
