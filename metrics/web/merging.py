"""Merge two records of one customer in the browser: find the other, see both, confirm; take it back (mission B3)."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST, require_safe

from complaints.models import Complaint
from core import languages
from core.access import CASES, allow
from core.actor import Actor
from core.clock import now
from core.errors import DomainError
from core.web.fields import Line
from core.web.once import OnceForm, Repeated, claim, fresh, renewed
from core.web.parts import Empty, Person
from metrics.actions.merge_customers import merge, unmerge
from metrics.web import story_facts
from metrics.web.story import find
from retention import duplicates as suspects
from retention.models import Customer, Purchase
from retention.search import find as search

FOUND, LONGEST = 20, 200


class MergeForm(OnceForm):
    """Which record stays, and why they are one."""

    reason = Line(label=gettext_lazy("Why they are the same customer"), required=False)


@require_safe
@allow(*CASES)
def choose(request: HttpRequest, customer_id: int) -> HttpResponse:
    """Find the other record: those with the same address first, else by words. Query cost: 6 to 8."""
    customer = _own(request, customer_id)
    words = " ".join(request.GET.get("q", "").split())[:LONGEST]
    others = Customer.objects.visible_to(request.user).exclude(pk=customer.pk)  # type: ignore[arg-type]
    among = others.prefetch_related("contact_points")
    people = search(words, among, FOUND) if words else suspects.twins_of(customer)
    context = {
        "customer": customer,
        "words": words,
        "people": [_line(one, customer) for one in people],
    }
    return render(request, "customers/merge_find.html", context)


@allow(*CASES)
def confirm(request: HttpRequest, customer_id: int, other_id: int) -> HttpResponse:
    """Both records side by side; the button under one keeps it. POST merges, once per form."""
    request.sidebar_here = "customers"  # type: ignore[attr-defined]
    sides = (find(customer_id), find(other_id))
    if sides[0].pk == sides[1].pk:
        raise Http404
    if gone := next((one for one in sides if one.merged_into_id), None):  # done already, perhaps by this very form
        return HttpResponseRedirect(reverse("customer", args=[gone.pk]))
    if request.method != "POST":
        return _both(request, MergeForm(), sides)
    form = MergeForm(request.POST)
    kept = next((one for one in sides if str(one.pk) == request.POST.get("survivor", "")), None)
    if kept is None:
        form.add_error(None, _("Choose the record that stays."))
    if not form.is_valid() or kept is None:
        return _both(request, form, sides, status=422)
    other = sides[1] if kept is sides[0] else sides[0]
    url = reverse("customer", args=[kept.pk])
    try:
        with transaction.atomic():
            claim(request, form.cleaned_data["nonce"], at=now())
            merge(other, kept, by=Actor.of(request), at=now(), reason=form.cleaned_data["reason"])
    except Repeated:
        return HttpResponseRedirect(url)
    except DomainError as refusal:
        form.add_error(None, str(refusal))
        return _both(request, form, sides, status=refusal.status)
    messages.success(request, _("Merged. It can be taken back on this page."))
    return HttpResponseRedirect(url)


@require_POST
@allow(*CASES)
def undo(request: HttpRequest, customer_id: int) -> HttpResponse:
    """The absorbed record stands for itself again."""
    absorbed = find(customer_id)
    back = reverse("customer", args=[absorbed.merged_into_id or absorbed.pk])
    try:
        with transaction.atomic():
            claim(request, request.POST.get("nonce", "")[:64], at=now())
            unmerge(absorbed, by=Actor.of(request), at=now())
    except Repeated:
        pass
    except DomainError as refusal:
        messages.error(request, str(refusal))
        return HttpResponseRedirect(back)
    messages.success(request, _("Taken back: both records stand for themselves again."))
    return HttpResponseRedirect(reverse("customer", args=[absorbed.pk]))


@require_safe
@allow(*CASES)
def duplicates(request: HttpRequest) -> HttpResponse:
    """Records that share an e-mail or a phone number. Query cost: 2 to 10."""
    request.sidebar_here = "customers"  # type: ignore[attr-defined]
    groups, after = suspects.suspected(suspects.parse(request.GET.get("after", "")))
    shown = []
    for group in groups:
        first = group.customers[0]
        others = [
            (one.pk, str(one), reverse("customer_merge_confirm", args=[first.pk, one.pk]))
            for one in group.customers[1:]
        ]
        shown.append({"mark": story_facts.MARKS[group.kind], "value": group.value, "first": first, "others": others})
    empty = Empty("done", _("No duplicates"), _("No e-mail and no phone number stands on two customers."))
    context = {
        "groups": shown,
        "empty": None if shown or after else empty,
        "next_url": f"{reverse('customer_duplicates')}?{urlencode({'after': suspects.cursor(after)})}" if after else "",
    }
    return render(request, "customers/duplicates.html", context)


def _own(request: HttpRequest, customer_id: int) -> Customer:
    """A record that is not merged into another one. Raises Http404."""
    request.sidebar_here = "customers"  # type: ignore[attr-defined]
    customer = find(customer_id)
    if customer.merged_into_id is not None:
        raise Http404
    return customer


def _both(
    request: HttpRequest, form: MergeForm, sides: tuple[Customer, Customer], *, status: int = 200
) -> HttpResponse:
    """Query cost: 2 beside those of the records."""
    if form.is_bound:
        form.data = renewed(form.data, nonce=fresh())
    keys = [one.pk for one in sides]
    complaints = dict(_count(Complaint.objects.filter(customer__in=keys)))
    orders = dict(_count(Purchase.objects.filter(customer__in=keys)))
    context = {
        "form": form,
        "sides": [_side(one, complaints.get(one.pk, 0), orders.get(one.pk, 0)) for one in sides],
        "cancel_url": reverse("customer", args=[sides[0].pk]),
    }
    return render(request, "customers/merge.html", context, status=status)


def _count(rows: Any) -> Any:
    return rows.order_by().values_list("customer").annotate(n=Count("pk"))


def _side(one: Customer, complaints: int, orders: int) -> dict[str, Any]:
    """One record, as far as it helps to choose."""
    has = [
        ngettext("%(n)s complaint", "%(n)s complaints", complaints) % {"n": languages.number(complaints)},
        ngettext("%(n)s order", "%(n)s orders", orders) % {"n": languages.number(orders)},
    ]
    return {
        "customer": one,
        "person": Person.of(one.pk, str(one)),
        "line": story_facts.line(one),
        "contacts": story_facts.contacts(one),
        "facts": story_facts.facts(one, list(one.tenures.all())),
        "has": has,
    }


def _line(one: Customer, customer: Customer) -> dict[str, Any]:
    return {
        "person": Person.of(one.pk, str(one)),
        "name": str(one),
        "detail": " · ".join(point.value for point in one.contact_points.all()),
        "url": reverse("customer_merge_confirm", args=[customer.pk, one.pk]),
    }
