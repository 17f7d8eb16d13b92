"""Doors of remedies beside a case: look, ask, withdraw, take back; and deciding what somebody else asked for.

Each is one POST with a nonce, through the same functions as the API. htmx gets the panel and the changed parts of the
case, a plain browser the panel's own page. What is refused is shown in its place with what was typed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from complaints.actions import remedies as actions
from complaints.models import Complaint, Remedy, RemedyStatus
from complaints.web.many import strip
from complaints.web.one import case, changes
from complaints.web.remedies import approvals, gauge, panel
from complaints.web.remedies.form import RemedyForm, WhyForm
from core.access import CASES, allow
from core.actor import Actor
from core.clock import now
from core.errors import DomainError
from core.web.once import Repeated, claim

TARGET = "#remedies"


@require_http_methods(["GET", "HEAD", "POST"])
@allow(*CASES)
def remedies(request: HttpRequest, reference: str) -> HttpResponse:
    """The panel; POST asks for a remedy: granted on the spot, else it awaits approval. Query cost: at most 25."""
    complaint = case.find(request, reference)
    if request.method != "POST":
        return _panel(request, complaint)
    form = RemedyForm(request.POST, complaint=complaint)
    made: list[Remedy] = []
    if form.is_valid():
        with form.refusals():
            _once(request, form.cleaned_data["nonce"], lambda **who: made.append(_ask(complaint, form, **who)))
    else:
        form.http_status = 422
    if form.errors:
        form.renew()
        return _panel(request, complaint, form=form, status=form.http_status)
    asked = made[0] if made else None
    waits = asked is not None and asked.status == RemedyStatus.AWAITING
    return _done(request, complaint, _("Asked for approval") if waits else _("Granted"))


def _ask(complaint: Complaint, form: RemedyForm, **who: Any) -> Remedy:
    return actions.ask(complaint, **form.values, **who)


@require_safe
@allow(*CASES)
def meter(request: HttpRequest, reference: str) -> HttpResponse:
    """The gauge for what is typed. Query cost: as `gauge.face`, and 1."""
    complaint = case.find(request, reference)
    kind, amount, currency = panel.typed(RemedyForm(request.GET, complaint=complaint))
    shown = gauge.face(complaint, request.user, kind, amount, currency, at=now())  # type: ignore[arg-type]
    return render(request, "complaints/_remedy_gauge.html", {"gauge": shown})


@require_POST
@allow(*CASES)
def withdraw(request: HttpRequest, reference: str, remedy_id: int) -> HttpResponse:
    """Who asked does not want it any more."""
    return _act(
        request,
        reference,
        remedy_id,
        lambda row, said, **who: actions.withdraw(row, reason=said["reason"], **who),
        _("Withdrawn"),
    )


@require_POST
@allow(*CASES)
def revoke(request: HttpRequest, reference: str, remedy_id: int) -> HttpResponse:
    """Take back what was granted, before it is paid."""
    return _act(
        request,
        reference,
        remedy_id,
        lambda row, said, **who: actions.revoke(row, reason=said["reason"], **who),
        _("Taken back"),
    )


@require_POST
@allow(*CASES)
def approve(request: HttpRequest, reference: str, remedy_id: int) -> HttpResponse:
    """Grant what somebody else asked for."""
    return _decide(
        request,
        reference,
        remedy_id,
        lambda row, said, **who: actions.approve(row, note=said["note"], **who),
        _("Approved"),
    )


@require_POST
@allow(*CASES)
def reject(request: HttpRequest, reference: str, remedy_id: int) -> HttpResponse:
    """Do not grant what somebody else asked for. The box of words is one for both buttons."""
    return _decide(
        request,
        reference,
        remedy_id,
        lambda row, said, **who: actions.reject(row, reason=said["reason"] or said["note"], **who),
        pgettext("remedy", "Rejected"),
    )


def _act(request: HttpRequest, reference: str, remedy_id: int, run: Callable[..., Any], done: str) -> HttpResponse:
    complaint = case.find(request, reference)
    row = _remedy(complaint, remedy_id)
    form = WhyForm(request.POST)
    trouble, status = _carried_out(request, form, row, run)
    if trouble:
        return _panel(request, complaint, trouble=(row.pk, trouble, form.data.get("reason", "")), status=status)
    return _done(request, complaint, done)


def _decide(request: HttpRequest, reference: str, remedy_id: int, run: Callable[..., Any], done: str) -> HttpResponse:
    complaint = case.find(request, reference)
    row = _remedy(complaint, remedy_id)
    form = WhyForm(request.POST)
    trouble, status = _carried_out(request, form, row, run)
    if trouble:
        typed = form.data.get("note", "") or form.data.get("reason", "")
        return approvals.page(request, trouble=(row.pk, trouble, typed), status=status)
    messages.success(request, f"{complaint.reference}: {done}")
    return changes.go(request, reverse("approvals"))


def _carried_out(request: HttpRequest, form: WhyForm, row: Remedy, run: Callable[..., Any]) -> tuple[str, int]:
    """Why it was refused and with which status; nothing when it was done (now, or by the same form before)."""
    if not form.is_valid():
        return " ".join(str(line) for found in form.errors.values() for line in found), 422
    try:
        nonce = form.cleaned_data["nonce"]  # two buttons share a form: each counts once
        nonce = nonce and f"{nonce[:55]}:{request.path.rstrip('/')[-8:]}"
        _once(request, nonce, lambda **who: run(row, form.cleaned_data, **who))
    except DomainError as refusal:
        return str(refusal), 422 if refusal.status == 400 else refusal.status
    return "", 200


def _once(request: HttpRequest, nonce: str, run: Callable[..., Any]) -> None:
    """The action and the nonce in one transaction; sent again it does nothing. Raises DomainError."""
    at = now()
    try:
        with transaction.atomic():
            claim(request, nonce, at=at)
            run(by=Actor.of(request), at=at)
    except Repeated:
        return


def _remedy(complaint: Complaint, remedy_id: int) -> Remedy:
    found = Remedy.objects.filter(complaint=complaint.pk, pk=remedy_id).first()
    if found is None:
        raise Http404
    return found


def _panel(request: HttpRequest, complaint: Complaint, *, status: int = 200, **more: Any) -> HttpResponse:
    context = panel.context(request, complaint, **more)
    if request.htmx:  # type: ignore[attr-defined]
        response = render(request, "complaints/_remedies.html", context, status=status)
        if status != 200:
            response["HX-Retarget"] = TARGET  # also says to static/js/remedies.js that a 403 is one of ours
        return response
    request.sidebar_here = "queue"  # type: ignore[attr-defined]
    page = {**context, "back_url": complaint.get_absolute_url() + strip.list_query(request)}
    return render(request, "complaints/remedies.html", page, status=status)


def _done(request: HttpRequest, before: Complaint, said: str) -> HttpResponse:
    """The panel as it is now, with the case around it."""
    if not request.htmx:  # type: ignore[attr-defined]
        messages.success(request, said)
        return HttpResponseRedirect(reverse("case_remedies", args=[before.reference]) + strip.list_query(request))
    response = changes.done(request, before, said)
    if response.status_code == 200 and response.content:
        shown = panel.context(request, case.find(request, before.reference))
        response.content += render_to_string("complaints/_remedies.html", shown, request).encode()
    return response
