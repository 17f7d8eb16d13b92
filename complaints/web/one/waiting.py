"""Take back, or send now, a message that waits (ux, Agent's desk). How they look: `complaints.web.one.waits`."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from complaints.actions import pending
from complaints.actions.attachments import REPLY
from complaints.models import Attachment, Complaint, MacroVersion, Pending
from complaints.promises import given
from complaints.web.many import strip
from complaints.web.one import case, changes, files
from complaints.web.one.story import draft_place
from core import languages
from core.access import CASES, allow
from core.actions import drafts
from core.actor import Actor
from core.clock import now
from core.errors import DomainError
from core.web.once import Repeated, claim


@require_POST
@allow(*CASES)
def cancellation(request: HttpRequest, reference: str, pk: int) -> HttpResponse:
    """Take a message back before it is sent, or lay one aside that was held back: its text returns to the composer of
    whoever wrote it, with all that belongs to it.

    What the writer has typed there by now stays, behind it.
    """
    complaint, waits = _find(request, reference, pk)
    back: dict[str, Any] = {}

    def do(at: datetime) -> None:
        taken = pending.cancel(waits, by=Actor.of(request), at=at)
        if taken.author is None:
            return
        body, fields = taken.content.get("typed") or taken.body, _fields(taken, at=at)
        kept = drafts.put_back(taken.author, draft_place(complaint, "reply"), body=body, fields=fields, at=at)
        if taken.author_id == request.user.pk:
            back.update(body=body, fields=kept.fields, revision=kept.revision, files=taken.content.get("attachments"))

    return _carry_out(request, complaint, do, _("Taken back, it was not sent"), back)


@require_POST
@allow(*CASES)
def sending(request: HttpRequest, reference: str, pk: int) -> HttpResponse:
    """Send now what waits for later or was held back, in its author's name."""
    complaint, waits = _find(request, reference, pk)

    def do(at: datetime) -> None:
        pending.send_now(waits, by=Actor.of(request), at=at)

    return _carry_out(request, complaint, do, _("Reply sent"), {})


def _find(request: HttpRequest, reference: str, pk: int) -> tuple[Complaint, Pending]:
    """Raises Http404 alike for what is missing and for what is not theirs."""
    complaint = case.find(request, reference)
    found = Pending.objects.filter(complaint=complaint, pk=pk).first()
    if found is None:
        raise Http404
    return complaint, found


def _carry_out(
    request: HttpRequest, complaint: Complaint, do: Callable[[datetime], None], said: str, back: dict[str, Any]
) -> HttpResponse:
    at = now()
    try:
        with transaction.atomic():
            claim(request, request.POST.get("nonce", "")[:64], at=at)
            do(at)
    except Repeated:
        pass  # the first one has done it
    except DomainError as refusal:
        return _refused(request, complaint, refusal)
    answer = changes.done(request, complaint, said)
    if back and "HX-Trigger" in answer:
        if tokens := back.pop("files"):  # the box was not loaded again: its list gets what lies ready there once more
            answer.write(_files(request, tokens))
        answer["HX-Trigger"] = json.dumps({**json.loads(answer["HX-Trigger"]), "composer:back": back})
    return answer


def _refused(request: HttpRequest, complaint: Complaint, refusal: DomainError) -> HttpResponse:
    """The case as it is by now, with the reason: most often it was sent in the meantime."""
    if not request.htmx:  # type: ignore[attr-defined]
        messages.error(request, str(refusal))
        return changes.go(request, reverse("case", args=[complaint.reference]) + strip.list_query(request))
    answer = changes.done(request, complaint, str(refusal))
    answer.status_code = 409
    return answer


def _files(request: HttpRequest, tokens: Sequence[str]) -> str:
    """The files of a message that was taken back, for the list of the box. Query cost: 1."""
    rows = Attachment.objects.filter(token__in=tokens).order_by("pk")
    found = [files.Attached.draft(one) for one in rows]
    return render_to_string(
        "complaints/_files_back.html", {"files": found, "field": f"{files.TOKENS}_{REPLY}"}, request
    )


def _promise(kept: dict[str, str] | None) -> dict[str, str]:
    """What was promised with it, by the names of the composer's form."""
    found = given.restored(kept)
    if found is None:
        return {}
    return {"promise_text": found.text, "promise_due_on": languages.local(found.due_at).strftime("%Y-%m-%dT%H:%M")}


def _fields(waits: Pending, *, at: datetime) -> dict[str, Any]:
    """What was chosen beside the text, by the names of the composer's form. Query cost: 1 with a macro."""
    content = waits.content
    acts = content.get("acts") or {}
    refusal = acts.get("refusal") or {}
    macro = MacroVersion.objects.select_related("macro").filter(pk=content.get("macro")).first()
    later = not waits.take_back and waits.due_at > at
    return {
        **({"macro": str(macro.pk), "macro_name": macro.macro.label} if macro else {}),
        **({"send_on": languages.local(waits.due_at).strftime("%Y-%m-%dT%H:%M")} if later else {}),
        "thanks": bool(acts.get("thanks")),
        "apology": bool(acts.get("apology")),
        **{name: refusal.get(name, "") for name in ("cannot", "because", "instead")},
        "texts": list(content.get("texts") or ()),
        **_promise(content.get("promise")),
    }
