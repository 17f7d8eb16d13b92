"""Whose complaint it is, told or changed from the case: somebody known, somebody new, or nobody we know (mission B3).

The customer card of the case holds the short form (find as you type, one button); the page behind it does the same
without JavaScript and takes new people too. Both send to one address, through the same action as the API.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from complaints.actions.customer import set_customer
from complaints.models import Complaint
from complaints.web.many import strip
from complaints.web.one import acts, case, changes
from core.access import CASES, allow
from core.actor import Actor
from core.clock import now
from core.errors import DomainError
from core.models import User
from core.web.fields import Line
from core.web.once import OnceForm, Repeated, claim, fresh, renewed
from core.web.parts import Option
from retention import search
from retention.actions.customers import Details, create
from retention.actions.customers import find as find_known
from retention.models import Customer

SHOWN = 8
NEW, UNKNOWN = "new", "unknown"
LONGEST = 200


class CustomerForm(OnceForm):
    """Who it is: `customer` is a key, `new` (the details say who) or `unknown`; empty with words in `q` asks us to
    look. `version`: the case as it was shown."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=0)
    q = Line(label=gettext_lazy("Find the customer"), required=False, max_length=LONGEST)
    customer = forms.CharField(required=False, max_length=20)
    name = Line(label=gettext_lazy("Name"), required=False)
    email = forms.EmailField(label=gettext_lazy("E-mail"), required=False, max_length=254)
    phone = Line(label=gettext_lazy("Phone"), required=False, max_length=60)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self.known: Customer | None = None
        self.http_status = 200

    @property
    def looks(self) -> bool:
        """Only words were sent: look who they fit."""
        return not self.data.get("customer") and bool(self.data.get("q", "").strip())

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        chosen = data.get("customer", "")
        if chosen == NEW:
            if not (data.get("name") or data.get("email") or data.get("phone")) and not self.errors:
                self.add_error("name", _("A new customer needs a name, an e-mail or a phone number."))
        elif chosen != UNKNOWN:
            self.known = self._known(chosen)
        return data

    def _known(self, text: str) -> Customer | None:
        if not text:
            raise ValidationError(_("Say whose complaint it is."), code="required")
        is_key = text.isascii() and text.isdigit() and len(text) < 19
        found = Customer.objects.visible_to(self.user).filter(pk=text).first() if is_key else None
        if found is None:
            raise ValidationError(_("This customer does not exist any more. Choose again."), code="unknown_customer")
        return found

    def run(self, complaint: Complaint, *, by: Actor, at: datetime) -> Complaint:
        """Do what was chosen; details that certainly mean somebody known make no second record. Raises DomainError."""
        chosen = self.known
        if self.cleaned_data["customer"] == NEW:
            name, email, phone = (self.cleaned_data[part] for part in ("name", "email", "phone"))
            details = Details(name=name, email=email, phone=phone, language=complaint.language)
            chosen = find_known(details) or create(details, by=by, at=at)
        return set_customer(complaint, chosen, by=by, at=at, version=self.cleaned_data["version"])


@require_http_methods(["GET", "HEAD", "POST"])
@allow(*CASES)
def change(request: HttpRequest, reference: str) -> HttpResponse:
    """Say whose complaint it is, once per form; `?q=` shows who fits the words. Query cost to show: 4."""
    complaint = case.find(request, reference)
    user: User = request.user  # type: ignore[assignment]
    if request.method != "POST":
        return _page(request, complaint, CustomerForm(user=user, initial={"version": complaint.version}))
    form = CustomerForm(request.POST, user=user)
    if form.looks:
        return _look(request, complaint)
    if form.is_valid():
        try:
            _do(request, complaint, form)
        except DomainError as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
            form.http_status = 422 if refusal.status == 400 else refusal.status
        else:
            return changes.done(request, complaint, _("Customer changed"))
    else:
        form.http_status = 422
    complaint = case.find(request, reference)
    form.data = renewed(form.data, nonce=fresh(), version=str(complaint.version))
    return _page(request, complaint, form)


def _do(request: HttpRequest, complaint: Complaint, form: CustomerForm) -> None:
    at = now()
    try:
        with transaction.atomic():
            claim(request, form.cleaned_data["nonce"], at=at)
            form.run(complaint, by=Actor.of(request), at=at)
    except Repeated:
        return  # the first one has done it; whoever sends it again sees the same result


def _look(request: HttpRequest, complaint: Complaint) -> HttpResponse:
    words = " ".join(request.POST["q"].split())[:LONGEST]
    query = strip.list_query(request)
    url = f"{acts.customer_door(complaint, query).url}{'&' if query else '?'}{urlencode({'q': words})}"
    if request.htmx:  # type: ignore[attr-defined]
        return HttpResponse(headers={"HX-Redirect": url})
    return HttpResponseRedirect(url)


def _page(request: HttpRequest, complaint: Complaint, form: CustomerForm) -> HttpResponse:
    """The whole page; what the card's form was refused with leads here too."""
    if request.htmx:  # type: ignore[attr-defined]
        return _in_card(request, complaint, form)
    words = " ".join((form.data.get("q") or request.GET.get("q", "")).split())[:LONGEST]
    chosen = str(form.data.get("customer", ""))
    options = _found(request, words, chosen)
    if form.is_bound and form.known is not None and all(one.value != chosen for one in options):
        options.insert(0, _option(form.known, chosen))
    query = strip.list_query(request)
    request.sidebar_here = "queue"  # type: ignore[attr-defined]
    context = {
        "form": form,
        "complaint": complaint,
        "options": options,
        "words": words,
        "chosen": chosen or (NEW if words and not options else ""),
        "url": acts.customer_door(complaint, query).url,
        "back_url": complaint.get_absolute_url() + query,
        "list_fields": [(name, request.GET[name]) for name in request.GET if name != "q"],
    }
    return render(request, "complaints/customer.html", context, status=form.http_status)


def _in_card(request: HttpRequest, complaint: Complaint, form: CustomerForm) -> HttpResponse:
    """The case as it is now, with what was refused beside the card's form."""
    context = case.parts(request, complaint, at=now())
    context["door_error"] = " ".join(str(line) for lines in form.errors.values() for line in lines)
    context["door_words"] = form.data.get("q", "")
    return render(request, "complaints/_case_update.html", context, status=form.http_status)


def _found(request: HttpRequest, words: str, chosen: str) -> list[Option]:
    """Who fits the words, the best first. Query cost: 3, none without words."""
    if len(words) < 2:
        return []
    among = Customer.objects.visible_to(request.user).prefetch_related("contact_points")  # type: ignore[arg-type]
    return [_option(one, chosen) for one in search.find(words, among, SHOWN)]


def _option(one: Customer, chosen: str) -> Option:
    hint = " · ".join(point.value for point in one.contact_points.all())
    return Option(str(one.pk), str(one), hint=hint, checked=str(one.pk) == chosen)
