"""Whether a customer stays, in the browser: their stays as a panel, leaving, coming back, joining (mission C1)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_http_methods

from core import dates, languages
from core.access import CASES, allow
from core.web.once import fresh
from retention.actions import tenures
from retention.actions.tenures import in_order
from retention.models import Customer, Tenure
from retention.web import buying_forms as forms
from retention.web.acting import ActForm, act, customer_of, page_of

FORM = require_http_methods(["GET", "HEAD", "POST"])


def panel(customer: Customer) -> dict[str, Any]:
    """Their stays, and what can happen next. Query cost: 1, none if they are prefetched."""
    stays = in_order(customer.tenures.all())
    here = any(one.left_on is None for one in stays)
    return {
        "stays": [(stay_line(one), _about(one)) for one in stays],
        "leave_url": reverse("customer_departure", args=[customer.pk]) if here or not stays else "",
        "join_url": "" if stays else reverse("customer_joining", args=[customer.pk]),
        "return_url": reverse("customer_return", args=[customer.pk]) if stays and not here else "",
        "undo_url": reverse("customer_departure_undo", args=[customer.pk]) if stays and not here else "",
        "nonce": fresh(),
    }


def stay_line(one: Tenure) -> str:
    """5 March 2024 to 1 May 2025."""
    joined, left = one.joined_on, one.left_on
    if joined and left:
        return _("%(start)s to %(end)s") % {"start": languages.day(joined), "end": languages.day(left)}
    if left:
        return _("left on %(day)s") % {"day": languages.day(left)}
    return _("since %(day)s") % {"day": languages.day(joined)} if joined else _("since an unknown day")


def _about(one: Tenure) -> str:
    parts = [one.plan, one.reason]
    if one.monthly_amount is not None:
        parts.insert(1, _("%(amount)s a month") % {"amount": languages.money(one.monthly_amount, one.currency)})
    return " · ".join(part for part in parts if part)


@FORM
@allow(*CASES)
def departure(request: HttpRequest, customer_id: int) -> HttpResponse:
    """The customer leaves."""
    return _dated(request, customer_id, forms.DepartureForm, "left_on", tenures.depart, title=_("They leave"),
                  button=_("Record the departure"), done=_("Departure recorded"))  # fmt: skip


@FORM
@allow(*CASES)
def departure_undo(request: HttpRequest, customer_id: int) -> HttpResponse:
    """A departure was recorded by mistake."""
    customer = customer_of(request, customer_id)
    return act(request, forms.PlainForm(request.POST or None), partial(tenures.take_back_departure, customer),
               back=page_of(customer), title=_("Take the departure back"), button=_("Take it back"),
               done=_("Departure taken back"))  # fmt: skip


@FORM
@allow(*CASES)
def comeback(request: HttpRequest, customer_id: int) -> HttpResponse:
    """Somebody who had left is back."""
    return _dated(request, customer_id, forms.ReturnedForm, "returned_on", tenures.come_back, title=_("They are back"),
                  button=pgettext("customer", "Record the return"),
                  done=pgettext("customer", "Return recorded"))  # fmt: skip


@FORM
@allow(*CASES)
def joining(request: HttpRequest, customer_id: int) -> HttpResponse:
    """The first stay begins."""
    return _dated(request, customer_id, forms.JoiningForm, "joined_on", tenures.join, title=_("They join"),
                  button=_("Record it"), done=_("Written down"))  # fmt: skip


def _dated(
    request: HttpRequest, customer_id: int, kind: type[ActForm], field: str, run: Callable[..., Any], **words: str
) -> HttpResponse:
    customer = customer_of(request, customer_id)
    form = kind(request.POST if request.method == "POST" else None, initial={field: dates.of_reader()})
    return act(request, form, partial(run, customer), back=page_of(customer), **words)
