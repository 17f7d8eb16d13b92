"""The agents' form: a phone call, a letter, somebody at the desk (mission A3; domain, Complaint 1-3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.forms import BoundField
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from complaints.actions.file import Filing, file
from complaints.models import ChannelCode, Complaint, Kind, Severity
from complaints.models.catalogue import UNCLASSIFIED
from complaints.reference import catalogue
from complaints.web.one import file_doors
from complaints.web.one.file_field import FilesField
from complaints.web.one.forms import nested, owner_choices
from core import languages
from core.access import CASES, allow
from core.actor import Actor
from core.anew import anew
from core.clock import now
from core.errors import DomainError
from core.models import User
from core.web.fields import Line, LocalInstant, Paragraphs, PlainSelect
from core.web.once import OnceForm, Repeated, answered, claim, fresh, renewed
from core.web.parts import Option
from retention.actions.customers import Details
from retention.models import Customer

BY_HAND = [one for one in ChannelCode if one not in (ChannelCode.WEB, ChannelCode.API)]
SHOWN = 8
TOLD = (
    "channel",
    "customer_name",
    "customer_email",
    "customer_phone",
    "subject",
    "description",
    "expectation",
    "remedy_sought",
    "demands",
    "attachments",
)


class IntakeForm(OnceForm):
    """What an agent writes down while listening. The customer is a known one (`customer`), or found by the details."""

    customer = forms.CharField(widget=forms.HiddenInput, required=False)
    channel = forms.ChoiceField(label=gettext_lazy("How it reached us"), widget=forms.RadioSelect)
    customer_name = Line(
        label=gettext_lazy("Customer"),
        required=False,
        help_text=gettext_lazy("name, e-mail or phone number; empty if they stay unknown"),
    )
    customer_email = forms.EmailField(label=gettext_lazy("E-mail"), required=False, max_length=254)
    customer_phone = Line(label=gettext_lazy("Phone"), required=False, max_length=60)
    received_at = LocalInstant(
        label=gettext_lazy("Received"),
        required=False,
        help_text=gettext_lazy("by your clock; empty means now. Deadlines run from here"),
    )
    kind = forms.ChoiceField(label=gettext_lazy("Kind"), widget=forms.RadioSelect, initial=Kind.COMPLAINT)
    subject = Line(label=gettext_lazy("In one line"), max_length=200)
    description = Paragraphs(label=gettext_lazy("What happened, in the customer's words"), rows=7)
    expectation = Paragraphs(label=gettext_lazy("What they expected"), required=False, rows=2)
    remedy_sought = Paragraphs(label=gettext_lazy("What would put it right for them"), required=False, rows=2)
    demands = Paragraphs(
        label=gettext_lazy("What they ask for"),
        required=False,
        rows=2,
        help_text=gettext_lazy("one thing a line; each is decided with the case"),
    )
    attachments = FilesField(label=gettext_lazy("What came with it"))
    order_number = Line(label=gettext_lazy("Order number"), required=False, max_length=80)
    type = forms.ChoiceField(widget=PlainSelect, label=gettext_lazy("Type"), initial=UNCLASSIFIED)
    severity = forms.ChoiceField(
        label=gettext_lazy("Severity"),
        widget=forms.RadioSelect,
        required=False,
        help_text=gettext_lazy("left open, it is that of the channel"),
    )
    language = forms.ChoiceField(widget=PlainSelect, label=gettext_lazy("Language of the customer"))
    owner = forms.ChoiceField(widget=PlainSelect, label=gettext_lazy("Owner"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        active = {code for code, row in catalogue().channels.items() if row.is_active}
        self.fields["channel"].choices = [(one.value, one.label) for one in BY_HAND if one in active or not active]  # type: ignore[attr-defined]
        self.fields["channel"].initial = ChannelCode.PHONE
        if not self.is_bound:
            self.fields["customer_name"].widget.attrs["autofocus"] = True  # on the phone the name comes first
        self.fields["kind"].choices = Kind.choices  # type: ignore[attr-defined]
        self.fields["type"].choices = nested(catalogue().types)  # type: ignore[attr-defined]
        self.fields["severity"].choices = Severity.choices  # type: ignore[attr-defined]
        self.fields["language"].choices = [(code, languages.own_name(code)) for code, _name in settings.LANGUAGES]  # type: ignore[attr-defined]
        self.fields["language"].initial = languages.code(get_language())
        self.fields["owner"].choices = [("", _("by the routing rules")), *owner_choices()]  # type: ignore[attr-defined]

    def told(self) -> list[BoundField]:
        """What the customer tells, in the order in which one asks."""
        return [self[name] for name in TOLD]

    def sorted_as(self) -> list[BoundField]:
        """What we make of it."""
        return [field for field in self.visible_fields() if field.name not in TOLD]

    def clean_customer(self) -> Customer | None:
        text = self.cleaned_data["customer"]
        if not text:
            return None
        known = text.isascii() and text.isdigit() and len(text) < 19
        found = Customer.objects.filter(pk=text, merged_into__isnull=True).first() if known else None
        if found is None:
            raise forms.ValidationError(
                _("This customer does not exist any more. Choose again."), code="unknown_customer"
            )
        return found

    def clean_owner(self) -> User | None:
        text = self.cleaned_data["owner"]
        return User.objects.filter(pk=text).first() if text else None

    def clean_type(self) -> Any:
        return catalogue().types[self.cleaned_data["type"]]

    @property
    def asked(self) -> list[str]:
        """Each thing they ask for."""
        return [line.strip() for line in self.cleaned_data["demands"].splitlines() if line.strip()]

    def filing(self) -> Filing:
        """What the action takes."""
        data = dict(self.cleaned_data)
        for name in ("nonce", "customer_name", "customer_email", "customer_phone", "attachments"):
            data.pop(name)
        data["demands"] = self.asked
        name, email, phone = (self.cleaned_data[f"customer_{part}"] for part in ("name", "email", "phone"))
        details = (
            Details() if data["customer"] else Details(name=name, email=email, phone=phone, language=data["language"])
        )
        return Filing(**data, details=details)


@dataclass(slots=True)
class Found:
    """What a search without JavaScript found, as answers of a question."""

    options: list[Option]
    none: bool


@allow(*CASES)
def new(request: HttpRequest) -> HttpResponse:
    """The form, the search for the customer without JavaScript (button `find`), and the filing (once per form)."""
    if request.method != "POST":
        known = _known(request.GET.get("customer", ""))
        form = IntakeForm(initial=_initial(known) if known else None)
        return _page(request, form)
    given = file_doors.chosen(request, Actor.of(request), mode=file_doors.INTAKE)
    if "find" in request.POST:
        form = IntakeForm(initial={**request.POST.dict(), "attachments": given.tokens})
        return _page(
            request, form, found=_find(request.POST.get("customer_name", ""), request.POST.get("customer", ""))
        )
    form = IntakeForm(given.data)
    given.complain(form)
    status = 422
    if form.is_valid():
        try:
            return _file(request, form, given, at=now())
        except DomainError as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
            status = 422 if refusal.status == 400 else refusal.status
    form.data = renewed(form.data, nonce=fresh())
    return _page(request, form, status=status)


def _file(request: HttpRequest, form: IntakeForm, given: file_doors.Chosen, *, at: datetime) -> HttpResponse:
    """File it and go to the case; sent again it leads to the same case. Raises DomainError."""

    def work() -> tuple[Complaint, str]:
        with transaction.atomic():
            nonce = claim(request, form.cleaned_data["nonce"], at=at)
            complaint = file(form.filing(), by=Actor.of(request), at=at, attachments=form.cleaned_data["attachments"])
            url = _destination(request, complaint)
            answered(nonce, url)
            return complaint, url

    try:
        complaint, url = anew(work)
    except Repeated as repeated:
        given.let_go()
        return HttpResponseRedirect(repeated.location or reverse("queue"))
    said = _("Filed as %(reference)s, owned by %(name)s") % {"reference": complaint.reference, "name": complaint.owner}
    messages.success(request, said)
    return redirect(url)


def _destination(request: HttpRequest, complaint: Complaint) -> str:
    """The case, if whoever filed it may see it; else their queue."""
    visible = Complaint.objects.visible_to(request.user).filter(pk=complaint.pk).exists()  # type: ignore[arg-type]
    return complaint.get_absolute_url() if visible else reverse("queue")


def _page(request: HttpRequest, form: IntakeForm, *, found: Found | None = None, status: int = 200) -> HttpResponse:
    request.sidebar_here = "complaint"  # type: ignore[attr-defined]
    context = {"form": form, "found": found, "find_url": reverse("customer_find"), "cancel_url": reverse("queue")}
    return render(request, "complaints/new.html", context, status=status)


def _find(words: str, chosen: str) -> Found:
    """Customers that fit the words, for choosing without JavaScript. Query cost: 2."""
    people = (
        Customer.objects.filter(merged_into__isnull=True).matching(words).prefetch_related("contact_points")[:SHOWN]
    )
    options = [
        Option(
            str(one.pk),
            str(one),
            hint=" · ".join(point.value for point in one.contact_points.all()),
            checked=str(one.pk) == chosen,
        )
        for one in people
    ]
    return Found(options, none=not options)


def _known(key: str) -> Customer | None:
    if not (key.isascii() and key.isdigit() and len(key) < 19):
        return None
    return Customer.objects.filter(pk=key, merged_into__isnull=True).first()


def _initial(customer: Customer) -> dict[str, Any]:
    found = {"customer": str(customer.pk), "customer_name": str(customer)}
    return {**found, "language": customer.language} if customer.language else found
