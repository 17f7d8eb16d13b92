"""Who else looks at a case, and who is writing an answer (ux, Agent's desk 5)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from complaints.models import Complaint
from complaints.web.names import person_of
from complaints.web.one.told import Here
from core.access import CASES, allow
from core.actions import presence
from core.actions.presence import WRITING
from core.clock import now
from core.models import User
from core.web.parts import Person

Seen = list[tuple[Person, str]]


def of_story(here: Iterable[Here], *, at: datetime) -> tuple[Seen, Seen]:
    """Who looks at the case, and those of them who write, with what to say of each. No query."""
    return _words((one.user_id, one.wrote_at is not None and at - one.wrote_at < WRITING) for one in here)


def _words(people: Iterable[tuple[int, bool]]) -> tuple[Seen, Seen]:
    viewers: Seen = []
    writers: Seen = []
    for user_id, writing in people:
        person = person_of(user_id)
        if person is None:
            continue
        words = _("%(name)s is writing an answer") if writing else _("%(name)s is looking at this too")
        viewers.append((person, words % {"name": person.name}))
        if writing:
            writers.append(viewers[-1])
    return viewers, writers


@require_POST
@allow(*CASES)
def sign(request: HttpRequest, reference: str) -> HttpResponse:
    """A page's sign of life: `writing` (1) or not, or `left` (1). Answers with who else is there.

    Query cost beside session and user: 2, and 1 where there is something to note.
    """
    user: User = request.user  # type: ignore[assignment]
    if not Complaint.objects.visible_to(user).filter(reference=reference).exists():
        raise Http404
    place = f"case:{reference}"
    if request.POST.get("left") == "1":
        presence.leave(user, place)
        return HttpResponse(status=204)
    here = presence.sign(user, place, writing=request.POST.get("writing") == "1", at=now())
    viewers, writers = _words((one.user_id, one.writing) for one in here)
    return render(request, "complaints/_presence.html", {"viewers": viewers, "writers": writers})
