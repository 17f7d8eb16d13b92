"""Customers in the browser: list, new, edit, find as you type (mission B3). Their page is metrics.web.story."""

from __future__ import annotations

import json

from django.contrib import messages
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from core import languages
from core.access import CASES, allow
from core.actor import Actor
from core.clock import now
from core.errors import DomainError
from core.models import User
from core.web.once import Repeated, answered, claim, fresh, renewed
from core.web.parts import Cell, Column, Empty, Link
from retention import search
from retention.actions import customers
from retention.actions.consent import consent
from retention.actions.customers import Details
from retention.actions.edit import edit as edit_customer
from retention.errors import StaleCustomer
from retention.models import Customer
from retention.models.customers import EMAIL, PHONE
from retention.web.forms import CustomerForm, initial

PAGE = 50
FOUND = 8
LONGEST = 200


@require_safe
@allow(*CASES)
def index(request: HttpRequest) -> HttpResponse:
    """Customers by name, 50 a page; with words the best 50 matches. Query cost: 2 or 3 beside session and user."""
    words = " ".join(request.GET.get("q", "").split())[:LONGEST]
    among = Customer.objects.visible_to(request.user).prefetch_related("contact_points")  # type: ignore[arg-type]
    if words:
        shown, previous_url, next_url = search.find(words, among, PAGE), "", ""
    else:
        shown, previous_url, next_url = _page(request, among)
    empty = None
    if not shown:
        new = Link(_("New customer"), reverse("customer_new"), "plus", primary=True)
        if words:
            clear = Link(_("Show all"), reverse("customers"))
            empty = Empty(
                "match",
                _("Nobody found"),
                _("No name, e-mail, phone number, order or id fits “%(words)s”.") % {"words": words},
                [new, clear],
            )
        else:
            empty = Empty("nothing", _("No customers yet"), _("Whoever complains appears here by themselves."), [new])
    context = {
        "words": words,
        "columns": [
            Column(_("Customer")),
            Column(_("E-mail")),
            Column(_("Phone")),
            Column(_("Tier")),
            Column(_("Language")),
        ],
        "table": [_row(one) for one in shown],
        "empty": empty,
        "previous_url": previous_url,
        "next_url": next_url,
        "only_best": len(shown) == PAGE and bool(words),
    }
    return render(request, "customers/list.html", context)


@require_safe
@allow(*CASES)
def find(request: HttpRequest) -> HttpResponse:
    """Options for find-as-you-type: up to 8 customers for `q`. Query cost: 3 beside session and user."""
    words = " ".join(request.GET.get("q", "").split())[:LONGEST]
    among = Customer.objects.visible_to(request.user).prefetch_related("contact_points")  # type: ignore[arg-type]
    options = []
    for one in search.find(words, among, FOUND) if len(words) >= 2 else []:
        email, phone = _first(one, EMAIL), _first(one, PHONE)
        options.append(
            {
                "id": one.pk,
                "name": str(one),
                "detail": " · ".join(x for x in (email, phone, one.tier) if x),
                "email": email,
                "phone": phone,
            }
        )
    return render(request, "customers/_options.html", {"found": options})


@allow(*CASES)
def new(request: HttpRequest) -> HttpResponse:
    """A new customer, once per form."""
    if request.method != "POST":
        return _form(
            request,
            CustomerForm(initial={"name": request.GET.get("name", "")[:LONGEST]}),
            title=_("New customer"),
            back=reverse("customers"),
        )
    form = CustomerForm(request.POST)
    status = 422
    if form.is_valid():
        try:
            return HttpResponseRedirect(_create(request, form))
        except DomainError as refusal:
            status = _add(form, refusal)
    return _form(request, form, title=_("New customer"), back=reverse("customers"), status=status)


@allow(*CASES)
def edit(request: HttpRequest, customer_id: int) -> HttpResponse:
    """Change a customer, once per form; a form older than the record comes back as 409 with what was typed."""
    customer = _get(request, customer_id)
    url = reverse("customer", args=[customer.pk])
    if request.method != "POST":
        return _form(request, CustomerForm(initial=initial(customer)), title=_("Edit the customer"), back=url)
    form = CustomerForm(request.POST)
    status = 422
    if form.is_valid():
        by, at = Actor.of(request), now()
        try:
            with transaction.atomic():
                claim(request, form.cleaned_data["nonce"], at=at)
                edit_customer(customer, form.profile(), by=by, at=at, version=form.cleaned_data["version"])
                for purpose, given in form.consents():
                    consent(customer, purpose=purpose, given=given, by=by, at=at)
        except Repeated:
            return HttpResponseRedirect(url)
        except StaleCustomer as refusal:
            status = _add(form, refusal)
            form.data = renewed(form.data, version=str(_get(request, customer_id).version))
        except DomainError as refusal:
            status = _add(form, refusal)
        else:
            messages.success(request, _("Saved"))
            return redirect(url)
    return _form(request, form, title=_("Edit the customer"), back=url, status=status)


def _create(request: HttpRequest, form: CustomerForm) -> str:
    """The new customer's address. Raises DomainError."""
    profile, at, by = form.profile(), now(), Actor.of(request)
    try:
        with transaction.atomic():
            nonce = claim(request, form.cleaned_data["nonce"], at=at)
            email, phone = ((listed or ("",))[0] for listed in (profile.emails, profile.phones))
            details = Details(name=profile.name or "", email=email, phone=phone, language=profile.language or "")
            made = customers.create(details, by=by, at=at)
            edit_customer(made, profile, by=by, at=at)
            for purpose, given in form.consents():
                consent(made, purpose=purpose, given=given, by=by, at=at)
            url = reverse("customer", args=[made.pk])
            answered(nonce, url)
    except Repeated as repeated:
        return repeated.location or reverse("customers")
    messages.success(request, _("Saved"))
    return url


def _add(form: CustomerForm, refusal: DomainError) -> int:
    form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
    return 422 if refusal.status == 400 else refusal.status


def _form(request: HttpRequest, form: CustomerForm, *, title: str, back: str, status: int = 200) -> HttpResponse:
    request.sidebar_here = "customers"  # type: ignore[attr-defined]
    if form.is_bound:
        form.data = renewed(form.data, nonce=fresh())
    return render(request, "customers/form.html", {"form": form, "title": title, "cancel_url": back}, status=status)


def _get(request: HttpRequest, customer_id: int) -> Customer:
    """The customer with contacts and consents, for their form. Raises Http404. Query cost: 3."""
    request.sidebar_here = "customers"  # type: ignore[attr-defined]
    user: User = request.user  # type: ignore[assignment]
    found = (
        Customer.objects.visible_to(user).prefetch_related("contact_points", "consents").filter(pk=customer_id).first()
    )
    if found is None:
        raise Http404
    return found


def _page(request: HttpRequest, found: QuerySet[Customer]) -> tuple[list[Customer], str, str]:
    """Keyset by (name_key, id): rows, address before, address after."""
    after, before = _cursor(request.GET.get("after", "")), _cursor(request.GET.get("before", ""))
    if before is not None:
        key, pk = before
        found = found.filter(name_key__lte=key).filter(Q(name_key__lt=key) | Q(pk__lt=pk)).order_by("-name_key", "-pk")
    elif after is not None:
        key, pk = after
        found = found.filter(name_key__gte=key).filter(Q(name_key__gt=key) | Q(pk__gt=pk)).order_by("name_key", "pk")
    else:
        found = found.order_by("name_key", "pk")
    got = list(found[: PAGE + 1])
    more, got = len(got) > PAGE, got[:PAGE]
    if before is not None:
        got.reverse()
    if not got:
        return [], "", ""
    has_next, has_previous = more or before is not None, more if before is not None else after is not None
    return (
        got,
        _address("before", got[0]) if has_previous else "",
        _address("after", got[-1]) if has_next else "",
    )


def _cursor(text: str) -> tuple[str, int] | None:
    """`[name, id]` as we wrote it; None for anything else."""
    try:
        name, pk = json.loads(text) if text and len(text) < 2000 else (None, None)
    except (ValueError, TypeError, RecursionError):
        return None
    if not isinstance(name, str) or not isinstance(pk, int) or not 0 <= pk < 2**63:
        return None
    return (name, pk) if "\0" not in name and name.isprintable() else None


def _address(side: str, one: Customer) -> str:
    return f"{reverse('customers')}?{urlencode({side: json.dumps([one.name_key, one.pk], ensure_ascii=False)})}"


def _row(one: Customer) -> list[Cell]:
    return [
        Cell(str(one), kind="head", url=reverse("customer", args=[one.pk])),
        Cell(_first(one, EMAIL)),
        Cell(_first(one, PHONE)),
        Cell(one.tier),
        Cell(languages.language_name(one.language) if one.language else ""),
    ]


def _first(one: Customer, kind: str) -> str:
    return next((point.value for point in one.contact_points.all() if point.kind == kind), "")
