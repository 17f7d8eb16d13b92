"""The page of one customer: everything known, across all floors (mission B3; domain, Roles and visibility)."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Count, Exists, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from complaints.models import Complaint
from complaints.querysets import ComplaintQuerySet
from core import languages
from core.access import CASES, allow
from core.clock import now
from core.models import User
from core.web.once import fresh
from core.web.parts import Person
from metrics.customer_records import DEEPEST, absorbed
from metrics.web import story_facts as about
from metrics.web import story_money
from metrics.web.story_trail import Chapter, chapter
from retention.models import Customer
from retention.web import tenures


@require_safe
@allow(*CASES)
def page(request: HttpRequest, customer_id: int) -> HttpResponse:
    """One customer. A merged record leads to the one it is part of. Query cost: about 17, whatever their story."""
    customer = find(customer_id)
    if customer.merged_into_id is not None:
        return _to_survivor(request, customer)
    request.sidebar_here = "customers"  # type: ignore[attr-defined]
    reader: User = request.user  # type: ignore[assignment]
    at = now()
    merged = absorbed(customer)
    stays = list(customer.tenures.all())
    visible: ComplaintQuerySet = Complaint.objects.visible_to(reader).filter(customer=customer)
    cases = about.complaints(visible, reader.pk, at)
    given = about.answers(customer, reader)
    for case in cases:
        case.score = next((about.score_of(one) for one in given if one.complaint_id == case.found.pk), None)
    bought = about.months(customer)
    calls, more_calls = about.calls(customer, reader, at)
    person = Person.of(customer.pk, str(customer))
    since = about.known_since(customer, stays)
    context = {
        "customer": customer,
        "person": person,
        "line": about.line(customer),
        "contacts": about.contacts(customer),
        "gone": about.gone(stays),
        "life": about.life(customer, stays, bought, cases, at),
        "years": about.years_with_us(since, languages.local(at).date()),
        "cases": cases[: about.COMPLAINTS],
        **_counts(customer, cases, visible),
        "worth": about.worth(bought, given),
        "quotes": about.quotes(given),
        "calls": calls,
        "more_calls": more_calls,
        "consents": about.consents(customer),
        "facts": about.facts(customer, stays),
        "merged": [(one.pk, str(one)) for one in merged if one.merged_into_id == customer.pk],
        "orders": story_money.orders(customer, at),
        "orders_line": story_money.total(bought),
        "account": story_money.account(customer, at),
        "panel": tenures.panel(customer),
        "nonce": fresh(),
        "call_url": reverse("follow_up_new", args=[customer.pk]),
        "new_url": f"{reverse('complaint_new')}?customer={customer.pk}",
        **_story(request, customer, merged, person),
    }
    return render(request, "customers/customer.html", context)


@require_safe
@allow(*CASES)
def story(request: HttpRequest, customer_id: int) -> HttpResponse:
    """One more page of the story, for htmx; a plain browser is led to the whole page. Query cost: 4 to 8."""
    customer = find(customer_id)
    if not request.htmx:  # type: ignore[attr-defined]
        query = request.GET.urlencode()
        return HttpResponseRedirect(f"{reverse('customer', args=[customer.pk])}?{query}#story")
    person = Person.of(customer.pk, str(customer))
    return render(request, "customers/_story.html", _story(request, customer, absorbed(customer), person))


def find(customer_id: int) -> Customer:
    """The customer with what is shown of them, merged or not. Raises Http404. Query cost: 5."""
    mine = Complaint.objects.filter(customer=OuterRef("pk")).order_by().values("customer").annotate(n=Count("pk"))
    found = (
        Customer.objects.prefetch_related("contact_points", "tenures", "external_ids", "consents")
        .annotate(
            has_absorbed=Exists(Customer.objects.filter(merged_into=OuterRef("pk"))),
            complaint_total=Coalesce(Subquery(mine.values("n")), 0),
        )
        .filter(pk=customer_id)
        .first()
    )
    if found is None:
        raise Http404
    return found


def _to_survivor(request: HttpRequest, customer: Customer) -> HttpResponse:
    """Query cost: 1 a merge."""
    last = customer
    for _step in range(DEEPEST):
        above = Customer.objects.filter(pk=last.merged_into_id or 0).first()
        if above is None:
            break
        last = above
    said = _("“%(name)s” (no. %(number)s) was merged into this customer.")
    messages.info(request, said % {"name": customer, "number": customer.pk})
    return HttpResponseRedirect(reverse("customer", args=[last.pk]))


def _counts(customer: Customer, cases: list[Any], visible: ComplaintQuerySet) -> dict[str, Any]:
    """How many complaints, how many of them elsewhere. Query cost: 0, and 1 where there are more than a table shows."""
    seen = len(cases) if len(cases) <= about.COMPLAINTS else visible.count()
    hidden = customer.complaint_total - seen  # type: ignore[attr-defined]
    words = ngettext(
        "%(n)s more complaint is with another team.", "%(n)s more complaints are with other teams.", hidden
    )
    return {
        "complaint_count": languages.number(seen),
        "elsewhere": words % {"n": hidden} if hidden > 0 else "",
        "more_url": f"{reverse('queue')}?view=all&customer={customer.pk}" if seen > about.COMPLAINTS else "",
    }


def _story(request: HttpRequest, customer: Customer, merged: list[Customer], person: Person) -> dict[str, Any]:
    keys = [customer.pk, *(one.pk for one in merged)]
    reader: User = request.user  # type: ignore[assignment]
    told: Chapter = chapter(keys, reader, person, now=now(), after=request.GET.get("after", ""))
    return {"story": told, "customer": customer, "is_later": bool(request.GET.get("after"))}
