"""Files of complainants: sent one by one by a script, or with the form; fetched behind the private link (F14).

A file belongs to nobody until its complaint or answer is sent: whoever knows its token may send or remove it, nobody
may look at it. Files of notes are never found here.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.views.decorators.http import require_POST, require_safe

from complaints.actions import attachments as actions
from complaints.actions import public as once
from complaints.models import Attachment
from complaints.web.one import file_doors
from complaints.web.public.pages import complaint_of, framed, private, spoken_in
from core.access import public
from core.actor import Actor
from core.addresses import client_address
from core.downloads import download


@public
@framed
@require_POST
def choose(request: HttpRequest) -> HttpResponse:
    """One file for the public form. 429 where too many lie unsent from one address."""
    return file_doors.took_in(request, Actor.customer(), origin=_origin(request))


@public
@require_POST
def choose_for(request: HttpRequest, token: str) -> HttpResponse:
    """One file for an answer on the status page."""
    complaint = complaint_of(token)
    with spoken_in(request, complaint.language):
        return private(file_doors.took_in(request, Actor.customer(), complaint=complaint, origin=_origin(request)))


@public
@framed
@require_POST
def remove(request: HttpRequest, token: str) -> HttpResponse:
    """Let go of a file that was not sent; the same answer whether it was there or not."""
    actions.discard([token], by=Actor.customer())
    return HttpResponse(status=204)


@public
@require_safe
def attachment(request: HttpRequest, token: str, file: str, name: str) -> HttpResponseBase:
    """A file of the complaint, or of a message to or from the complainant; never one of a note. Query cost: 2."""
    complaint = complaint_of(token)
    told = Attachment.objects.filter(complaint=complaint, note=None, draft="", token=file)
    return download(request, told.first())


def _origin(request: HttpRequest) -> str:
    return once.origin_of(client_address(request))
