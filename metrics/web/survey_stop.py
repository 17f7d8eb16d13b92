"""The page behind a survey mail's "no more surveys": a look changes nothing, a person's POST does (ux, Survey; F12)."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from complaints.web.public.pages import choices, private, spoken_in
from core import clock
from core.access import public
from core.actor import Actor
from metrics.actions import opt_out
from metrics.models import Invitation
from metrics.web.survey_page import invitation_of

WANTED = {"stop": False, "again": True}


@public
@require_http_methods(["GET", "HEAD", "POST"])
def stop(request: HttpRequest, token: str) -> HttpResponse:
    """Whether they are asked again, and the button that changes it; the link works after the survey has closed too.

    An altered link is 404. Query cost: 3 to show.
    """
    invitation = invitation_of(token)
    with spoken_in(request, invitation.language):
        if request.method == "POST":
            return private(_change(request, invitation))
        return private(_show(request, invitation))


@public
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def at_once(request: HttpRequest, token: str) -> HttpResponse:
    """What `List-Unsubscribe` names: a mail program posts here for its reader, without cookies or a page (RFC 8058).

    Nothing but that one sentence counts (422); a look leads to the page. An altered link is 404.
    """
    invitation = invitation_of(token)
    if request.method != "POST":
        return HttpResponseRedirect(reverse("survey_stop", args=[token]))
    if request.POST.get("List-Unsubscribe") != "One-Click":
        return private(HttpResponse(status=422))
    if opt_out.whose(invitation) is None:
        raise Http404
    opt_out.set_wanted(invitation, wanted=False, by=Actor.customer("respondent"), at=clock.now())
    return private(HttpResponse(status=200, content_type="text/plain"))


def _change(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    wanted = WANTED.get(request.POST.get("want", ""))
    if wanted is None:
        return _show(request, invitation, status=422)
    if opt_out.whose(invitation) is None:
        raise Http404
    opt_out.set_wanted(invitation, wanted=wanted, by=Actor.customer("respondent"), at=clock.now())
    return HttpResponseRedirect(request.get_full_path())


def _show(request: HttpRequest, invitation: Invitation, status: int = 200) -> HttpResponse:
    customer = opt_out.whose(invitation)
    if customer is None:
        raise Http404
    context = {"wanted": opt_out.wants_surveys(customer), "choices": choices(request)}
    return render(request, "survey/stop.html", context, status=status)
