"""Macros on the case: found by typing, looked at as they read for this very case, put into the answer or carried out
(mission A8; ux, Agent's desk 7)."""

from __future__ import annotations

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from complaints.actions import macros as actions
from complaints.models import Complaint
from complaints.web.many import strip
from complaints.web.one import case
from complaints.web.one.macro_items import groups
from core.access import CASES, allow
from core.actor import Actor
from core.clock import now
from core.errors import DomainError
from core.web.once import Repeated, claim, fresh


@require_safe
@allow(*CASES)
def index(request: HttpRequest, reference: str) -> HttpResponse:
    """The macros for a case, each as it reads for it: the picker for scripts, a page without. Query cost: 4 beside
    session and user."""
    complaint = case.find(request, reference)
    context = {"groups": groups(request, complaint), "complaint": complaint, "nonce": fresh()}
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "complaints/_macro_picker.html", context)
    request.sidebar_here = "queue"  # type: ignore[attr-defined]
    context["back_url"] = complaint.get_absolute_url() + strip.list_query(request)
    return render(request, "complaints/macros.html", context)


@require_POST
@allow(*CASES)
def run(request: HttpRequest, reference: str, macro_id: int) -> HttpResponse:
    """Carry out a macro as it is, once per form; what is open in its words refuses it."""
    complaint = case.find(request, reference)
    url = complaint.get_absolute_url() + strip.list_query(request)
    try:
        with transaction.atomic():
            at = now()
            claim(request, request.POST.get("nonce", "")[:64], at=at)
            macro = actions.taken(request.user, macro_id)
            actions.run(complaint, macro, by=Actor.of(request), at=at)
    except Repeated:
        pass  # the first one has done it
    except DomainError as refusal:
        messages.error(request, str(refusal))
        return HttpResponseRedirect(url)
    else:
        messages.success(request, _("Done: %(name)s") % {"name": macro.label})
    visible = Complaint.objects.visible_to(request.user).filter(pk=complaint.pk)  # type: ignore[arg-type]
    return HttpResponseRedirect(url if visible.exists() else reverse("queue"))
