"""Messages that wait to be sent, as the end of the conversation shows them: counting down, for later, held back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from complaints.actions import holding, pending
from complaints.models import ActKind, Complaint, PendingState
from complaints.web.names import person_of
from complaints.web.one import statutory
from complaints.web.one.told import Story, Wait
from core import languages
from core.models import User
from core.web.once import fresh
from core.web.parts import Chip, Part, Person

HELD = {
    holding.CUSTOMER_WROTE: gettext_lazy("Held back: the customer wrote meanwhile"),
    holding.CASE_ENDED: gettext_lazy("Held back: the case was decided meanwhile"),
}


@dataclass(slots=True)
class Shown(Part):
    """One of them (templates/complaints/_waiting.html). `counts`: its seconds run; `mine`: the reader wrote it."""

    key: str
    who: Person
    text: str
    due: str  # ISO
    left: str  # seconds, for the script
    when: str
    counts: bool
    held: str
    chips: Sequence[Chip]
    back_url: str
    send_url: str
    mine: bool
    nonce: str


def shown(complaint: Complaint, story: Story, *, reader: User, query: str, at: datetime) -> list[Shown]:
    """What waits on the case, what goes first first. No query once the clocks of the case are read."""
    if not story.waits:
        return []
    deadlines = pending.deadlines(complaint, after=at, clocks=statutory.clocks(complaint))
    return [_shown(complaint, one, reader, query, deadlines, at) for one in story.waits]


def _shown(
    complaint: Complaint, one: Wait, reader: User, query: str, deadlines: Sequence[datetime], at: datetime
) -> Shown:
    counts = one.take_back and one.state == PendingState.WAITING
    url = f"{complaint.get_absolute_url()}messages/pending/{one.id}/"
    held = str(HELD.get(one.code) or _("Held back: it was refused")) if one.state == PendingState.HELD else ""
    late = not one.take_back and not held and any(one.due_at > deadline for deadline in deadlines)
    return Shown(
        key=f"wait-{one.id}",
        who=person_of(one.author_id) or Person.of(0, "Amends"),
        text=one.body,
        due=one.due_at.isoformat(),
        left=f"{(one.due_at - at).total_seconds():.1f}",
        when=_left(one.due_at, at) if counts else _("Goes out %(when)s") % {"when": languages.near(one.due_at, at)},
        counts=counts,
        held=held,
        chips=[*_chips(one.content), *([Chip(_("after the next deadline"), "risk")] if late else [])],
        back_url=f"{url}cancellation/{query}",
        send_url=f"{url}sending/{query}",
        mine=one.author_id == reader.pk,
        nonce=fresh(),
    )


def _left(due_at: datetime, at: datetime) -> str:
    seconds = max(0, round((due_at - at).total_seconds()))
    if not seconds:
        return _("Goes out now")
    return ngettext("Goes out in %(n)s second", "Goes out in %(n)s seconds", seconds) % {"n": seconds}


def _chips(content: Mapping[str, Any]) -> list[Chip]:
    given = content.get("acts") or {}
    found = [kind for kind in ActKind if given.get(kind.value)]
    chips = [Chip(str(kind.label)) for kind in found]
    if count := len(content.get("attachments") or ()):
        chips.append(Chip(ngettext("%(n)s file", "%(n)s files", count) % {"n": count}, icon="clip"))
    return chips
