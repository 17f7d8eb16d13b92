"""What may belong together with a case, and two cases side by side before they are merged (mission D1; ux, desk 9)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from complaints import duplicates, incident_match
from complaints.actions import merge
from complaints.actions.not_duplicate import not_duplicate
from complaints.duplicates import Matter
from complaints.models import ChannelCode, Complaint, Incident, Message, Severity, Status
from complaints.reference import catalogue
from complaints.sla import joined
from complaints.web.many import strip
from complaints.web.names import clock_name, name_of
from complaints.web.one import case
from core import languages
from core.access import CASES, allow
from core.actor import Actor
from core.clock import now
from core.errors import DomainError
from core.models import User
from core.web.once import Repeated, claim, fresh
from retention.models import ContactPoint, Customer
from retention.models.customers import EMAIL, PHONE, key_of

LONGEST = 4_000  # characters of a text being written that are compared
LAST_SAID = 3


@dataclass(frozen=True, slots=True)
class Same:
    """A case that may be the same, as the panel shows it."""

    reference: str
    subject: str
    url: str
    compare_url: str
    refusal_url: str
    who: str
    status: str
    received: str
    score: str
    why: str


@require_safe
@allow(*CASES)
def panel(request: HttpRequest, reference: str) -> HttpResponse:
    """Possible duplicates, the incident a case belongs to or may belong to: a part of the case page that loads by
    itself, and a page without scripts. Query cost: at most 12 beside session and user."""
    return _panel(request, case.find(request, reference))


def _panel(request: HttpRequest, complaint: Complaint) -> HttpResponse:
    user: User = request.user  # type: ignore[assignment]
    open_case = complaint.status != Status.MERGED and complaint.in_queue
    incident = Incident.objects.filter(pk=complaint.incident_id).first() if complaint.incident_id else None
    context = {
        "complaint": complaint,
        "same": [_same(one, complaint) for one in duplicates.of(complaint, user)] if open_case else [],
        "incident": incident,
        "incident_cases": Complaint.objects.filter(incident=incident).count() if incident else 0,
        "matches": incident_match.of(complaint) if open_case else [],
        "case_url": complaint.get_absolute_url(),
        "query": strip.list_query(request),
        "nonce": fresh(),
    }
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "complaints/_related.html", context)
    request.sidebar_here = "queue"  # type: ignore[attr-defined]
    return render(request, "complaints/related.html", context)


@require_POST
@allow(*CASES)
def different(request: HttpRequest, reference: str, other: str) -> HttpResponse:
    """The two are different matters, said once per form."""
    complaint, its_other = case.find(request, reference), case.find(request, other)
    try:
        with transaction.atomic():
            claim(request, request.POST.get("nonce", "")[:64], at=now())
            not_duplicate(complaint, by=Actor.of(request), at=now(), other=its_other)
    except Repeated:
        pass
    except DomainError as refusal:
        messages.error(request, str(refusal))
    if request.htmx:  # type: ignore[attr-defined]
        return _panel(request, complaint)
    return HttpResponseRedirect(complaint.get_absolute_url() + strip.list_query(request))


@require_safe
@allow(*CASES)
def compare(request: HttpRequest, reference: str, other: str) -> HttpResponse:
    """Two cases side by side, which of them stays (`keep`, default: the older), and what its deadlines would be.

    Query cost: at most 20 beside session and user.
    """
    pair = [case.find(request, reference), case.find(request, other)]
    if pair[0].pk == pair[1].pk:
        raise Http404
    oldest = min(pair, key=lambda one: (one.received_at, one.pk))
    keep = next((one for one in pair if one.reference == request.GET.get("keep")), oldest)
    source = next(one for one in pair if one.pk != keep.pk)
    at = now()
    try:
        merge.refuse_unfit(source, keep, confirm=True)
        refusal = ""
    except DomainError as found:
        refusal = str(found)
    differ = source.customer_id != keep.customer_id
    context = {
        "complaint": pair[0],
        "sides": [_side(one, keeps=one.pk == keep.pk, url=_keep_url(pair, one), at=at) for one in pair],
        "source": source,
        "keep": keep,
        "deadlines": [] if refusal else _deadlines(source, keep, at),
        "refusal": refusal,
        "differ": differ,
        "writes_to": str(keep.customer) if keep.customer and keep.customer.name else _("nobody we know"),
        "waits": keep.status == Status.WAITING,
        "action": f"{source.get_absolute_url()}merge/",
        "back_url": pair[0].get_absolute_url(),
        "nonce": fresh(),
    }
    request.sidebar_here = "queue"  # type: ignore[attr-defined]
    return render(request, "complaints/compare.html", context)


@require_POST
@allow(*CASES)
def intake(request: HttpRequest) -> HttpResponse:
    """Cases that may be the same as one being written down; nothing is kept. Query cost: at most 8."""
    user: User = request.user  # type: ignore[assignment]
    given = {name: str(value).replace("\0", " ").strip() for name, value in request.POST.items()}
    typed = {name: given.get(name, "")[:LONGEST] for name in ("subject", "description", "order_number")}
    key = given.get("customer", "")
    known = Customer.objects.filter(pk=key).first() if key.isascii() and key.isdigit() and len(key) < 19 else None
    named = [(EMAIL, given.get("customer_email", "")), (PHONE, given.get("customer_phone", ""))]
    contacts = [(kind, found) for kind, value in named if value and (found := key_of(kind, value[:254]))]
    if known is not None:
        contacts += ContactPoint.objects.filter(customer=known).values_list("kind", "value_key")
    matter = Matter(
        text=f"{typed['subject']} {typed['description']}",
        at=now(),
        customer_id=known.pk if known else None,
        order_number=typed["order_number"][:80],
        contacts=tuple(dict.fromkeys(contacts)),
    )
    nothing = not (matter.text.strip() or matter.order_number or matter.contacts or known)
    suggested = [] if nothing else duplicates.find(matter, user, most=3)
    context = {"same": [_same(one) for one in suggested], "looked": not nothing}
    name = "complaints/_intake_same.html" if request.htmx else "complaints/intake_same.html"  # type: ignore[attr-defined]
    return render(request, name, context)


def _same(one: duplicates.Suggestion, of: Complaint | None = None) -> Same:
    found = one.complaint
    pair = [of.reference, found.reference] if of is not None else []
    return Same(
        reference=found.reference,
        subject=found.subject,
        url=found.get_absolute_url(),
        compare_url=reverse("case_compare", args=pair) if pair else "",
        refusal_url=reverse("case_not_duplicate", args=pair) if pair else "",
        who=str(found.customer) if found.customer else _("Customer unknown"),
        status=str(Status(found.status).label),
        received=languages.short_moment(found.received_at, now=now()),
        score=languages.percent(one.score),
        why=one.words,
    )


def _keep_url(pair: list[Complaint], one: Complaint) -> str:
    return reverse("case_compare", args=[pair[0].reference, pair[1].reference]) + f"?keep={one.reference}"


def _side(complaint: Complaint, *, keeps: bool, url: str, at: datetime) -> dict[str, Any]:
    said = list(Message.objects.filter(complaint__in=merge.whole(complaint)).order_by("-at", "-pk")[:LAST_SAID])
    count = Message.objects.filter(complaint__in=merge.whole(complaint)).count()
    return {
        "complaint": complaint,
        "keeps": keeps,
        "url": url,
        "who": str(complaint.customer) if complaint.customer else _("Customer unknown"),
        "facts": [
            (_("Status"), str(Status(complaint.status).label)),
            (_("Received"), languages.short_moment(complaint.received_at, now=at)),
            (_("Channel"), complaint.source_channel or str(ChannelCode(complaint.channel).label)),
            (_("Type"), catalogue().types_by_id[complaint.type_id].path),
            (_("Severity"), str(Severity(complaint.severity).label)),
            (_("Owner"), name_of(complaint.owner_id)),
            (_("Order number"), complaint.order_number or languages.DASH),
            (_("Product"), complaint.product or languages.DASH),
            (_("Messages"), str(count)),
        ],
        "text": complaint.narrative.description,
        "said": [(one.direction, one.body, languages.short_moment(one.at, now=at)) for one in reversed(said)],
    }


def _deadlines(source: Complaint, keep: Complaint, at: datetime) -> list[dict[str, str]]:
    """What each clock of the case that stays asks for now, and would ask for."""
    clocks = list(source.clocks.order_by("pk")), list(keep.clocks.order_by("pk"))
    found = joined.foresee(clocks[0], clocks[1], keep, at=at)
    return [
        {
            "name": clock_name(one.clock),
            "own": _moment(one.own, at),
            "brought": _moment(one.brought, at),
            "joint": _moment(one.joint, at) if one.joint else _("stands still"),
            "moves": "1" if one.joint != one.own and one.joint is not None else "",
        }
        for one in found
    ]


def _moment(when: datetime | None, at: datetime) -> str:
    return languages.short_moment(when, now=at) if when is not None else languages.DASH
