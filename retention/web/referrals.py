"""Who brought whom, in the browser: a panel and a page of one customer's, writing one down, withdrawing it (C4)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_http_methods, require_safe

from core import dates, languages
from core.access import CASES, MANAGER, allow
from core.models import User
from core.web.parts import Chip, Link, Part
from retention.actions import loyalty
from retention.actions import referrals as actions
from retention.models import Customer, Referral
from retention.web import offer_forms as forms
from retention.web.acting import act, customer_of, page, page_of

FORM = require_http_methods(["GET", "HEAD", "POST"])
SHOWN = 5  # referrals on the customer's own page


@dataclass(frozen=True, slots=True)
class Row(Part):
    """One referral as one of the two sees it. `points`: what this side got."""

    day: str
    what: str
    other: str
    url: str
    points: str
    note: str
    chip: Chip | None
    links: list[Link]


def row(one: Referral, customer: Customer, user: User) -> Row:
    """Its customers have to be loaded."""
    brought = one.referrer_id == customer.pk
    other, points = (one.referred, one.referrer_points) if brought else (one.referrer, one.referred_points)
    chip = None
    if one.withdrawn_at is not None:
        chip = Chip(pgettext("referral", "Withdrawn"), "pause")
    elif other.merged_into_id == customer.pk:
        chip = Chip(_("the same customer"), "risk")
    return Row(
        day=languages.day(one.referred_on),
        what=_("Brought") if brought else _("Brought by"),
        other=str(other),
        url=page_of(other),
        points=loyalty_points(points),
        note=one.reason or one.note,
        chip=chip,
        links=_links(one, user),
    )


def loyalty_points(points: int) -> str:
    return f"+{languages.number(points)}" if points else languages.DASH


@require_safe
@allow(*CASES)
def of_customer(request: HttpRequest, customer_id: int) -> HttpResponse:
    """Whom one customer brought and who brought them, 50 a page, the newest first; for htmx the panel of their page.

    Query cost: 3 beside session and user.
    """
    customer = customer_of(request, customer_id)
    user: User = request.user  # type: ignore[assignment]
    rows = Referral.objects.about(customer).select_related("referrer", "referred")
    is_brought = Referral.objects.standing().filter(referred=customer).exists()
    context: dict[str, Any] = {
        "customer": customer,
        "brought_url": "" if is_brought else reverse("customer_referrer_new", args=[customer.pk]),
        "new_url": reverse("customer_referral_new", args=[customer.pk]),
    }
    if request.htmx:  # type: ignore[attr-defined]
        newest = list(rows.order_by("-referred_on", "-pk")[: SHOWN + 1])
        context |= {"referrals": [row(one, customer, user) for one in newest[:SHOWN]], "more": len(newest) > SHOWN}
        return render(request, "customers/_referrals.html", context)
    shown, previous_url, next_url = page(request, rows, "referred_on")
    context |= {"referrals": [row(one, customer, user) for one in shown]}
    context |= {"previous_url": previous_url, "next_url": next_url}
    return render(request, "customers/referrals.html", context)


@FORM
@allow(*CASES)
def new(request: HttpRequest, customer_id: int) -> HttpResponse:
    """This customer brought somebody, who is made if unknown."""
    customer = customer_of(request, customer_id)
    words = {"title": _("They brought somebody"), "done": _("Referral written down")}
    lead = _("Who was brought? Whoever is not found is written down as a new customer.")
    return _record(request, customer, "referred", partial(actions.refer, customer), lead=lead, **words)


@FORM
@allow(*CASES)
def referrer(request: HttpRequest, customer_id: int) -> HttpResponse:
    """Somebody brought this customer."""
    customer = customer_of(request, customer_id)

    def run(*, referrer: Customer, **more: Any) -> Referral:
        return actions.refer(referrer, customer, **more)

    words = {"title": _("Somebody brought them"), "done": _("Referral written down")}
    return _record(request, customer, "referrer", run, lead=_("Which of our customers brought them?"), **words)


@FORM
@allow(*CASES)
def withdrawal(request: HttpRequest, referral_id: int) -> HttpResponse:
    """It was none, or is not to count."""
    found = _get(request, referral_id)
    form = forms.WithdrawalForm(request.POST if request.method == "POST" else None)
    words = {"title": _("Withdraw the referral"), "button": _("Withdraw it"), "done": _("Referral withdrawn")}
    return act(request, form, partial(actions.withdraw, found), back=page_of(found.referrer), **words)


@FORM
@allow(MANAGER)
def incentive(request: HttpRequest, referral_id: int) -> HttpResponse:
    """Points for a referral that was written down without."""
    found = _get(request, referral_id)
    form = forms.IncentiveForm(request.POST if request.method == "POST" else None)
    words = {"title": _("Credit points for the referral"), "button": _("Credit them"), "done": _("Points credited")}
    return act(request, form, partial(actions.reward, found), back=page_of(found.referrer), **words)


def _record(
    request: HttpRequest, customer: Customer, side: str, run: Any, *, title: str, done: str, lead: str
) -> HttpResponse:
    user: User = request.user  # type: ignore[assignment]
    form = forms.ReferralForm(
        user,
        request.POST if request.method == "POST" else None,
        side=side,
        with_points=loyalty.may_keep(user),
        initial={"referred_on": dates.of_reader()},
    )
    return act(
        request,
        form,
        run,
        back=page_of(customer),
        title=title,
        button=_("Write it down"),
        done=done,
        template="referrals/form.html",
        customer=customer,
        lead=lead,
        find_url=reverse("customer_find"),
    )


def _links(one: Referral, user: User) -> list[Link]:
    """What the reader can do about it: points are for managers to give and to take back."""
    if one.withdrawn_at is not None:
        return []
    found, has_points, keeps = [], bool(one.referrer_points or one.referred_points), loyalty.may_keep(user)
    if keeps and not has_points:
        found.append(Link(_("Credit points"), reverse("referral_incentive", args=[one.pk]), "plus"))
    if keeps or not has_points:
        found.append(Link(_("Withdraw"), reverse("referral_withdrawal", args=[one.pk]), "undo"))
    return found


def _get(request: HttpRequest, referral_id: int) -> Referral:
    """Raises Http404. Query cost: 1."""
    request.sidebar_here = "customers"  # type: ignore[attr-defined]
    rows = Referral.objects.visible_to(request.user).select_related("referrer")  # type: ignore[arg-type]
    found = rows.filter(pk=referral_id).first()
    if found is None:
        raise Http404
    return found
