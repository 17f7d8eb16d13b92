"""Every change of a case by an address of its own: POST, once per form, through the same functions as the API (house).

htmx gets the changed parts of the case back, a plain browser is led to the case; what is refused comes back in its
place with what was typed, status 409 (the moment is wrong) or 422 (the input is).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from complaints import errors
from complaints.actions.attachments import NOTE, REPLY
from complaints.models import Complaint
from complaints.web.many import strip
from complaints.web.one import case, composing, file_doors, final_answers, replying, timeline
from complaints.web.one.act_table import ACTS, Act
from complaints.web.one.composing import Refused
from complaints.web.one.forms import ActForm
from complaints.web.one.story import draft_place
from core.access import CASES, allow
from core.actions import drafts
from core.actor import Actor
from core.clock import now
from core.errors import DomainError
from core.web.once import Repeated, claim, fresh

COMPOSED = ("message", "note")
MODES = {"message": REPLY, "note": NOTE}  # whose files are whose


def door(key: str) -> Callable[..., HttpResponse]:
    """The view that carries out one action."""
    act = ACTS[key]

    @require_POST
    @allow(*CASES)
    def view(request: HttpRequest, reference: str) -> HttpResponse:
        return carry_out(request, reference, act)

    view.__name__ = act.key
    view.__doc__ = f"{act.name}: one action on a case; see carry_out."
    return view


def carry_out(request: HttpRequest, reference: str, act: Act) -> HttpResponse:
    """Do what the form asks, once. Raises Http404 for a case the reader may not see."""
    complaint = case.find(request, reference)
    if act.key == "resolve" and request.POST.get(final_answers.DO) == final_answers.TEMPLATE:
        return _prepare(request, complaint, act)
    if act.key == "message" and request.POST.get("mode") == "note":
        act = ACTS["note"]  # whatever button Enter pressed without JavaScript: what is meant for us never goes out
    takes = "attachments" in act.form.base_fields
    given = file_doors.chosen(request, Actor.of(request), complaint=complaint, mode=MODES.get(act.key, ""), takes=takes)
    form = act.form(given.data, complaint=complaint, auto_id=f"id_{act.key}_%s")
    given.complain(form)
    go_on = strip.following(request, complaint) if request.POST.get("next") == "1" else ""
    result, at = None, now()
    if form.is_valid():
        with form.refusals():
            result = _do(request, complaint, form, act, given, at)
    else:
        form.http_status = 422
    if form.errors:
        return _refused(request, reference, act, form)
    said = replying.said(result, at=at) or str(act.done)
    if go_on:
        messages.success(request, f"{complaint.reference}: {said}")
        return go(request, go_on)
    return done(request, complaint, said)


def _do(
    request: HttpRequest, complaint: Complaint, form: ActForm, act: Act, given: file_doors.Chosen, at: datetime
) -> Any:
    """The action and the form's nonce in one transaction, and what it gives back. Raises DomainError."""
    try:
        with transaction.atomic():
            claim(request, form.cleaned_data["nonce"], at=at)
            if form.guarded:
                _refuse_stale(complaint, form.cleaned_data["version"])
            result = act.run(complaint, by=Actor.of(request), at=at, **form.values)
            if act.key in COMPOSED:
                drafts.clear(request.user, draft_place(complaint, MODES[act.key]))  # type: ignore[arg-type]
            return result
    except Repeated:
        given.let_go()  # the first one has done it; whoever sends it again sees the same result
        return None


def _prepare(request: HttpRequest, complaint: Complaint, act: Act) -> HttpResponse:
    """The form that decides, with a prepared final answer in it; nothing is written."""
    try:
        form = final_answers.filled(complaint, request.user, request.POST, act.form)
        status = 200
    except DomainError as refusal:
        form = act.form(request.POST, complaint=complaint, auto_id=f"id_{act.key}_%s")
        form.is_valid()
        form.errors.clear()
        form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
        form.renew(version=str(complaint.version), nonce=fresh())
        status = 422 if refusal.status == 400 else refusal.status
    form.http_status = status
    return _came_back(request, complaint, act, form)


def _refuse_stale(complaint: Complaint, version: int | None) -> None:
    """Raises Stale with what happened, when the form was shown for an older version. Locks the case."""
    if version is None:
        return
    current = Complaint.objects.select_for_update().get(pk=complaint.pk)
    if current.version == version:
        return
    what = timeline.changes_since(current, version)
    said = _(
        "The case changed while you were writing: %(changes)s. What you typed is kept; send it again if it still holds."
    )
    raise errors.Stale(said % {"changes": what or "–"})


def done(request: HttpRequest, before: Complaint, said: str) -> HttpResponse:
    """The case after something was done to it (`before`: as it was found), with a word of what was done.

    Query cost: that of the case's parts for htmx, else 1.
    """
    reference = before.reference
    visible = Complaint.objects.visible_to(request.user).filter(reference=reference)  # type: ignore[arg-type]
    if not visible.exists():  # given to another team: it is not ours to look at any more
        messages.success(request, said)
        return go(request, reverse("queue") + strip.list_query(request))
    if not request.htmx:  # type: ignore[attr-defined]
        messages.success(request, said)
        return go(request, reverse("case", args=[reference]) + strip.list_query(request))
    complaint = case.find(request, reference)
    context = case.parts(request, complaint, at=now())
    if composing.may_reply(complaint) != composing.may_reply(before) or complaint.customer_id != before.customer_id:
        context["composer"] = composing.composer(request, complaint, None, context["told"])
    events = {"customer-changed": True} if complaint.customer_id != before.customer_id else {}
    return toast(render(request, "complaints/_case_update.html", context), said, **events)


def toast(response: HttpResponse, text: str, **events: object) -> HttpResponse:
    """The same answer with a word that pops up, and further events for the page."""
    response["HX-Trigger"] = json.dumps({"toast": {"text": text}, **events})
    return response


def _refused(request: HttpRequest, reference: str, act: Act, form: ActForm) -> HttpResponse:
    """The case with the form as it was typed, its errors beside it, and the version it is about now."""
    complaint = case.find(request, reference)
    form.renew(version=str(complaint.version), nonce=fresh())
    return _came_back(request, complaint, act, form)


def _came_back(request: HttpRequest, complaint: Complaint, act: Act, form: ActForm) -> HttpResponse:
    """The case with a form that is not done yet."""
    refused = Refused(act.key, form, bound={} if act.key in COMPOSED else {act.key: form})
    if not request.htmx:  # type: ignore[attr-defined]
        return render(
            request, "complaints/case.html", case.context(request, complaint, refused=refused), status=form.http_status
        )
    if act.key in COMPOSED:
        context = case.parts(request, complaint, at=now(), refused=refused)
        context["composer"] = composing.composer(request, complaint, refused, context["told"])
        return render(request, "complaints/_composer_errors.html", context, status=form.http_status)
    context = case.parts(request, complaint, at=now(), refused=refused)
    context["composer"] = composing.composer(request, complaint, None, context["told"])  # the page may be older
    return render(request, "complaints/_case_update.html", context, status=form.http_status)


def go(request: HttpRequest, url: str) -> HttpResponse:
    """Lead there, a page or htmx."""
    if request.htmx:  # type: ignore[attr-defined]
        return HttpResponse(headers={"HX-Redirect": url})
    return HttpResponseRedirect(url)
