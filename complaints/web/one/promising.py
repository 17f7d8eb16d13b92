"""Keep a promise, agree anew, release: each an address under its case; a new one is an action of the case itself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from complaints.actions import promises
from complaints.models import Complaint, Promise
from complaints.promises import owed
from complaints.web.one import case, changes, composing
from complaints.web.one.promise_forms import FulfilmentForm, ReleaseForm, RenegotiationForm
from complaints.web.one.promises import REFUSED, Refused
from core.access import CASES, allow
from core.actor import Actor
from core.clock import now
from core.errors import DomainError
from core.web.once import OnceForm, Repeated, claim, fresh, renewed

Act = Callable[..., Any]


@require_POST
@allow(*CASES)
def fulfilment(request: HttpRequest, reference: str, pk: str) -> HttpResponse:
    """It is done."""
    return _settle(request, reference, pk, "fulfilment", FulfilmentForm, promises.fulfil, _("Promise kept"))


@require_POST
@allow(*CASES)
def renegotiation(request: HttpRequest, reference: str, pk: str) -> HttpResponse:
    """Another hour was agreed on, with a reason."""
    said = _("Agreed anew")
    return _settle(request, reference, pk, "renegotiation", RenegotiationForm, promises.renegotiate, said)


@require_POST
@allow(*CASES)
def release(request: HttpRequest, reference: str, pk: str) -> HttpResponse:
    """It is no longer wanted, with a reason."""
    return _settle(request, reference, pk, "release", ReleaseForm, promises.release, _("No longer owed"))


def _settle(
    request: HttpRequest, reference: str, pk: str, kind: str, form_class: type[OnceForm], act: Act, said: str
) -> HttpResponse:
    complaint = case.find(request, reference)
    found = owed.of_case(complaint).filter(pk=pk).first()
    if found is None:
        raise Http404
    form, status = form_class(request.POST, auto_id=f"id_{kind}_{pk}_%s"), 422
    if form.is_valid():
        status = _carry_out(request, found, form, act, at=now())
    if form.errors:
        return _refused(request, complaint, Refused(found.pk, kind, form), status)
    return changes.done(request, complaint, said)


def _carry_out(request: HttpRequest, found: Promise, form: OnceForm, act: Act, *, at: datetime) -> int:
    """The status to answer with; what was refused stands in the form."""
    values = {name: value for name, value in form.cleaned_data.items() if name != "nonce"}
    try:
        with transaction.atomic():
            claim(request, form.cleaned_data["nonce"], at=at)
            act(found, by=Actor.of(request), at=at, **values)
    except Repeated:
        pass  # the first one has done it
    except DomainError as refusal:
        form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
        return 422 if refusal.status == 400 else refusal.status
    return 200


def _refused(request: HttpRequest, before: Complaint, refused: Refused, status: int) -> HttpResponse:
    """The case with the form as it was typed, its errors beside it."""
    refused.form.data = renewed(refused.form.data, nonce=fresh())
    complaint = case.find(request, before.reference)
    complaint.__dict__[REFUSED] = refused
    if not request.htmx:  # type: ignore[attr-defined]
        return render(request, "complaints/case.html", case.context(request, complaint), status=status)
    context = case.parts(request, complaint, at=now())
    context["composer"] = composing.composer(request, complaint, None, context["told"])  # the page may be older
    return render(request, "complaints/_case_update.html", context, status=status)
