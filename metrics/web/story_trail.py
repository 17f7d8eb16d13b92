"""A customer's whole story, read from the trail by the customer's key: one page of it in words (mission B3; A8).

Nothing is shown of an entry about a case, an answer or a call that the reader may not see: it is only counted.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from complaints.models import ChannelCode, Complaint, Message, Note, Purpose
from complaints.models.conversation import IN, OUT
from complaints.web.names import person_of
from complaints.web.one.trail_words import actor_of
from core import languages
from core.models import TrailEntry, User
from core.web.parts import Entry, Part, Person
from metrics.models import Invitation, SurveyResponse
from metrics.web.story_words import words_of
from retention.models import FollowUp

PAGE = 30
LONGEST = 400  # characters of a message; the case has the rest
TALK = {"complaint.message_sent": "message", "complaint.message_received": "message", "complaint.noted": "note"}
SPOKEN_IN_PASSING = {  # a message of this purpose may have gone with it
    "complaint.acknowledged": Purpose.ACKNOWLEDGEMENT,
    "complaint.resolved": Purpose.FINAL_ANSWER,
}


@dataclass(slots=True)
class Told(Part):
    """One entry of the story. `case`: the complaint's subject, linked to `url` where it is about one."""

    entry: Entry
    case: str = ""
    url: str = ""


@dataclass(slots=True)
class Chapter(Part):
    """A page of the story, newest first. `hidden`: how many entries are about what the reader may not see, in words."""

    told: list[Told] = field(default_factory=list)
    hidden: str = ""
    older: str = ""  # cursor of the next page, empty at the end


@dataclass(slots=True)
class _Seen:
    """What the reader may see of the records the entries are about."""

    cases: dict[int, tuple[str, str]] = field(default_factory=dict)
    others: dict[str, set[int]] = field(default_factory=dict)
    said: dict[tuple[str, int], Any] = field(default_factory=dict)
    passing: dict[tuple[int, datetime, str], Any] = field(default_factory=dict)  # by complaint, moment and purpose

    def allows(self, entry: TrailEntry) -> bool:
        if entry.subject_kind == "complaint":
            return entry.subject_id in self.cases
        allowed = self.others.get(entry.subject_kind)
        return allowed is None or entry.subject_id in allowed


def chapter(keys: Sequence[int], reader: User, person: Person, *, now: datetime, after: str = "") -> Chapter:
    """The newest PAGE entries about the customers with these `keys` (older than cursor `after`).

    Query cost: 2 to 6, whatever the length of the story.
    """
    one = len(keys) == 1
    found = TrailEntry.objects.filter(**({"customer_id": keys[0]} if one else {"customer_id__in": keys}))
    if not one:  # a merge is told by the survivor
        found = found.exclude(kind="customer.merged")
    if (cursor := parse(after)) is not None:
        at, pk = cursor
        found = found.filter(at__lte=at).filter(Q(at__lt=at) | Q(pk__lt=pk))
    rows = list(found.order_by("-at", "-pk")[: PAGE + 1])
    more, rows = len(rows) > PAGE, rows[:PAGE]
    seen = _look(rows, reader)
    shown = [entry for entry in rows if seen.allows(entry)]
    told = list(_by_day(shown, seen, person, now))
    hidden = len(rows) - len(shown)
    older = f"{rows[-1].at.isoformat()}~{rows[-1].pk}" if more else ""
    return Chapter(told, _hidden(hidden) if hidden else "", older)


def parse(cursor: str) -> tuple[datetime, int] | None:
    """The place a cursor of ours names; None for anything else."""
    head, separator, tail = cursor.rpartition("~")
    if not separator or len(cursor) > 60 or not (tail.isascii() and tail.isdigit() and len(tail) < 19):
        return None
    try:
        at = datetime.fromisoformat(head.replace(" ", "+"))
    except ValueError:
        return None
    return (at, int(tail)) if at.tzinfo is not None else None


def _look(rows: Iterable[TrailEntry], reader: User) -> _Seen:
    """What the reader may see of all this. Query cost: 0 to 5, one per kind of record that occurs."""
    keys: dict[str, set[int]] = {}
    for entry in rows:
        keys.setdefault(entry.subject_kind, set()).add(entry.subject_id)
    seen = _Seen()
    if wanted := keys.get("complaint"):
        visible = Complaint.objects.visible_to(reader).filter(pk__in=wanted)
        seen.cases = {
            pk: (reference, subject) for pk, reference, subject in visible.values_list("pk", "reference", "subject")
        }
    if wanted := keys.get("surveyresponse"):
        seen.others["surveyresponse"] = _keys(SurveyResponse.objects.visible_to(reader), wanted)
    if wanted := keys.get("invitation"):
        free = Q(complaint__isnull=True) | Q(complaint__in=Complaint.objects.visible_to(reader))
        seen.others["invitation"] = _keys(Invitation.objects.filter(free), wanted)
    if wanted := keys.get("followup"):
        seen.others["followup"] = _keys(FollowUp.objects.visible_to(reader), wanted)
    talk: dict[str, set[int]] = {"message": set(), "note": set()}
    moments: set[datetime] = set()
    for entry in rows:
        if not seen.allows(entry):
            continue
        kind = TALK.get(entry.kind)
        if kind and (pk := json.loads(entry.body).get(kind)):
            talk[kind].add(pk)
        elif entry.kind in SPOKEN_IN_PASSING:
            moments.add(entry.at)
    if talk["message"] or moments:
        said = Message.objects.filter(complaint__in=list(seen.cases))
        for one in said.filter(Q(pk__in=talk["message"]) | Q(at__in=moments, direction=OUT)):
            seen.said["message", one.pk] = one
            seen.passing[one.complaint_id, one.at, one.purpose] = one
    if talk["note"]:
        notes = Note.objects.filter(pk__in=talk["note"], complaint__in=list(seen.cases))
        seen.said |= {("note", one.pk): one for one in notes}
    return seen


def _keys(rows: Any, wanted: Iterable[int]) -> set[int]:
    return set(rows.filter(pk__in=list(wanted)).order_by().values_list("pk", flat=True))


def _by_day(rows: Iterable[TrailEntry], seen: _Seen, person: Person, now: datetime) -> Iterable[Told]:
    last, today = None, languages.local(now).date()
    for row in rows:
        reference, subject = seen.cases.get(row.subject_id, ("", "")) if row.subject_kind == "complaint" else ("", "")
        for number, entry in enumerate(_entries(row, seen, person)):
            here = languages.local(row.at)
            if here.date() != last:
                last = here.date()
                yield Told(Entry("day", text=_("Today") if last == today else languages.day(last)))
            entry.at, entry.time, entry.key = (
                row.at.isoformat(),
                languages.clock_time(row.at),
                f"entry-{row.pk}-{number}",
            )
            yield Told(entry, subject, f"/complaints/{reference}/" if reference else "")


def _entries(row: TrailEntry, seen: _Seen, person: Person) -> Iterable[Entry]:
    """The entry as a message, a note or an event; what was said with the event follows it."""
    body: dict[str, Any] = json.loads(row.body)
    kind = TALK.get(row.kind, "")
    if kind:
        if said := seen.said.get((kind, body.get(kind, 0))):
            yield _note(said) if kind == "note" else _message(said, person)
        return
    mark, tone, title, text = words_of(row, body)
    yield Entry("event", icon=mark, tone=tone, title=title, text=text or actor_of(row))
    purpose = SPOKEN_IN_PASSING.get(row.kind, "")
    if purpose and (said := seen.passing.get((row.subject_id, row.at, purpose))):
        yield _message(said, person)


def _note(said: Note) -> Entry:
    return Entry("note", text=_short(said.body), who=person_of(said.author_id) or Person.of(0, _("Somebody")))


def _message(said: Message, person: Person) -> Entry:
    if said.direction == IN:
        label = str(ChannelCode(said.channel).label)
        return Entry("in", text=_short(said.body), who=person, channel=said.channel, channel_label=label)
    who = person_of(said.author_id) or Person.of(0, "Amends")
    return Entry("out", text=_short(said.body), who=who, to=_("to the customer"))


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1].rstrip() + "…"


def _hidden(count: int) -> str:
    return ngettext(
        "%(n)s entry in between is about what other teams do.",
        "%(n)s entries in between are about what other teams do.",
        count,
    ) % {"n": count}
