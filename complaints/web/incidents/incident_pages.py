"""Incidents: the list, one of them with its cases, opening, changing and closing it (mission A8)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from complaints import macro_values, macros
from complaints.actions import incident_updates as updates
from complaints.actions import incidents as actions
from complaints.models import Complaint, Incident, Status
from complaints.reference import catalogue
from complaints.web.incidents import incident_trail
from complaints.web.names import name_of
from complaints.web.one.forms import cause_choices, owner_choices
from core import languages
from core.access import CASES, allow
from core.actor import Actor
from core.clock import now
from core.errors import DomainError
from core.models import User
from core.web.fields import Line, Paragraphs, PlainSelect
from core.web.once import OnceForm, Repeated, answered, claim, fresh, renewed
from core.web.parts import Cell, Chip, Column, Empty, Link

PAGE = 50
MOST_AT_ONCE = 50  # cases named in the address of a new incident
OPEN, CLOSED = "open", "closed"


class IncidentForm(OnceForm):
    """What is known about the cause. `version`: the incident as it was shown; `complaint`: its first cases."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=0)
    complaint = forms.CharField(widget=forms.HiddenInput, required=False, max_length=20 * MOST_AT_ONCE)
    title = Line(
        label=gettext_lazy("What happened"),
        max_length=160,
        error_messages={"required": gettext_lazy("Give it a title.")},
    )
    description = Paragraphs(
        label=gettext_lazy("What is known"), required=False, max_length=actions.LONG, help_text=gettext_lazy("for us")
    )
    product = Line(label=gettext_lazy("Product"), required=False, max_length=120)
    lot = Line(label=gettext_lazy("Lot"), required=False, max_length=80)
    root_cause = forms.ChoiceField(label=gettext_lazy("Root cause"), required=False, widget=PlainSelect)
    owner = forms.ChoiceField(label=gettext_lazy("Who looks after it"), widget=PlainSelect)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["root_cause"].choices = [("", _("not known yet")), *cause_choices()]  # type: ignore[attr-defined]
        self.fields["owner"].choices = owner_choices()  # type: ignore[attr-defined]

    @property
    def facts(self) -> dict[str, Any]:
        """The values as the actions take them."""
        data = self.cleaned_data
        return {
            "title": data["title"],
            "description": data["description"],
            "product": data["product"],
            "lot": data["lot"],
            "root_cause": catalogue().causes.get(data["root_cause"]),
            "owner": User.objects.filter(pk=data["owner"]).first(),
        }


@require_safe
@allow(*CASES)
def index(request: HttpRequest) -> HttpResponse:
    """Open incidents, newest first; `?state=closed` the others. Query cost: 1 beside session and user."""
    state = CLOSED if request.GET.get("state") == CLOSED else OPEN
    found = Incident.objects.filter(closed_at__isnull=state == OPEN)
    if (before := request.GET.get("before", "")).isascii() and before.isdigit() and len(before) < 19:
        found = found.filter(pk__lt=int(before))
    counted = found.annotate(
        cases=Count("complaints"), in_hand=Count("complaints", filter=Q(complaints__in_queue=True))
    )
    listed = list(counted.order_by("-pk")[: PAGE + 1])
    more = f"?{urlencode({'state': state, 'before': str(listed[PAGE - 1].pk)})}" if len(listed) > PAGE else ""
    at = now()
    columns = [
        Column(_("Incident")),
        Column(_("Product")),
        Column(_("Looked after by")),
        Column(_("Since")),
        Column(_("Cases"), True),
        Column(_("In hand"), True),
    ]
    rows = [
        [
            Cell(f"{one.reference} {one.title}", "head", reverse("incident", args=[one.reference])),
            Cell(" · ".join(part for part in (one.product, one.lot) if part) or languages.DASH),
            Cell(name_of(one.owner_id)),
            Cell(languages.short_moment(one.opened_at, now=at)),
            Cell(one.cases, "num"),
            Cell(one.in_hand, "num"),
        ]
        for one in listed[:PAGE]
    ]
    links = [
        Link(_("Open"), reverse("incidents"), current=state == OPEN),
        Link(_("Closed"), f"{reverse('incidents')}?state=closed", current=state == CLOSED),
    ]
    empty = None
    if not rows:
        text = _("When many complaints have one cause, open an incident: then one update reaches them all.")
        empty = Empty("nothing", _("No incident here"), text, [Link(_("Open an incident"), reverse("incident_new"))])
    request.sidebar_here = "incidents"  # type: ignore[attr-defined]
    context = {"columns": columns, "table": rows, "links": links, "empty": empty, "next_url": more}
    return render(request, "incidents/index.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@allow(*CASES)
def new(request: HttpRequest) -> HttpResponse:
    """Open an incident; `?complaint=` (may be repeated) names its first cases."""
    user: User = request.user  # type: ignore[assignment]
    if request.method != "POST":
        named = _cases(request, request.GET.getlist("complaint"))
        first = named[0] if named else None
        known = {"product": first.product, "lot": first.lot, "title": first.subject} if first else {}
        initial = {**known, "owner": str(user.pk), "complaint": " ".join(one.reference for one in named)}
        return _form(request, IncidentForm(initial=initial), named)
    form = IncidentForm(request.POST)
    named = _cases(request, request.POST.get("complaint", "").split())
    if form.is_valid():
        try:
            with transaction.atomic():
                key = claim(request, form.cleaned_data["nonce"], at=now())
                made = actions.open_incident(by=Actor.of(request), at=now(), complaints=named, **form.facts)
                url = reverse("incident", args=[made.reference])
                answered(key, url)
        except Repeated as before:
            return HttpResponseRedirect(before.location or reverse("incidents"))
        except DomainError as refusal:
            _refuse(form, refusal)
        else:
            messages.success(request, _("Incident opened"))
            return HttpResponseRedirect(url)
    form.data = renewed(form.data, nonce=fresh())
    return _form(request, form, named, status=422)


@require_safe
@allow(*CASES)
def page(request: HttpRequest, reference: str) -> HttpResponse:
    """An incident with its cases (`?status=` only those, `?after=` further ones), counts by status, its updates and its
    trail (`?before=` older entries).

    Query cost: 7 beside session and user, whatever the number of cases.
    """
    incident = found(reference)
    user: User = request.user  # type: ignore[assignment]
    counts = dict(
        Complaint.objects.filter(incident=incident)
        .order_by()
        .values_list("status")
        .annotate(n=Count("pk"))
        .values_list("status", "n")
    )
    seen = Complaint.objects.visible_to(user).filter(incident=incident)
    visible = seen.count()
    status = request.GET.get("status", "")
    if status in Status.values:
        seen = seen.filter(status=status)
    if (after := request.GET.get("after", "")).isascii() and after.isdigit() and len(after) < 19:
        seen = seen.filter(pk__gt=int(after))
    listed = list(seen.select_related("customer").order_by("pk")[: PAGE + 1])
    kept = {"status": status} if status in Status.values else {}
    more = f"?{urlencode({**kept, 'after': str(listed[PAGE - 1].pk)})}" if len(listed) > PAGE else ""
    told = list(incident.updates.select_related("by").order_by("-pk")[:20])
    progress = updates.whole(told)
    at = now()
    happened, older_url = incident_trail.entries(incident, request.GET.get("before", ""))
    context = {
        "incident": incident,
        "owner": name_of(incident.owner_id),
        "cause": catalogue().causes_by_id[incident.root_cause_id].path if incident.root_cause_id else "",
        "opened": languages.short_moment(incident.opened_at, now=at),
        "closed": languages.short_moment(incident.closed_at, now=at) if incident.closed_at else "",
        "total": sum(counts.values()),
        "hidden": sum(counts.values()) - visible,
        "statuses": [
            Link(f"{Status(key).label} {counts[key]}", f"?status={key}", current=key == status)
            for key in Status.values
            if key in counts
        ],
        "all_url": reverse("incident", args=[incident.reference]),
        "narrowed": bool(kept),
        "columns": [Column(_("Complaint")), Column(_("Customer")), Column(_("Status")), Column(_("Owner"))],
        "table": [
            [
                Cell(f"{one.reference} {one.subject}", "head", one.get_absolute_url()),
                Cell(str(one.customer) if one.customer else _("Customer unknown")),
                Cell(Chip(str(Status(one.status).label)), "chip"),
                Cell(name_of(one.owner_id)),
            ]
            for one in listed[:PAGE]
        ],
        "next_url": more,
        "updates": [_update(incident, one, progress.get(one.pk)) for one in told],
        "trail": happened,
        "older_url": older_url,
        "nonce": fresh(),
    }
    request.sidebar_here = "incidents"  # type: ignore[attr-defined]
    return render(request, "incidents/incident.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@allow(*CASES)
def edit(request: HttpRequest, reference: str) -> HttpResponse:
    """Put facts right; a form older than the incident is refused (409)."""
    incident = found(reference)
    if request.method != "POST":
        initial = {
            "title": incident.title,
            "description": incident.description,
            "product": incident.product,
            "lot": incident.lot,
            "root_cause": incident.root_cause.code if incident.root_cause else "",
            "owner": str(incident.owner_id),
            "version": incident.version,
        }
        return _form(request, IncidentForm(initial=initial), [], incident=incident)
    form, status = IncidentForm(request.POST), 422
    if form.is_valid():
        try:
            with transaction.atomic():
                claim(request, form.cleaned_data["nonce"], at=now())
                version = form.cleaned_data["version"]
                actions.edit(incident, form.facts, by=Actor.of(request), at=now(), version=version)
        except Repeated:
            return HttpResponseRedirect(reverse("incident", args=[incident.reference]))
        except DomainError as refusal:
            status = _refuse(form, refusal)
        else:
            messages.success(request, _("Saved"))
            return HttpResponseRedirect(reverse("incident", args=[incident.reference]))
    incident.refresh_from_db()
    form.data = renewed(form.data, nonce=fresh(), version=str(incident.version))
    return _form(request, form, [], incident=incident, status=status)


@require_POST
@allow(*CASES)
def closure(request: HttpRequest, reference: str) -> HttpResponse:
    """Close the incident, or (`undo`) open it again."""
    incident, undo = found(reference), bool(request.POST.get("undo"))
    try:
        with transaction.atomic():
            claim(request, request.POST.get("nonce", "")[:64], at=now())
            (actions.reopen if undo else actions.close)(incident, by=Actor.of(request), at=now())
    except Repeated:
        pass
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Open again") if undo else _("Incident closed; its cases stay as they are"))
    return HttpResponseRedirect(reverse("incident", args=[incident.reference]))


def found(reference: str) -> Incident:
    """Raises Http404. Query cost: 1."""
    incident = Incident.objects.filter(reference=reference).select_related("root_cause", "owner").first()
    if incident is None:
        raise Http404
    return incident


def _update(incident: Incident, one: Any, done: updates.Progress | None) -> dict[str, Any]:
    done = done or updates.NOTHING
    words = {
        updates.DRAFT: _("not sent yet"),
        updates.SENDING: _("being sent"),
        updates.SENT: _("sent"),
        updates.STOPPED: pgettext("an update", "stopped"),
    }
    language = macros.language_of(one.texts, languages.code(), languages.code(settings.LANGUAGE_CODE))
    return {
        "url": reverse("incident_update", args=[incident.reference, one.pk]),
        "text": Truncator(macro_values.outline(one.texts.get(language, ""), language)).chars(160),
        "language": language,
        "state": words[one.state],
        "when": languages.short_moment(one.sent_at or one.created_at, now=now()),
        "who": name_of(one.by_id),
        "done": f"{done.sent} / {done.total}" if one.state != updates.DRAFT else "",
    }


def _cases(request: HttpRequest, references: list[str]) -> list[Complaint]:
    named = references[:MOST_AT_ONCE]
    seen = Complaint.objects.visible_to(request.user)  # type: ignore[arg-type]
    return list(seen.filter(reference__in=named, incident__isnull=True).order_by("pk")) if named else []


def _refuse(form: IncidentForm, refusal: DomainError) -> int:
    form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
    return 422 if refusal.status == 400 else refusal.status


def _form(
    request: HttpRequest,
    form: IncidentForm,
    cases: list[Complaint],
    *,
    incident: Incident | None = None,
    status: int = 200,
) -> HttpResponse:
    request.sidebar_here = "incidents"  # type: ignore[attr-defined]
    back = reverse("incident", args=[incident.reference]) if incident else reverse("incidents")
    context = {"form": form, "cases": cases, "incident": incident, "back_url": back}
    return render(request, "incidents/form.html", context, status=status)
