"""Offers in the browser: those to one customer, all of them with how they fare, making and answering one (C2)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_http_methods, require_safe

from core import dates, languages
from core.access import CASES, allow
from core.clock import now
from core.models import User
from core.web.once import fresh
from core.web.parts import Cell, Chip, Column, Link, Part
from retention.actions import offers as actions
from retention.actions.purchases import usual_currency
from retention.models import Customer, Offer, OfferKind, OfferState, PurchaseKind
from retention.models.customers import CHANNELS
from retention.offers_fare import Fare, fares, together
from retention.web import offer_forms as forms
from retention.web.acting import ActForm, act, customer_of, page, page_of
from retention.web.buying_forms import PlainForm

FORM = require_http_methods(["GET", "HEAD", "POST"])
SHOWN = 5  # offers on the customer's own page
CHOICES = 50  # orders, complaints to choose from
YEAR = timedelta(days=365)
TONES = {OfferState.OFFERED: "ok", OfferState.ACCEPTED: "met", OfferState.LAPSED: "pause"}


@dataclass(frozen=True, slots=True)
class Row(Part):
    """One offer in a table. `answers`: what can be answered now; `who`: (name, address) where the table has many."""

    text: str
    url: str
    about: str
    made: str
    value: str
    chip: Chip
    answers: list[Link]
    who: tuple[str, str] | None = None


def row(one: Offer, on: date, *, named: bool = False) -> Row:
    """`named`: with its customer, who has to be loaded."""
    state, url = one.state_on(on), reverse("offer", args=[one.pk])
    answers = [
        Link(pgettext("offer", "They accept"), reverse("offer_acceptance", args=[one.pk]), "check"),
        Link(pgettext("offer", "They decline"), reverse("offer_refusal", args=[one.pk]), "close"),
    ]
    return Row(
        text=one.text,
        url=url,
        about=about(one, on),
        made=languages.day(languages.local(one.made_at).date()),
        value=languages.money(one.amount, one.currency),
        chip=Chip(str(state.label), TONES.get(state, "")),
        answers=answers if state == OfferState.OFFERED else [],
        who=(str(one.customer), reverse("customer", args=[one.customer_id])) if named else None,
    )


def about(one: Offer, on: date) -> str:
    """Cross-selling, until 3 May 2026; of one that was declined why."""
    said = [str(one.get_kind_display())]
    if one.valid_until and one.state == OfferState.OFFERED:
        said.append(_("until %(day)s") % {"day": languages.day(one.valid_until)})
    return ", ".join([*said, *([one.reason] if one.reason else [])])


def fared(found: list[Fare]) -> str:
    """2 of 5 accepted; blank while none is over."""
    whole = together(found)
    numbers = {"accepted": languages.number(whole.accepted), "over": languages.number(whole.over)}
    return _("%(accepted)s of %(over)s accepted") % numbers if whole.over else ""


@require_safe
@allow(*CASES)
def of_customer(request: HttpRequest, customer_id: int) -> HttpResponse:
    """What one customer was offered, 50 a page, the newest first; for htmx the panel of their page. Query cost: 5
    beside session and user."""
    customer, on = customer_of(request, customer_id), dates.of_house(now())
    rows = Offer.objects.filter(customer=customer)
    found = fares(rows, on)
    context: dict[str, Any] = {
        "customer": customer,
        "fared": fared(found),
        "hold_back": hold_back(customer),
        "new_url": reverse("customer_offer_new", args=[customer.pk]),
    }
    if request.htmx:  # type: ignore[attr-defined]
        newest = list(rows.order_by("-made_at", "-pk")[: SHOWN + 1])
        context |= {"offers": [row(one, on) for one in newest[:SHOWN]], "more": len(newest) > SHOWN}
        return render(request, "customers/_offers.html", context)
    shown, previous_url, next_url = page(request, rows, "made_at")
    context |= {"offers": [row(one, on) for one in shown], "previous_url": previous_url, "next_url": next_url}
    context |= _fare_table(found)
    return render(request, "customers/offers.html", context)


@require_safe
@allow(*CASES)
def index(request: HttpRequest) -> HttpResponse:
    """All offers, or (`?state=`) those in one state, 50 a page, the newest first; and how those of the last year fared.

    Query cost: 2 beside session and user.
    """
    request.sidebar_here = "customers"  # type: ignore[attr-defined]
    on, asked = dates.of_house(now()), request.GET.get("state", "")
    rows = Offer.objects.visible_to(request.user).select_related("customer")  # type: ignore[arg-type]
    year = rows.select_related(None).filter(made_at__gte=now() - YEAR)
    kept = {"state": asked} if asked in OfferState.values else {}
    narrowed = rows.in_states([asked], on) if kept else rows
    shown, previous_url, next_url = page(request, narrowed, "made_at", **kept)
    here = reverse("offers")
    states = [(code, str(label)) for code, label in OfferState.choices]
    context = {
        "offers": [row(one, on, named=True) for one in shown],
        "states": [
            Link(_("All"), here, current=not kept),
            *[Link(label, f"{here}?state={code}", current=code == asked) for code, label in states],
        ],
        "previous_url": previous_url,
        "next_url": next_url,
        **_fare_table(fares(year, on)),
    }
    return render(request, "offers/list.html", context)


@require_safe
@allow(*CASES)
def one(request: HttpRequest, offer_id: int) -> HttpResponse:
    """One offer with its answer, or the answers that can be given. Query cost: 1 beside session and user."""
    offer, on = get(request, offer_id), dates.of_house(now())
    shown = row(offer, on)
    context = {
        "offer": offer,
        "customer": offer.customer,
        "chip": shown.chip,
        "answers": shown.answers,
        "facts": _facts(offer),
        "undo_url": reverse("offer_answer_undo", args=[offer.pk]) if offer.decided_at else "",
        "nonce": fresh(),
    }
    return render(request, "offers/one.html", context)


@FORM
@allow(*CASES)
def new(request: HttpRequest, customer_id: int) -> HttpResponse:
    """Make the customer an offer."""
    customer = customer_of(request, customer_id)
    user: User = request.user  # type: ignore[assignment]
    own = customer.complaints.visible_to(user).order_by("-received_at")[:CHOICES]
    start = {
        "channel": customer.preferred_channel or CHANNELS[0][0],
        "currency": usual_currency(customer),
        "complaint": request.GET.get("complaint", ""),
    }
    named = [(case.reference, f"{case.reference} · {case.subject}") for case in own]
    form = forms.OfferForm(named, request.POST if request.method == "POST" else None, initial=start)
    return act(
        request,
        form,
        partial(actions.make, customer),
        back=page_of(customer),
        title=_("Make an offer"),
        button=_("Make the offer"),
        done=_("Offer written down"),
        template="offers/form.html",
        customer=customer,
        hold_back=hold_back(customer),
    )


@FORM
@allow(*CASES)
def acceptance(request: HttpRequest, offer_id: int) -> HttpResponse:
    """They take it."""
    offer = get(request, offer_id)
    orders = offer.customer.purchases.filter(kind=PurchaseKind.ORDER, cancelled_at__isnull=True)
    recent = orders.filter(purchased_at__gte=offer.made_at - timedelta(days=1)).order_by("-purchased_at", "-pk")
    form = forms.AcceptanceForm(recent[:CHOICES], request.POST if request.method == "POST" else None)
    words = {"title": _("They accept the offer"), "button": _("Write it down"), "done": _("Written down")}
    return _answer(request, offer, form, actions.accept, **words)


@FORM
@allow(*CASES)
def refusal(request: HttpRequest, offer_id: int) -> HttpResponse:
    """They do not take it."""
    offer = get(request, offer_id)
    form = forms.RefusalForm(request.POST if request.method == "POST" else None)
    words = {"title": _("They decline the offer"), "button": _("Write it down"), "done": _("Written down")}
    return _answer(request, offer, form, actions.decline, **words)


@FORM
@allow(*CASES)
def answer_undo(request: HttpRequest, offer_id: int) -> HttpResponse:
    """An answer was written down by mistake."""
    offer = get(request, offer_id)
    form = PlainForm(request.POST or None)
    words = {"title": _("Take the answer back"), "button": _("Take it back"), "done": _("Answer taken back")}
    return act(request, form, partial(actions.take_back_answer, offer), back=reverse("offer", args=[offer.pk]), **words)


def get(request: HttpRequest, offer_id: int) -> Offer:
    """Raises Http404. Query cost: 1."""
    request.sidebar_here = "customers"  # type: ignore[attr-defined]
    rows = Offer.objects.visible_to(request.user).select_related("customer", "by", "purchase")  # type: ignore[arg-type]
    found = rows.filter(pk=offer_id).first()
    if found is None:
        raise Http404
    return found


def hold_back(customer: Customer) -> tuple[str, str] | None:
    """Why not to offer them anything, or nothing but to come back: what is so, and what to do. Query cost: 2."""
    wants = actions.wants_offers(customer)
    if wants is False:
        return _("This customer does not want offers."), ""
    if wants is None:
        return (
            _("This customer has not agreed to offers."),
            _("Ask them first; what they say is noted with their details."),
        )
    if actions.waits_for_an_answer(customer):
        return (
            _("They wait for an answer to a complaint."),
            _("Until it is decided, nothing is sold to them: only an offer to win them back may be made."),
        )
    return None


def _answer(request: HttpRequest, offer: Offer, form: ActForm, run: Callable[..., Any], **words: str) -> HttpResponse:
    template = "offers/answer.html"
    return act(
        request, form, partial(run, offer), back=page_of(offer.customer), template=template, offer=offer, **words
    )


def _fare_table(found: list[Fare]) -> dict[str, Any]:
    """How each kind fares, and all of them."""
    labels: dict[str, str] = {code: str(label) for code, label in OfferKind.choices}
    numbers = ("made", "open", "accepted", "declined", "lapsed")
    rows = [*found, together(found)] if len(found) > 1 else found
    return {
        "fare_columns": [
            Column(_("Kind")),
            *[Column(words, end=True) for words in (
                pgettext("offers", "Made"), pgettext("offers", "Open"), pgettext("offers", "Accepted"),
                pgettext("offers", "Declined"), pgettext("offers", "Lapsed"), _("Share accepted"),
            )],
        ],
        "fare_rows": [
            [
                Cell(labels.get(one.kind, _("All kinds")), kind="head"),
                *[Cell(languages.number(getattr(one, name)), kind="num") for name in numbers],
                Cell(languages.percent(one.share), kind="num"),
            ]
            for one in rows
        ],
    }  # fmt: skip


def _facts(offer: Offer) -> list[tuple[str, str, str]]:
    """(name, value, address or blank) of what is known."""
    reference, bought = offer.complaint_reference, offer.purchase
    channel = dict(CHANNELS).get(offer.channel, offer.channel)
    found = [
        (_("Kind"), str(offer.get_kind_display()), ""),
        (_("Product"), offer.product, ""),
        (_("What it is worth"), languages.money(offer.amount, offer.currency) if offer.amount is not None else "", ""),
        (pgettext("offer", "Made"), languages.moment(offer.made_at), ""),
        (_("By"), str(offer.by) if offer.by else "", ""),
        (_("How it is made"), str(channel), ""),
        (_("Holds until"), languages.day(offer.valid_until) if offer.valid_until else "", ""),
        (_("Came from a complaint"), reference, f"/complaints/{reference}/" if reference else ""),
        (_("Answered"), languages.moment(offer.decided_at) if offer.decided_at else "", ""),
        (_("Why they decline"), offer.reason, ""),
        (_("Which order came of it"), bought.order_number if bought else "",
         reverse("purchase", args=[bought.pk]) if bought else ""),
    ]  # fmt: skip
    return [fact for fact in found if fact[1]]
