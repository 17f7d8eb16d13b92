"""Doors of the playbook beside a case: tick, take back, send its part for the customer (mission A6)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from complaints.actions import steps as actions
from complaints.models import Complaint
from complaints.web.handbook import playbook_panel
from complaints.web.many import strip
from complaints.web.one import case, changes
from core.access import CASES, allow
from core.actor import Actor
from core.clock import now
from core.errors import DomainError
from core.web.once import Repeated, claim


@require_safe
@allow(*CASES)
def show(request: HttpRequest, reference: str) -> HttpResponse:
    """The panel alone. Query cost: 2 beside session and user."""
    complaint = case.find(request, reference)
    if not request.htmx:  # type: ignore[attr-defined]
        return HttpResponseRedirect(complaint.get_absolute_url() + strip.list_query(request) + "#playbook_panel")
    return _panel(request, complaint)


@require_POST
@allow(*CASES)
def tick(request: HttpRequest, reference: str, key: str) -> HttpResponse:
    """The step is done, or with `skip` and a reason in `skipped` does not apply."""
    complaint = case.find(request, reference)
    reason = request.POST.get("skipped", "")
    if request.POST.get("skip") and not reason.strip():
        return _panel(request, complaint, trouble=_("Say why it does not apply."), key=key, status=422)

    def run(**who: Any) -> Any:
        return actions.tick(complaint, key=key, skipped=reason, **who)

    return _do(request, complaint, run, key)


@require_POST
@allow(*CASES)
def untick(request: HttpRequest, reference: str, key: str) -> HttpResponse:
    """Take a tick back."""
    complaint = case.find(request, reference)

    def run(**who: Any) -> Any:
        return actions.untick(complaint, key=key, **who)

    return _do(request, complaint, run, key)


@require_POST
@allow(*CASES)
def message(request: HttpRequest, reference: str) -> HttpResponse:
    """Send what the playbook says to the customer, in their language, as a message."""
    complaint = case.find(request, reference)
    try:
        _once(request, lambda **who: actions.send_customer_part(complaint, **who))
    except DomainError as refusal:
        return _panel(request, complaint, trouble=str(refusal), status=_status(refusal), retarget=True)
    return changes.done(request, complaint, _("Sent"))


def _do(request: HttpRequest, complaint: Complaint, run: Callable[..., Any], key: str) -> HttpResponse:
    """Carry it out once; htmx gets the panel back, a plain browser the case."""
    try:
        _once(request, run)
    except DomainError as refusal:
        return _panel(request, complaint, trouble=str(refusal), key=key, status=_status(refusal))
    if not request.htmx:  # type: ignore[attr-defined]
        return HttpResponseRedirect(
            complaint.get_absolute_url() + strip.list_query(request) + f"#step-{key}"  # where the reader was
        )
    return _panel(request, complaint)


def _once(request: HttpRequest, run: Callable[..., Any]) -> None:
    """The action and the form's nonce in one transaction; sent again it does nothing. Raises DomainError."""
    at = now()
    try:
        with transaction.atomic():
            claim(request, request.POST.get("nonce", "")[:64], at=at)
            run(by=Actor.of(request), at=at)
    except Repeated:
        return


def _status(refusal: DomainError) -> int:
    return 422 if refusal.status == 400 else refusal.status


def _panel(
    request: HttpRequest,
    complaint: Complaint,
    *,
    trouble: str = "",
    key: str = "",
    status: int = 200,
    retarget: bool = False,
) -> HttpResponse:
    shown = {"playbook": playbook_panel.panel(complaint, trouble=trouble, at_key=key)}
    if not request.htmx:  # type: ignore[attr-defined]
        return render(request, "complaints/case.html", {**case.context(request, complaint), **shown}, status=status)
    response = render(request, "complaints/_playbook_panel.html", shown, status=status)
    if retarget:
        response["HX-Retarget"], response["HX-Reswap"] = "#playbook_panel", "outerHTML"
    return response
