"""One update to all customers of an incident: written, looked at case by case, sent, and how far it is (mission A8)."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from complaints import macros
from complaints.actions import incident_updates as actions
from complaints.models import Complaint, Incident, IncidentUpdate
from complaints.web.incidents.incident_pages import found
from core import languages
from core.access import CASES, allow
from core.actor import Actor
from core.clock import now
from core.errors import DomainError
from core.models import User
from core.web.once import Repeated, claim, fresh
from core.web.parts import Link

PAGE = 20


@require_http_methods(["GET", "HEAD", "POST"])
@allow(*CASES)
def write(request: HttpRequest, reference: str) -> HttpResponse:
    """The texts, one for each language that the cases of the incident speak. Query cost: 4 beside session and user."""
    incident = found(reference)
    texts = {code: request.POST.get(f"text_{code}", "") for code, _name in settings.LANGUAGES}
    if request.method != "POST":
        draft = incident.updates.filter(state=actions.DRAFT).order_by("-pk").first()
        return _writing(request, incident, draft.texts if draft else {})
    try:
        with transaction.atomic():
            key = request.POST.get("nonce", "")[:64]
            claim(request, key, at=now())
            update = actions.write(incident, texts, by=Actor.of(request), at=now())
    except Repeated:
        return HttpResponseRedirect(reverse("incident", args=[incident.reference]))
    except DomainError as refusal:
        status = 422 if refusal.status == 400 else refusal.status
        return _writing(request, incident, texts, error=str(refusal), field=str(refusal.field or ""), status=status)
    return HttpResponseRedirect(reverse("incident_update", args=[incident.reference, update.pk]))


@require_safe
@allow(*CASES)
def show(request: HttpRequest, reference: str, update_id: int) -> HttpResponse:
    """What each case gets, PAGE at a time, or how far the sending is. `?only=refused`: those that get none.

    Query cost: 5 and at most 2 a case shown, beside session and user.
    """
    incident, update = found(reference), _update(reference, update_id)
    user: User = request.user  # type: ignore[assignment]
    after = request.GET.get("after", "")
    edge = int(after) if after.isascii() and after.isdigit() and len(after) < 19 else 0
    listed = list(actions.linked(incident, user).filter(pk__gt=edge)[: PAGE + 1])
    context: dict[str, Any] = {
        "incident": incident,
        "update": update,
        "draft": update.state == actions.DRAFT,
        "done": actions.progress(update),
        "hidden": Complaint.objects.filter(incident=incident).count() - actions.linked(incident, user).count(),
        "next_url": f"?{urlencode({'after': listed[PAGE - 1].pk})}" if len(listed) > PAGE else "",
        "back_url": reverse("incident", args=[incident.reference]),
        "write_url": reverse("incident_update_new", args=[incident.reference]),
        "nonce": fresh(),
    }
    listed = listed[:PAGE]
    if update.state == actions.DRAFT:
        context["letters"] = [_letter(actions.letter(update, one)) for one in listed]
    else:
        sent = {one.complaint_id: one for one in update.sendings.filter(complaint__in=listed).select_related("message")}
        context["letters"] = [_sent(one, sent.get(one.pk)) for one in listed]
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "incidents/_progress.html", context)
    request.sidebar_here = "incidents"  # type: ignore[attr-defined]
    return render(request, "incidents/update.html", context)


@require_POST
@allow(*CASES)
def send(request: HttpRequest, reference: str, update_id: int) -> HttpResponse:
    """Let it go to every case, once per form; a job writes them one by one."""
    update = _update(reference, update_id)
    url = reverse("incident_update", args=[reference, update.pk])
    try:
        with transaction.atomic():
            claim(request, request.POST.get("nonce", "")[:64], at=now())
            actions.send(update, by=Actor.of(request), at=now())
    except Repeated:
        pass
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("The update is on its way"))
    return HttpResponseRedirect(url)


@require_POST
@allow(*CASES)
def stop(request: HttpRequest, reference: str, update_id: int) -> HttpResponse:
    """Send it to no further case, once per form."""
    update = _update(reference, update_id)
    try:
        with transaction.atomic():
            claim(request, request.POST.get("nonce", "")[:64], at=now())
            actions.stop(update, by=Actor.of(request), at=now())
    except Repeated:
        pass
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Stopped: nobody else gets this update"))
    return HttpResponseRedirect(reverse("incident_update", args=[reference, update.pk]))


@require_POST
@allow(*CASES)
def discard(request: HttpRequest, reference: str, update_id: int) -> HttpResponse:
    """Throw the draft away."""
    update = _update(reference, update_id)
    try:
        actions.discard(update, by=Actor.of(request), at=now())
    except DomainError as refusal:
        messages.error(request, str(refusal))
    return HttpResponseRedirect(reverse("incident", args=[reference]))


def _update(reference: str, update_id: int) -> IncidentUpdate:
    known = IncidentUpdate.objects.filter(incident__reference=reference).select_related("by", "incident")
    one = known.filter(pk=update_id).first()
    if one is None:
        raise Http404
    return one


def _writing(
    request: HttpRequest,
    incident: Incident,
    texts: dict[str, str],
    *,
    error: str = "",
    field: str = "",
    status: int = 200,
) -> HttpResponse:
    spoken = dict(
        Complaint.objects.filter(incident=incident)
        .order_by()
        .values_list("language")
        .annotate(n=Count("pk"))
        .values_list("language", "n")
    )
    counts: dict[str, int] = {}
    for language, count in spoken.items():
        counts[languages.code(language)] = counts.get(languages.code(language), 0) + count
    wrong = field.partition("/")[2]
    fields = [
        {
            "code": code,
            "name": languages.language_name(code),
            "text": texts.get(code, ""),
            "count": counts.get(code, 0),
            "error": error if code == wrong else "",
        }
        for code, _name in settings.LANGUAGES
    ]
    fields.sort(key=lambda one: (-int(str(one["count"])), str(one["code"])))
    context = {
        "incident": incident,
        "fields": fields,
        "error": "" if wrong else error,
        "variables": [(f"{{{{ {one.name} }}}}", str(one.about)) for one in macros.VARIABLES.values()],
        "back": Link(incident.reference, reverse("incident", args=[incident.reference])),
        "nonce": fresh(),
    }
    request.sidebar_here = "incidents"  # type: ignore[attr-defined]
    return render(request, "incidents/write.html", context, status=status)


def _letter(one: actions.Letter) -> dict[str, Any]:
    return {
        "complaint": one.complaint,
        "who": str(one.complaint.customer) if one.complaint.customer else _("Customer unknown"),
        "body": one.body,
        "language": languages.language_name(one.language) if one.language else "",
        "why": one.why,
        "state": "",
    }


def _sent(complaint: Complaint, sending: Any) -> dict[str, Any]:
    message = sending.message if sending is not None else None
    code = sending.code if sending is not None else ""
    waiting = sending is not None and not code and message is None
    return {
        "complaint": complaint,
        "who": str(complaint.customer) if complaint.customer else _("Customer unknown"),
        "body": message.body if message is not None else "",
        "language": "",
        "why": actions.why(code) if code else ("" if sending else _("it was added later")),
        "state": _("waiting") if waiting else (_("sent") if message is not None else ""),
    }
