"""What the partial templates take: plain values, already worded and formatted by the view (no work per row).

A view fills these; a template only places them. Every text is in the viewer's language. Nothing here queries.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from core import languages

COLOURS = 6
ON_TRACK, AT_RISK, BREACHED, PAUSED, MET = "on-track", "at-risk", "breached", "paused", "met"


class Part:
    """Base of all parts: a template looks `row.name` up as `row["name"]` first, and must not pay for an exception."""

    __slots__ = ()

    def __getitem__(self, name: str) -> Any:
        try:
            return getattr(self, name)
        except AttributeError:
            raise KeyError(name) from None


@dataclass(frozen=True, slots=True)
class Person(Part):
    """Somebody shown as initials on a quiet ground. `colour` 1..6."""

    name: str
    initials: str
    colour: int

    @classmethod
    def of(cls, key: int, name: str) -> Person:
        """`key`: the primary key, so that a person keeps the colour everywhere."""
        return cls(name, initials(name), key % COLOURS + 1)


def initials(name: str) -> str:
    """DW for Dana Whitlock, L for @lucia.o; empty for an empty name."""
    words = [
        word for word in ("".join(c if c.isalnum() else " " for c in part) for part in name.split()) if word.strip()
    ]
    if not words:
        return ""
    ends = words[:1] if len(words) == 1 else [words[0], words[-1]]
    return "".join(word.strip()[0] for word in ends).upper()


@dataclass(frozen=True, slots=True)
class Badge(Part):
    """A clock at a glance. `state`: on-track, at-risk, breached, paused, met; `worked`: 0..100 of the target used."""

    state: str
    text: str
    worked: int = 0
    title: str = ""

    @classmethod
    def running(
        cls, seconds_left: int, *, worked: int, at_risk: bool, day_seconds: int = languages.DAY, brief: bool = False
    ) -> Badge:
        """A clock that runs, by the working seconds left (negative: late). `brief` (the queue) leaves "left" off."""
        if seconds_left <= 0:
            return cls(BREACHED, languages.late(-seconds_left, day_seconds=day_seconds), 100)
        if brief:
            upward = -(-seconds_left // languages.MINUTE) * languages.MINUTE
            text = languages.duration(upward, day_seconds=day_seconds, clipped=True)
        else:
            text = languages.left(seconds_left, day_seconds=day_seconds)
        return cls(AT_RISK if at_risk else ON_TRACK, text, worked)


@dataclass(frozen=True, slots=True)
class Chip(Part):
    """A word on a ground. `tone`: "", ok, risk, breach, met, pause, note, tier."""

    text: str
    tone: str = ""
    icon: str = ""


@dataclass(frozen=True, slots=True)
class Link(Part):
    """Somewhere to go. `icon` stands before the words; `current` marks where the reader is."""

    text: str
    url: str
    icon: str = ""
    primary: bool = False
    current: bool = False
    key: str = ""  # a physical key (KeyC), see static/js/keys.js
    title: str = ""


@dataclass(frozen=True, slots=True)
class Applied(Part):
    """A filter in force: Team: Lisbon desk, and the address without it."""

    label: str
    value: str
    url: str


@dataclass(slots=True)
class Row(Part):
    """One complaint in the queue (templates/_row.html)."""

    reference: str
    url: str
    subject: str
    name: str
    badge: Badge | None
    severity: str = "moderate"
    severity_label: str = ""
    channel: str = "web"
    channel_label: str = ""
    tier: str = ""
    snippet: str = ""
    type_path: str = ""
    clock: str = ""  # which clock the badge shows: Next update
    owner: Person | None = None
    flags: Sequence[Chip] = ()
    unread: bool = False
    current: bool = False


@dataclass(slots=True)
class Group(Part):
    """Rows under one heading. `key`: breached, today, later, waiting (also their class); `count` is text or empty."""

    key: str
    title: str
    rows: Sequence[Row]
    count: str = ""
    note: str = ""
    more: Link | None = None


@dataclass(slots=True)
class Explain(Part):
    """What a number rests on (templates/_hovercard.html)."""

    id: str
    title: str
    facts: Sequence[tuple[str, str]] = ()
    note: str = ""


@dataclass(slots=True)
class ClockView(Part):
    """One clock of a case (templates/_clocks.html)."""

    kind: str  # its name: Next update
    badge: Badge
    due: str  # due today 15:45
    explain: Explain | None = None


@dataclass(slots=True)
class Entry(Part):
    """One thing on the timeline. `kind`: in, out, note, event, day (a rule with a word).

    `text` is plain text, paragraphs parted by blank lines, never HTML. For an event: `icon`, `title` (in bold), `text`
    and `tone` ("", met, risk, breach). `at` is ISO 8601 UTC for machines, `time` what the reader sees.
    """

    kind: str
    text: str = ""
    time: str = ""
    at: str = ""
    who: Person | None = None
    to: str = ""
    channel: str = ""
    channel_label: str = ""
    chips: Sequence[Chip] = ()
    icon: str = "info"
    tone: str = ""
    title: str = ""
    key: str = ""  # stable id of the entry, for live changes
    files: Sequence[Any] = ()  # what came with it (templates/_files.html)


@dataclass(slots=True)
class Option(Part):
    """One answer of a question (templates/_choice.html)."""

    value: str
    label: str
    hint: str = ""
    checked: bool = False
    id: str = ""


@dataclass(slots=True)
class Stage(Part):
    """A step of the customer's journey (templates/_stages.html). `state`: done, now or empty."""

    title: str
    text: str = ""
    state: str = ""


@dataclass(slots=True)
class CaseForm(Part):
    """An action on a case as a form (templates/complaints/_actions.html).

    `form` None: a button is enough. `look`: all that an unbound form's appearance depends on beside these fields, None
    for a bound one; `version`: of the case it is about. `open`: unfolded (it has errors, or it is what comes next).
    `why_not`: the action is refused now, and says why (closing guards).
    """

    key: str  # acknowledge, resolve...; the id is act-<key>
    title: str
    url: str
    button: str
    form: Any = None
    icon: str = ""
    primary: bool = False
    danger: bool = False
    open: bool = False
    hint: str = ""
    why_not: str = ""
    shortcut: str = ""  # a physical key
    look: tuple[Any, ...] | None = None
    version: str = ""
    and_next: str = ""  # the button that goes on to the next case of the list


@dataclass(slots=True)
class Guard(Part):
    """Something that must be true before a case can be closed."""

    text: str
    met: bool = False
    icon: str = "send"


@dataclass(slots=True)
class Column(Part):
    """A column of templates/_table.html. `end`: numbers, set flush at the end."""

    label: str
    end: bool = False


@dataclass(slots=True)
class Cell(Part):
    """A cell. `kind`: "" text, head (the row's name, linked where `url`), badge, chip, num, voice."""

    value: Any
    kind: str = ""
    url: str = ""
    title: str = ""


@dataclass(slots=True)
class Empty(Part):
    """An empty page. `kind`: nothing (what would be here), match (filters hide it), done (all mended)."""

    kind: str
    title: str
    text: str
    links: Sequence[Link] = field(default_factory=tuple)
