"""What a case page tells, as it was read: `story` reads it in one query, the timeline and the cards put it in words."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from complaints.models import CorrectiveAction, Decision, Demand, Promise, Purpose, Remedy, StepDone
from complaints.models.conversation import IN, OUT


@dataclass(slots=True)
class Said:
    """A message or a note. `channel` of a note: whom it names (Note.mentions as JSON text)."""

    id: int
    kind: str  # in, out or note
    at: datetime
    body: str
    author_id: int | None
    channel: str
    purpose: str
    by_mail_to: str
    created_at: datetime | None = None
    of: str = ""  # the merged case it belongs to; blank: to this one


@dataclass(slots=True)
class Wait:
    """A message that is not sent yet. `content`: as on `Pending`."""

    id: int
    body: str
    author_id: int | None
    due_at: datetime
    created_at: datetime
    state: str
    code: str
    take_back: bool
    content: dict[str, Any]


@dataclass(slots=True)
class Typed:
    """What the reader has typed here and not sent."""

    place: str
    body: str
    fields: dict[str, Any]
    revision: int
    device: str
    at: datetime


@dataclass(slots=True)
class Here:
    """Somebody who looks at the case. `wrote_at`: when they last typed."""

    user_id: int
    wrote_at: datetime | None


@dataclass(slots=True)
class Step:
    """An entry of the trail, as far as a reader is told."""

    seq: int
    kind: str
    at: datetime
    actor_kind: str
    actor_id: int | None
    actor_label: str
    body: str
    private: str


@dataclass(slots=True)
class Mail:
    """A mail about the case and what became of it."""

    id: int
    key: str
    recipient: str
    template: str
    created_at: datetime
    sent_at: datetime | None
    failed_at: datetime | None
    attempts: int
    suppressed: str = ""


@dataclass(slots=True)
class File:
    """A file of a message, a note or (neither) the complaint; with `draft` one the reader has not sent yet."""

    id: int
    name: str
    token: str
    content_type: str
    size: int
    message_id: int | None
    note_id: int | None
    draft: str


@dataclass(slots=True)
class Contact:
    """A way to reach the customer."""

    kind: str
    value: str


@dataclass(slots=True)
class Other:
    """Another complaint of the customer. `seen`: the reader may see it."""

    reference: str
    subject: str
    channel: str
    status: str
    received_at: datetime
    seen: bool


@dataclass(slots=True)
class Linked:
    """A case merged into this one, with how it began; or (`is_head`) the one this is merged into."""

    id: int
    reference: str
    subject: str
    channel: str
    received_at: datetime
    body: str
    is_head: bool
    seen: bool


@dataclass(frozen=True, slots=True)
class Promised:
    """A promise. `of`: the reference of the case it was given on; `renewed_as`: the key of the one in its place."""

    row: Promise
    of: str
    renewed_as: int | None


@dataclass(slots=True)
class Story:
    """Everything a timeline and the customer's panel are made of. `more`: there are older messages than these.

    Messages, trail and mails stand oldest first, contacts the preferred one first, other complaints newest first.
    """

    said: list[Said] = field(default_factory=list)
    trail: list[Step] = field(default_factory=list)
    mails: list[Mail] = field(default_factory=list)
    files: list[File] = field(default_factory=list)
    waits: list[Wait] = field(default_factory=list)
    typed: dict[str, Typed] = field(default_factory=dict)  # by "reply" and "note"
    here: list[Here] = field(default_factory=list)
    ticks: list[StepDone] = field(default_factory=list)  # of the playbook's steps, oldest first
    demands: list[Demand] = field(default_factory=list)  # also those of merged cases of the same customer
    decision: Decision | None = None  # the one in force
    measures: list[CorrectiveAction] = field(default_factory=list)  # that answer it or a case merged into it
    remedies: list[Remedy] = field(default_factory=list)  # granted or awaiting approval, oldest first
    awaiting_elsewhere: int = 0  # remedies that wait for approval on the cases merged into this one
    promises: list[Promised] = field(default_factory=list)  # by their hour, with those of merged cases
    contacts: list[Contact] = field(default_factory=list)
    others: list[Other] = field(default_factory=list)
    linked: list[Linked] = field(default_factory=list)
    more: bool = False

    @property
    def newest(self) -> int:
        """The key of the message that was written last, 0 without any; receipts are none."""
        said = [one for one in self.said if one.kind in (IN, OUT) and one.purpose != Purpose.RECEIPT]
        return max(said, key=lambda one: (one.created_at or one.at, one.id)).id if said else 0
