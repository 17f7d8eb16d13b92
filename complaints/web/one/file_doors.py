"""Where files come in and go out on the desk. A file chosen is a draft at once (complaints.actions.attachments).

A script sends one file at a time and gets its place in the list back (`_files_chosen.html`), or one sentence saying why
not. Without JavaScript files come with the form itself: `chosen` keeps those, whatever becomes of the form.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from complaints.actions import attachments as actions
from complaints.models import Attachment, Complaint
from complaints.web.one import files
from complaints.web.one.files import TOKENS
from core.access import CASES, allow
from core.actor import Actor
from core.clock import now
from core.downloads import download
from core.errors import DomainError, InvalidInput
from core.models import User

FIELD = "files"  # of a form: files as the browser sends them
MODES = (actions.REPLY, actions.NOTE)
INTAKE = "intake"


@require_safe
@allow(*CASES)
def attachment(request: HttpRequest, reference: str, token: str, name: str) -> HttpResponseBase:
    """A file of a case the reader may see, also of one that was merged into it; `name` is decoration. Query cost: 1."""
    seen = Complaint.objects.visible_to(_user(request)).filter(reference=reference)
    case = Q(complaint__in=seen) | Q(complaint__merged_into__in=seen)
    return download(request, Attachment.objects.filter(case, draft="", token=token).first())


@require_safe
@allow(*CASES)
def draft(request: HttpRequest, token: str, name: str) -> HttpResponseBase:
    """A file the reader has chosen and not sent. Query cost: 1."""
    mine = Attachment.objects.filter(token=token, uploaded_by=_user(request)).exclude(draft="")
    return download(request, mine.first())


@require_POST
@allow(*CASES)
def choose(request: HttpRequest, reference: str) -> HttpResponse:
    """One file for the box of a case; `mode` says for which of the two."""
    complaint = get_object_or_404(Complaint.objects.visible_to(_user(request)), reference=reference)
    mode = request.POST.get("mode", "")
    return took_in(request, Actor.of(request), complaint=complaint, mode=mode if mode in MODES else actions.REPLY)


@require_POST
@allow(*CASES)
def choose_first(request: HttpRequest) -> HttpResponse:
    """One file for a case that is being written down."""
    return took_in(request, Actor.of(request), mode=INTAKE)


@require_POST
@allow(*CASES)
def remove(request: HttpRequest, token: str) -> HttpResponse:
    """Let go of a file that was chosen; said again it does nothing more."""
    actions.discard([token], by=Actor.of(request))
    return HttpResponse(status=204)


def took_in(
    request: HttpRequest,
    by: Actor,
    *,
    complaint: Complaint | None = None,
    mode: str = "",
    origin: str = "",
) -> HttpResponse:
    """Keep the file of a script's request, and answer with its place in the list; a refusal is one sentence."""
    try:
        found = _keep(_only(request), by, complaint=complaint, mode=mode, origin=origin, at=now())
    except DomainError as refusal:
        response = HttpResponse(str(refusal), status=refusal.status, content_type="text/plain; charset=utf-8")
        if wait := getattr(refusal, "retry_after", None):
            response["Retry-After"] = str(wait)
        return response
    shown = files.Attached.draft(found, ours=by.is_person)
    context = {"files": [shown], "field": f"{TOKENS}_{mode}" if mode in MODES else TOKENS}
    return render(request, "complaints/_files_chosen.html", context, status=201)


def _only(request: HttpRequest) -> UploadedFile[Any]:
    sent = request.FILES.getlist("file")
    if len(sent) != 1:
        raise InvalidInput(_("Choose a file."), code="required", field="file")
    return sent[0]


def _keep(
    file: UploadedFile[Any], by: Actor, *, complaint: Complaint | None, mode: str, origin: str, at: datetime
) -> Attachment:
    return actions.upload(
        file.chunks(),
        name=str(file.name),
        by=by,
        at=at,
        complaint=complaint,
        mode=mode,
        origin=origin,
        expected=file.size,
    )


def chosen(
    request: HttpRequest,
    by: Actor,
    *,
    complaint: Complaint | None = None,
    mode: str = "",
    origin: str = "",
    takes: bool = True,
) -> Chosen:
    """The files of a form: those sent before, and those that come with it, which are kept as drafts here.

        given = chosen(request, by, complaint=complaint, mode="reply")
        form = NoteForm(given.data, ...)          # its field `attachments` has all tokens
        given.let_go()                            # the form had been carried out before: they are not needed

    `takes` False: the form has no place for files. `refusals` says why some were not taken; the others were.
    """
    names = [TOKENS, f"{TOKENS}_{mode}"] if mode in MODES else [TOKENS]
    tokens = [token for name in names for token in request.POST.getlist(name) if token]
    given = Chosen(request.POST.copy(), tokens, by)
    at = now()
    for file in request.FILES.getlist(FIELD) if takes else ():
        try:
            actions.refuse_too_many(len(given.tokens) + 1)
            found = _keep(file, by, complaint=complaint, mode=mode, origin=origin, at=at)
        except DomainError as refusal:
            given.refusals.append(refusal)
        else:
            given.fresh.append(found.token)
            given.tokens.append(found.token)
    given.data.setlist(TOKENS, given.tokens)
    return given


class Chosen:
    """What `chosen` gives. `data`: the form's, with all tokens under `attachments`."""

    def __init__(self, data: QueryDict, tokens: Sequence[str], by: Actor) -> None:
        self.data, self.tokens, self.by = data, list(tokens), by
        self.fresh: list[str] = []
        self.refusals: list[DomainError] = []

    def let_go(self) -> None:
        """Discard those that came just now."""
        if self.fresh:
            actions.discard(self.fresh, by=self.by)

    def complain(self, form: Any) -> None:
        """Put the refusals on a bound form: it is shown again with what was typed."""
        for refusal in self.refusals:
            form.add_error(None, str(refusal))


def _user(request: HttpRequest) -> User:
    return request.user  # type: ignore[return-value]
