"""Customers in the browser: list, page, new, edit, find as you type (mission B3; domain, Roles and visibility)."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from core import languages, trail
from core.access import CASES, allow
from core.actor import Actor
from core.clock import now
from core.errors import DomainError
from core.models import TrailEntry, User
from core.web.once import Repeated, answered, claim, fresh
from core.web.parts import Cell, Column, Empty, Entry, Link, Person
from retention.actions import customers
from retention.actions.customers import Details
from retention.actions.edit import edit as edit_customer
from retention.models import Customer
from retention.models.customers import EMAIL, PERSON, PHONE
from retention.web.forms import CustomerForm, initial

PAGE = 50
FOUND = 8
LONGEST = 200
SHOWN_COMPLAINTS = 50
SHOWN_TRAIL = 50


@require_safe
@allow(*CASES)
def index(request: HttpRequest) -> HttpResponse:
    """Customers by name, 50 a page, searched by name, contact or id. Query cost: 2 beside session and user."""
    words = " ".join(request.GET.get("q", "").split())[:LONGEST]
    found = Customer.objects.visible_to(request.user)  # type: ignore[arg-type]
    if words:
        found = found.filter(pk__in=Customer.objects.matching(words).values("pk"))
    shown, previous_url, next_url = _page(request, found, words)
    empty = None
    if not shown:
        new = Link(_("New customer"), reverse("customer_new"), "plus", primary=True)
        if words:
            clear = Link(_("Show all"), reverse("customers"))
            empty = Empty(
                "match",
                _("Nobody found"),
                _("No name, e-mail, phone number or id fits “%(words)s”.") % {"words": words},
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
    }
    return render(request, "customers/list.html", context)


@require_safe
@allow(*CASES)
def find(request: HttpRequest) -> HttpResponse:
    """Options for find-as-you-type: up to 8 customers for `q`. Query cost: 2 beside session and user."""
    words = " ".join(request.GET.get("q", "").split())[:LONGEST]
    people = Customer.objects.visible_to(request.user).matching(words)  # type: ignore[arg-type]
    options = []
    for one in people.prefetch_related("contact_points")[:FOUND] if len(words) >= 2 else []:
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


@require_safe
@allow(*CASES)
def page(request: HttpRequest, customer_id: int) -> HttpResponse:
    """One customer: contacts, stays, complaints as the reader may see them, what was changed. Query cost: 7."""
    customer = _get(request, customer_id)
    at = now()
    seen = customer.complaints.visible_to(request.user)  # type: ignore[attr-defined]
    listed = list(seen.select_related("type__parent").order_by("-received_at")[: SHOWN_COMPLAINTS + 1])
    hidden = customer.complaints.count() - seen.count()  # type: ignore[attr-defined]
    context = {
        "customer": customer,
        "person": Person.of(customer.pk, str(customer)),
        "line": _line(customer),
        "contacts": [
            (_mark(one.kind), str(one.get_kind_display()), one.value) for one in customer.contact_points.all()
        ],
        "columns": [
            Column(_("Received")),
            Column(_("Complaint")),
            Column(_("Type")),
            Column(_("Status")),
            Column(_("Outcome")),
        ],
        "table": [_complaint_row(one, at) for one in listed[:SHOWN_COMPLAINTS]],
        "more_url": f"{reverse('queue')}?view=all&customer={customer.pk}" if len(listed) > SHOWN_COMPLAINTS else "",
        "complaint_count": f"{SHOWN_COMPLAINTS}+" if len(listed) > SHOWN_COMPLAINTS else str(len(listed)),
        "elsewhere": ngettext(
            "%(n)s more complaint is with another team.", "%(n)s more complaints are with other teams.", hidden
        )
        % {"n": hidden}
        if hidden
        else "",
        "stays": [_stay(one.joined_on, one.left_on) for one in customer.tenures.all()],
        "facts": _facts(customer),
        "entries": _trail(customer),
        "new_url": f"{reverse('complaint_new')}?customer={customer.pk}",
    }
    return render(request, "customers/customer.html", context)


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
    """Change a customer, once per form."""
    customer = _get(request, customer_id)
    url = reverse("customer", args=[customer.pk])
    if request.method != "POST":
        return _form(request, CustomerForm(initial=initial(customer)), title=_("Edit the customer"), back=url)
    form = CustomerForm(request.POST)
    status = 422
    if form.is_valid():
        try:
            with transaction.atomic():
                claim(request, form.cleaned_data["nonce"], at=now())
                edit_customer(customer, form.profile(), by=Actor.of(request), at=now())
        except Repeated:
            return HttpResponseRedirect(url)
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
            first = (profile.emails[:1] or ("",))[0], (profile.phones[:1] or ("",))[0]
            made = customers.create(
                Details(name=profile.name, email=first[0], phone=first[1], language=profile.language), by=by, at=at
            )
            edit_customer(made, profile, by=by, at=at)
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
        form.data = form.data.copy()
        form.data["nonce"] = fresh()
    return render(request, "customers/form.html", {"form": form, "title": title, "cancel_url": back}, status=status)


def _get(request: HttpRequest, customer_id: int) -> Customer:
    """The customer with contacts and stays, for a page of theirs. Raises Http404. Query cost: 4."""
    request.sidebar_here = "customers"  # type: ignore[attr-defined]
    user: User = request.user  # type: ignore[assignment]
    found = (
        Customer.objects.visible_to(user)
        .prefetch_related("contact_points", "tenures", "external_ids")
        .filter(pk=customer_id)
        .first()
    )
    if found is None:
        raise Http404
    return found


def _page(request: HttpRequest, found: QuerySet[Customer], words: str) -> tuple[list[Customer], str, str]:
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
    got = list(found.prefetch_related("contact_points")[: PAGE + 1])
    more, got = len(got) > PAGE, got[:PAGE]
    if before is not None:
        got.reverse()
    if not got:
        return [], "", ""
    has_next, has_previous = more or before is not None, more if before is not None else after is not None
    return (
        got,
        _address("before", got[0], words) if has_previous else "",
        _address("after", got[-1], words) if has_next else "",
    )


def _cursor(text: str) -> tuple[str, int] | None:
    """`[name, id]` as we wrote it; None for anything else."""
    try:
        name, pk = json.loads(text) if text and len(text) < 2000 else (None, None)
    except (ValueError, TypeError):
        return None
    fits = isinstance(name, str) and isinstance(pk, int) and 0 <= pk < 2**63
    return (name, pk) if fits and "\0" not in name and name.isprintable() else None


def _address(side: str, one: Customer, words: str) -> str:
    asked = {side: json.dumps([one.name_key, one.pk], ensure_ascii=False)}
    return f"{reverse('customers')}?{urlencode({'q': words, **asked} if words else asked)}"


def _row(one: Customer) -> list[Cell]:
    return [
        Cell(str(one), kind="head", url=reverse("customer", args=[one.pk])),
        Cell(_first(one, EMAIL)),
        Cell(_first(one, PHONE)),
        Cell(one.tier),
        Cell(languages.language_name(one.language) if one.language else ""),
    ]


def _complaint_row(one: Any, at: Any) -> list[Cell]:
    """A row about a complaint, which hangs above this floor: read by its names, never imported."""
    return [
        Cell(languages.short_day(languages.local(one.received_at), now=languages.local(at))),
        Cell(one.subject, kind="head", url=one.get_absolute_url()),
        Cell(one.type.path),
        Cell(one.get_status_display()),
        Cell(one.get_outcome_display() or languages.DASH),
    ]


def _first(one: Customer, kind: str) -> str:
    return next((point.value for point in one.contact_points.all() if point.kind == kind), "")


def _mark(kind: str) -> str:
    return {EMAIL: "email", PHONE: "phone", "social": "social"}.get(kind, "letter")


def _line(customer: Customer) -> str:
    words = [] if customer.kind == PERSON else [str(customer.get_kind_display())]
    if customer.language:
        words.append(_("writes in %(language)s") % {"language": languages.language_name(customer.language)})
    return " · ".join(words)


def _facts(customer: Customer) -> list[tuple[str, str]]:
    facts = [(_("Known since"), languages.day(languages.local(customer.created_at)))]
    facts += [
        (_("Id in %(source)s") % {"source": one.source or "–"}, one.external_id) for one in customer.external_ids.all()
    ]
    return facts


def _stay(joined: Any, left: Any) -> str:
    if joined and left:
        return _("%(start)s to %(end)s") % {"start": languages.day(joined), "end": languages.day(left)}
    if left:
        return _("left on %(day)s") % {"day": languages.day(left)}
    return _("since %(day)s") % {"day": languages.day(joined)} if joined else _("since an unknown day")


def _trail(customer: Customer) -> list[Entry]:
    """What was changed about the customer, newest first. Query cost: 2."""
    titles = {"customer.created": _("Written down"), "customer.edited": _("Changed")}
    found = list(trail.of(customer).order_by("-seq")[:SHOWN_TRAIL])
    people = {
        one.pk: str(one) for one in User.objects.filter(pk__in={entry.actor_id for entry in found if entry.actor_id})
    }
    shown = []
    for entry in found:
        said = _changed(entry)
        who = people.get(entry.actor_id or 0) or entry.actor_label
        text = f"{who}: {said}" if said else who
        shown.append(
            Entry(
                "event",
                icon="trail",
                title=titles.get(entry.kind, entry.kind),
                text=text,
                at=entry.at.isoformat(),
                time=languages.near(entry.at, now()),
                key=f"trail-{entry.seq}",
            )
        )
    return shown


def _changed(entry: TrailEntry) -> str:
    """Which things changed, in words; the values themselves stay on the trail."""
    names = {
        "name": _("name"),
        "kind": _("kind"),
        "language": _("language"),
        "tier": _("tier"),
        EMAIL: _("e-mail"),
        PHONE: _("phone"),
    }
    return ", ".join(str(names.get(one, one)) for one in json.loads(entry.body).get("fields", []))
