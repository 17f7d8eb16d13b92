"""What a case page tells, read in one query: messages, notes, trail, mails, contacts, the customer's other complaints.

Each is an ordinary queryset laid out in the columns of `Row`; together they are one UNION ALL, composed once. What is
read stands in `told`.
"""

from __future__ import annotations

import json
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.db.models import (
    Case,
    Exists,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Value,
    When,
)

from complaints.models import Attachment, Complaint, Message, Note, Pending, PendingState, StepDone
from complaints.models.conversation import IN, OUT
from complaints.web import composed
from complaints.web.composed import Composed, Somebody
from complaints.web.many.queue import Reader, team_ids
from complaints.web.one import story_decided, story_promised
from complaints.web.one.story_parts import Row
from complaints.web.one.story_parts import part_of as _part
from complaints.web.one.told import Contact, File, Here, Linked, Mail, Other, Said, Step, Story, Typed, Wait
from core.access import MANAGER
from core.actions.presence import FRESH
from core.clock import now
from core.models import Draft, OutboxMessage, Presence, TrailEntry, User
from retention.models import ContactPoint

PAGE = 25  # messages and notes shown at once: with more the page weighs over 150 kB
TRAIL, MAILS = 1000, 500  # as much of them at most
FILES = 500  # of all messages and notes, and what lies ready in the reader's box
EARLIER = 50  # complaints of the same customer that are looked at
WAITS, PEOPLE = 50, 20  # messages that wait to be sent, and people who look at the case
NOTE, STEP, MAIL, CONTACT, OTHER, FILE = "note", "trail", "mail", "contact", "case", "file"
WAIT, DRAFT, HERE, LINKED, TICK = "wait", "draft", "here", "linked", "tick"
LINKS, HEAD = 50, 2  # merged cases shown; what marks the one this is merged into
PARTS, OF = {"complaint__merged_into": composed.CASE}, "complaint__reference"
NO_WORDS = Value(""), Value(""), Value("")


def load(complaint: Complaint, user: User, *, before: datetime | None = None) -> Story:
    """The newest PAGE messages and notes (older than `before`) and all the rest. Query cost: 1."""
    teams = team_ids(user)
    known = complaint.customer_id is not None
    given: dict[Any, Any] = {
        composed.CASE: complaint.pk,
        composed.CUSTOMER: complaint.customer_id,
        composed.ME: user.pk,
        composed.SINCE: now() - FRESH,
        composed.REPLY_PLACE: draft_place(complaint, "reply"),
        composed.NOTE_PLACE: draft_place(complaint, "note"),
        composed.CASE_PLACE: presence_place(complaint),
    }
    if before is not None:
        given[composed.EDGE] = before
    if len(teams) <= len(composed.TEAMS):
        given |= dict(zip(composed.TEAMS, teams, strict=False))
        asked = _telling(len(teams), MANAGER in user.roles, before is not None, known)
    else:
        asked = _compose(user, before is not None, known)
    return _sorted([Row._make(row) for row in asked.rows(given)])


def draft_place(complaint: Complaint, mode: str) -> str:
    """Where a draft of the reply or the note of a case is kept."""
    return f"{mode}:{complaint.reference}"


def presence_place(complaint: Complaint) -> str:
    """Where those are who look at a case."""
    return f"case:{complaint.reference}"


def _sorted(rows: list[Row]) -> Story:
    story = Story()
    for row in rows:
        _PLACES[row.part](story, row)
    story.said.sort(key=lambda one: (one.at, one.id))
    story.more, story.said = len(story.said) > PAGE, story.said[-PAGE:]
    story.trail.sort(key=lambda one: one.seq)
    story.mails.sort(key=lambda one: one.id)
    story.files.sort(key=lambda one: one.id)
    story.ticks.sort(key=lambda one: (one.at, one.pk))
    story.waits.sort(key=lambda one: (one.due_at, one.id))
    story.demands.sort(key=lambda one: (one.complaint_id, one.position, one.pk))
    story.remedies.sort(key=lambda one: (one.requested_at, one.pk))
    story.measures.sort(key=lambda one: one.pk)
    story.promises.sort(key=lambda one: (one.row.due_at, one.row.pk))
    story.others.sort(key=lambda one: one.received_at, reverse=True)
    return story


def _said(story: Story, row: Row) -> None:
    moments = row.sent_at, row.d
    said = Said(row.id, row.part, row.at, row.text, row.who, row.a, row.b, row.c, *moments)  # type: ignore[arg-type]
    story.said.append(said)


def _step(story: Story, row: Row) -> None:
    step = Step(row.number, row.a, row.at, row.b, row.who, row.c, row.text, row.d)  # type: ignore[arg-type]
    story.trail.append(step)


def _mail(story: Story, row: Row) -> None:
    fate = row.at, row.sent_at, row.failed_at, row.number, row.c
    mail = Mail(row.id, row.text, row.a, row.b, *fate)  # type: ignore[arg-type]
    story.mails.append(mail)


def _file(story: Story, row: Row) -> None:
    note = int(row.c) if row.c else None
    story.files.append(File(row.id, row.text, row.a, row.b, row.number, row.who, note, row.d))


def _wait(story: Story, row: Row) -> None:
    content = json.loads(row.c)
    moments = row.at, row.sent_at
    story.waits.append(Wait(row.id, row.text, row.who, *moments, row.a, row.b, bool(row.number), content))  # type: ignore[arg-type]


def _draft(story: Story, row: Row) -> None:
    mode = row.a.partition(":")[0]
    story.typed[mode] = Typed(row.a, row.text, json.loads(row.b), row.number, row.c, row.at)  # type: ignore[arg-type]


def _here(story: Story, row: Row) -> None:
    story.here.append(Here(row.who or 0, row.sent_at))


def _tick(story: Story, row: Row) -> None:
    assert row.at is not None  # noqa: S101  a tick has its instant
    tick = StepDone(pk=row.id, key=row.text, by_id=row.who, skipped=row.a, version_id=row.number, at=row.at)
    story.ticks.append(tick)


def _contact(story: Story, row: Row) -> None:
    story.contacts.append(Contact(row.a, row.text))


def _other(story: Story, row: Row) -> None:
    other = Other(row.a, row.text, row.b, row.c, row.at, bool(row.number))  # type: ignore[arg-type]
    story.others.append(other)


def _linked(story: Story, row: Row) -> None:
    is_head, seen = row.number >= HEAD, row.number % HEAD == 1
    words = row.a, row.c, row.b
    linked = Linked(row.id, *words, row.at, "" if is_head else row.text, is_head, seen)  # type: ignore[arg-type]
    story.linked.append(linked)


_PLACES = {
    LINKED: _linked,
    IN: _said,
    OUT: _said,
    NOTE: _said,
    STEP: _step,
    MAIL: _mail,
    CONTACT: _contact,
    OTHER: _other,
    FILE: _file,
    WAIT: _wait,
    DRAFT: _draft,
    HERE: _here,
    TICK: _tick,
    **story_decided.PLACES,
    **story_promised.PLACES,
}


@lru_cache(maxsize=64)
def _telling(team_count: int, sees_all: bool, older: bool, known: bool) -> Composed:
    """Composed once for everybody with as many teams."""
    return _compose(Somebody(team_count, sees_all), older, known)


def _compose(user: Reader, older: bool, known: bool) -> Composed:
    """`older`: messages before a moment; `known`: there is a customer, with contacts and other complaints."""
    case, customer = composed.CASE, composed.CUSTOMER
    messages, notes = Message.objects.filter(complaint=case), Note.objects.filter(complaint=case)
    if older:
        messages, notes = messages.filter(at__lt=composed.EDGE), notes.filter(created_at__lt=composed.EDGE)
    about = {"subject_kind": "complaint", "subject_id": case}
    messages, notes = messages.order_by("-at", "-pk"), notes.order_by("-created_at", "-pk")
    steps = TrailEntry.objects.filter(**about).order_by("seq")
    mails = OutboxMessage.objects.filter(**about).order_by("pk")
    mine = Q(complaint=case) & (Q(draft="") | Q(uploaded_by=user.pk))
    files = Attachment.objects.filter(mine).order_by("-pk")
    files_of_parts = Attachment.objects.filter(draft="", **PARTS).order_by("-pk")
    ticks = StepDone.objects.filter(complaint=case)
    waits = Pending.objects.filter(complaint=case, state__in=[PendingState.WAITING, PendingState.HELD])
    typed = Draft.objects.filter(user=user.pk, place__in=[composed.REPLY_PLACE, composed.NOTE_PLACE])
    here = Presence.objects.filter(place=composed.CASE_PLACE, seen_at__gt=composed.SINCE).exclude(user=user.pk)
    of_parts, notes_of_parts = Message.objects.filter(**PARTS), Note.objects.filter(**PARTS)
    if older:
        of_parts, notes_of_parts = (
            of_parts.filter(at__lt=composed.EDGE),
            notes_of_parts.filter(created_at__lt=composed.EDGE),
        )
    said_with = "channel", "purpose", "by_mail_to"
    words = "kind", "actor_kind", "actor_label", "private"
    fate = {"sent_at": "sent_at", "failed_at": "failed_at", "number": "attempts"}
    parts = [
        _part(
            messages, "direction", "at", "body", "author_id", "channel", "purpose", "by_mail_to", sent_at="created_at"
        )[: PAGE + 1],
        _part(notes, NOTE, "created_at", "body", "author_id", "mentions")[: PAGE + 1],
        _part(
            of_parts.order_by("-at", "-pk"),
            "direction",
            "at",
            "body",
            "author_id",
            *said_with,
            OF,
            sent_at="created_at",
        )[: PAGE + 1],
        _part(
            notes_of_parts.order_by("-created_at", "-pk"),
            NOTE,
            "created_at",
            "body",
            "author_id",
            "mentions",
            *NO_WORDS[1:],
            OF,
        )[: PAGE + 1],
        *_links(user),
        _part(steps, STEP, "at", "body", "actor_id", *words, number="seq")[:TRAIL],
        *(
            _part(
                one,
                FILE,
                "created_at",
                "name",
                "message_id",
                "token",
                "content_type",
                "note_id",
                "draft",
                number="size",
            )[:FILES]
            for one in (files, files_of_parts)
        ),
        _part(
            waits,
            WAIT,
            "due_at",
            "body",
            "author_id",
            "state",
            "code",
            "content",
            sent_at="created_at",
            number="take_back",
        )[:WAITS],
        _part(typed, DRAFT, "updated_at", "body", None, "place", "fields", "device", number="revision"),
        _part(ticks, TICK, "at", "key", "by_id", "skipped", number="version_id"),
        _part(here, HERE, "seen_at", "place", "user_id", sent_at="wrote_at")[:PEOPLE],
        *story_decided.parts(known),
        *story_promised.parts(),
        _part(mails, MAIL, "created_at", "key", None, "recipient", "template", "suppressed", **fate)[:MAILS],
    ]
    if known:
        contacts = ContactPoint.objects.filter(customer=customer).order_by("-is_preferred", "pk")
        others = Complaint.objects.filter(customer=customer).exclude(pk=case).annotate(seen=_seen_by(user))
        others = others.order_by("-received_at")
        told = "reference", "channel", "status"
        parts += [
            _part(contacts, CONTACT, None, "value", None, "kind"),
            _part(others, OTHER, "received_at", "subject", None, *told, number="seen")[:EARLIER],
        ]
    return composed.together(parts)


def _links(user: Reader) -> list[QuerySet[Any, Any]]:
    """The cases merged into this one, and the one it is merged into. Each with whether the reader may see it."""
    told = "reference", "channel", "subject"
    parts = Complaint.objects.filter(merged_into=composed.CASE).annotate(mark=_seen_by(user)).order_by("pk")
    head = Complaint.objects.filter(merged_from=composed.CASE).annotate(mark=_seen_by(user) + Value(HEAD))
    return [
        _part(parts, LINKED, "received_at", "narrative__description", None, *told, number="mark")[:LINKS],
        _part(head, LINKED, "received_at", "reference", None, *told, number="mark"),
    ]


def _seen_by(user: Reader) -> Case:
    """Whether the reader may see the row, decided by `visible_to` alone."""
    visible = Complaint.objects.visible_to(user).filter(pk=OuterRef("pk"))  # type: ignore[arg-type]
    return Case(When(Exists(visible), then=Value(1)), default=Value(0), output_field=IntegerField())
