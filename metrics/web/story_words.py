"""Every kind of trail entry about a customer in a reader's words (house, Trail; ux, desk 9)."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from complaints.models import ClockKind
from complaints.web.names import name_of
from complaints.web.one import trail_words
from core import languages
from core.models import TrailEntry
from retention.models import ConsentPurpose, FollowUpOutcome, LoyaltyKind, OfferKind, PurchaseKind

Words = tuple[str, str, str, str]  # icon, tone, title, text
Body = dict[str, Any]

# kind -> icon, tone, title; what is said beside it comes from DETAILS, else who did it
KINDS: dict[str, tuple[str, str, str]] = {
    "customer.created": ("person", "", gettext_noop("Written down as a customer")),
    "customer.recorded": ("book", "", gettext_noop("Imported from another system")),
    "customer.record_changed": ("book", "", gettext_noop("Brought up to date by an import")),
    "customer.edited": ("trail", "", gettext_noop("Details changed")),
    "customer.consented": ("shield", "", gettext_noop("Consent")),
    "customer.merged": ("merge", "", gettext_noop("Merged into another record")),
    "customer.absorbed": ("merge", "", gettext_noop("Another record merged into this one")),
    "customer.unmerged": ("undo", "", gettext_noop("Stands for itself again")),
    "customer.released": ("undo", "", gettext_noop("Merge taken back")),
    "customer.joined": ("heart", "met", gettext_noop("Joined")),
    "customer.left": ("leave", "breach", gettext_noop("Left")),
    "customer.returned": ("heart", "met", gettext_noop("Came back")),
    "customer.departure_taken_back": ("undo", "", gettext_noop("Did not leave after all")),
    "customer.charged": ("credit", "", gettext_noop("Charged")),
    "customer.paid": ("credit", "met", gettext_noop("Paid")),
    "customer.charge_corrected": ("credit", "", gettext_noop("Charge corrected")),
    "customer.points": ("discount", "", gettext_noop("Loyalty points")),
    "customer.payment_corrected": ("credit", "", gettext_noop("Payment corrected")),
    "complaint.filed": ("flag", "risk", gettext_noop("Complained")),
    "complaint.recorded": ("book", "", gettext_noop("Complaint imported as history")),
    "complaint.customer_set": ("person", "", gettext_noop("Complaint linked to another customer record")),
    "complaint.accepted": ("heart", "met", gettext_noop("The customer accepts the outcome")),
    "complaint.declined": ("breached", "risk", gettext_noop("The customer does not accept the outcome")),
    "complaint.record_changed": ("book", "", gettext_noop("Imported complaint brought up to date")),
    "sla.breached": ("breached", "breach", gettext_noop("Deadline missed:")),
    "followup.planned": ("call", "", gettext_noop("Call planned")),
    "followup.attempted": ("call", "", gettext_noop("Call tried")),
    "followup.completed": ("call", "met", gettext_noop("Call made")),
    "followup.cancelled": ("call", "", gettext_noop("Call cancelled")),
    "followup.reassigned": ("call", "", gettext_noop("Call given to somebody else")),
    "followup.rescheduled": ("calendar", "", gettext_noop("Call moved to another day")),
    "followup.amended": ("call", "", gettext_noop("Planned call changed")),
    "invitation.created": ("send", "", gettext_noop("Survey planned")),
    "invitation.sent": ("send", "", gettext_noop("Asked for their opinion")),
    "invitation.suppressed": ("paused", "", gettext_noop("Not asked for their opinion")),
    "surveyresponse.recorded": ("heart", "", gettext_noop("Answered a survey")),
    "surveyresponse.record_changed": ("book", "", gettext_noop("Imported answer brought up to date")),
    "surveyresponse.replaced": ("heart", "", gettext_noop("Changed an answer to a survey")),
    "surveyresponse.not_called": ("call", "", gettext_noop("No call about an unhappy answer")),
    "purchase.recorded": ("right", "", gettext_noop("Bought")),
    "purchase.lines_added": ("right", "", gettext_noop("Lines added to an order")),
    "purchase.cancelled": ("undo", "", gettext_noop("Order cancelled")),
    "purchase.restored": ("undo", "", gettext_noop("Order restored")),
    "purchase.line_corrected": ("right", "", gettext_noop("Line of an order corrected")),
    "purchase.returned": ("undo", "", gettext_noop("Returned")),
    "offer.made": ("discount", "", gettext_noop("Offered")),
    "offer.accepted": ("heart", "met", gettext_noop("Accepted an offer")),
    "offer.declined": ("close", "", gettext_noop("Declined an offer")),
    "offer.reopened": ("undo", "", gettext_noop("Answer to an offer taken back")),
    "referral.recorded": ("heart", "met", gettext_noop("Brought by another customer")),
    "referral.brought": ("heart", "met", gettext_noop("Brought another customer")),
    "referral.withdrawn": ("undo", "", gettext_noop("Not brought by another customer after all")),
    "referral.brought_withdrawn": ("undo", "", gettext_noop("Did not bring another customer after all")),
    "purchase.incentive": ("discount", "", gettext_noop("Incentive of an order changed")),
}
ARROW = " → "
CORRECTED = {  # of a correction beside the amount, in the order in which they are said
    "quantity": gettext_noop("quantity"),
    "unit_price": gettext_noop("unit price"),
    "charged_on": gettext_noop("charged on"),
    "paid_on": gettext_noop("paid on"),
    "description": gettext_noop("description"),
    "sku": gettext_noop("article"),
    "order_number": gettext_noop("order number"),
    "method": gettext_noop("method"),
}
FIELDS = {
    "name": gettext_noop("name"),
    "kind": gettext_noop("kind"),
    "language": gettext_noop("language"),
    "tier": gettext_noop("tier"),
    "preferred_channel": gettext_noop("preferred channel"),
    "preferences": gettext_noop("what they like and dislike"),
    "external_ids": gettext_noop("ids in other systems"),
    "email": gettext_noop("e-mail"),
    "phone": gettext_noop("phone"),
    "social": gettext_noop("social media name"),
    "postal": gettext_noop("postal address"),
}


def words_of(entry: TrailEntry, body: Body) -> Words:
    """What the entry says as (icon, tone, title, text). No query."""
    private: Body = json.loads(entry.private) if entry.private else {}
    if entry.kind not in KINDS:
        if entry.kind.startswith(("complaint.", "sla.")) and (found := trail_words.words_of(entry)) is not None:
            return found
        plain = entry.kind.partition(".")[2].replace("_", " ").capitalize()
        return "trail", "", plain, trail_words.actor_of(entry)
    mark, tone, title = KINDS[entry.kind]
    detail = DETAILS.get(entry.kind)
    said = detail(body, private) if detail else ""
    by = trail_words.actor_of(entry)
    return mark, tone, _(title), f"{said} · {by}" if said else by


def _edited(body: Body, _private: Body) -> str:
    return ", ".join(_(FIELDS.get(one, one)) for one in body.get("fields", []))


def _consented(body: Body, private: Body) -> str:
    purpose = dict(ConsentPurpose.choices).get(body.get("purpose", ""), body.get("purpose", ""))
    word = _("agreed") if body.get("given", [None, False])[1] else _("refused")
    return ": ".join(str(x) for x in (purpose, word)) + (f" ({private['how']})" if private.get("how") else "")


def _reason(_body: Body, private: Body) -> str:
    return str(private.get("reason", ""))


def _clock(body: Body, _private: Body) -> str:
    """Which deadlines were missed at once."""
    labels = dict(ClockKind.choices)
    return ", ".join(str(labels.get(one["kind"], one["kind"])) for one in body.get("clocks", []))


def _day_of(*names: str) -> Callable[[Body, Body], str]:
    """The first date among these, with the reason if one was given."""

    def say(body: Body, private: Body) -> str:
        found = next((_as_day(body[name]) for name in names if body.get(name)), "")
        reason = str(private.get("reason") or body.get("reason") or private.get("about") or "")
        return ", ".join(x for x in (found, reason) if x)

    return say


def _as_day(value: Any) -> str:
    value = value[-1] if isinstance(value, list) and value else value
    try:
        return languages.day(date.fromisoformat(str(value)[:10]))
    except ValueError:
        return ""


def _outcome(body: Body, private: Body) -> str:
    code = body.get("outcome", "")
    code = code[-1] if isinstance(code, list) and code else code
    word = str(dict(FollowUpOutcome.choices).get(code, ""))
    return ", ".join(x for x in (word, str(private.get("note", ""))) if x)


def _owner(body: Body, _private: Body) -> str:
    owner = body.get("owner", "")
    return name_of(owner[-1] if isinstance(owner, list) and owner else owner or None)


def _score(body: Body, private: Body) -> str:
    score = body.get("score")
    score = score[-1] if isinstance(score, list) and score else score
    kind = str(body.get("kind", "")).upper()
    comment = private.get("comment", "")
    comment = comment[-1] if isinstance(comment, list) and comment else comment
    said = f"{kind} {score}".strip() if score is not None else kind
    return f"{said}: {languages.quoted(comment)}" if comment else said


def _bought(body: Body, private: Body) -> str:
    kind = body.get("kind", PurchaseKind.ORDER)
    word = "" if kind == PurchaseKind.ORDER else str(dict(PurchaseKind.choices).get(kind, ""))
    number = str(body.get("order_number", ""))
    return ", ".join(x for x in (word, number, _money(body), str(private.get("reason", ""))) if x)


def _corrected(body: Body, private: Body) -> str:
    """€12.00 → €10.00; Description: A → B; why."""
    said = []
    if isinstance(body.get("amount"), list) and isinstance(body.get("currency"), list):
        pairs = zip(body["amount"], body["currency"], strict=False)
        said.append(ARROW.join(_money({"amount": amount, "currency": code}) for amount, code in pairs))
    for name, label in CORRECTED.items():
        pair = body.get(name) or private.get(name)
        if isinstance(pair, list):
            shown = [(_as_day(one) if name.endswith("_on") else str(one)) or languages.DASH for one in pair]
            said.append(f"{_(label)}: {ARROW.join(shown)}")
    return "; ".join([*said, str(private.get("reason", ""))]).strip("; ")


def _points(body: Body, private: Body) -> str:
    """+200, Goodwill, why."""
    points = int(body.get("points", 0))
    shown = f"+{languages.number(points)}" if points > 0 else languages.number(points)
    kind = str(dict(LoyaltyKind.choices).get(body.get("kind", ""), ""))
    return ", ".join(x for x in (shown, kind, str(private.get("reason", ""))) if x)


def _offered(body: Body, private: Body) -> str:
    """Filters for a year, €59.90, Cross-selling, until 3 May 2026."""
    kind = str(dict(OfferKind.choices).get(body.get("kind", ""), ""))
    last = _("until %(day)s") % {"day": _as_day(body["valid_until"])} if body.get("valid_until") else ""
    return ", ".join(x for x in (str(private.get("text", "")), _money(body), kind, last) if x)


def _money(body: Body, _private: Body | None = None) -> str:
    amount, currency = body.get("amount"), str(body.get("currency", ""))
    if isinstance(amount, dict):
        currency, amount = str(amount.get("currency", currency)), amount.get("amount")
    try:
        return languages.money(Decimal(str(amount)), currency) if amount is not None and currency else ""
    except InvalidOperation:
        return ""


DETAILS: dict[str, Callable[[Body, Body], str]] = {
    "customer.edited": _edited,
    "customer.consented": _consented,
    "customer.merged": _reason,
    "customer.absorbed": _reason,
    "sla.breached": _clock,
    "customer.joined": _day_of("joined_on"),
    "customer.left": _day_of("left_on"),
    "customer.returned": _day_of("joined_on"),
    "customer.points": _points,
    "customer.charged": _money,
    "customer.paid": _money,
    "followup.planned": _day_of("due_on"),
    "followup.rescheduled": _day_of("due_on"),
    "followup.attempted": _outcome,
    "followup.completed": _outcome,
    "followup.cancelled": _outcome,
    "followup.reassigned": _owner,
    "surveyresponse.recorded": _score,
    "surveyresponse.record_changed": _score,
    "surveyresponse.replaced": _score,
    "purchase.recorded": _bought,
    "purchase.lines_added": _bought,
    "purchase.cancelled": _reason,
    "purchase.restored": _reason,
    "purchase.line_corrected": _corrected,
    "customer.charge_corrected": _corrected,
    "customer.payment_corrected": _corrected,
    "purchase.returned": _bought,
    "offer.made": _offered,
    "offer.declined": _reason,
    "referral.recorded": _day_of("on"),
    "referral.brought": _day_of("on"),
    "referral.withdrawn": _reason,
    "referral.brought_withdrawn": _reason,
}
