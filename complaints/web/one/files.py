"""Files of a case as pages show them: under the message, the note or the complaint they came with.

    lists = of_case([complaint.pk], of_case_url(reference))  # one query
    lists.message(7), lists.note(3), lists.narrative         # list of Attached, for Entry.files (templates/_files.html)

`complaints.web.one.story` reads the same rows within its own query (`Story.files`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from complaints.actions.attachments import NOTE, REPLY, Limits, limits
from complaints.models import Attachment
from complaints.web.one.told import File
from core import languages
from core.file_types import OCTETS, SHOWN_AS_IMAGE
from core.web.parts import Part

TOKENS = "attachments"  # of a form: tokens of files sent before; with the mode behind it in the composer
PREVIEW_BYTES = 2_000_000  # larger images are not fetched just to be shown small
ICONS = {"image": "eye", "audio": "call", "text": "book", "message": "email"}


@dataclass(frozen=True, slots=True)
class Attached(Part):
    """A file to be saved. `image`: a small picture of it may be shown; `caution`: what to beware of, or empty."""

    token: str
    name: str
    url: str
    size: str
    icon: str = "clip"
    image: bool = False
    caution: str = ""
    bytes: int = 0
    removal_url: str = ""  # of a draft

    @classmethod
    def of(cls, *, token: str, name: str, content_type: str, size: int, url: str, removal_url: str = "") -> Attached:
        """All words in the active language. No query."""
        return cls(
            token=token,
            name=name,
            url=url,
            size=languages.file_size(size),
            icon=ICONS.get(content_type.partition("/")[0], "clip"),
            image=content_type in SHOWN_AS_IMAGE and size <= PREVIEW_BYTES,
            caution=_("unknown kind, may hold a program") if content_type == OCTETS else "",
            bytes=size,
            removal_url=removal_url,
        )

    @classmethod
    def draft(cls, one: Attachment | File, *, ours: bool = True) -> Attached:
        """One that is not sent yet; `ours` False: of a complainant, who does not look at it here."""
        door = "draft_removal" if ours else "public_removal"
        return cls.of(
            token=one.token,
            name=one.name,
            content_type=one.content_type,
            size=one.size,
            url=draft_url(one.token, one.name) if ours else "",
            removal_url=reverse(door, args=[one.token]),
        )

    @classmethod
    def row(cls, one: Attachment, url: Callable[[str, str], str]) -> Attached:
        """`url` makes the address of token and name: `of_case_url`, `status_url`, `draft_url`."""
        return cls.of(
            token=one.token,
            name=one.name,
            content_type=one.content_type,
            size=one.size,
            url=url(one.token, one.name),
        )


@dataclass(slots=True)
class Chooser(Part):
    """A place to choose files (templates/complaints/_files_box.html). `url` takes them one by one from a script.

    `lists`: mode, name of the input, files already chosen, and the class of its list, for each list.
    """

    url: str
    lists: list[tuple[str, str, list[Attached], str]]
    limits: Limits = field(default_factory=limits)

    @property
    def too_large(self) -> str:
        return _("Too large: a file may have %(limit)s.") % {"limit": languages.file_size(self.limits.each)}

    @property
    def too_many(self) -> str:
        most = self.limits.count
        return ngettext("No more than %(n)s file at once.", "No more than %(n)s files at once.", most) % {"n": most}

    @property
    def too_much(self) -> str:
        limit = languages.file_size(self.limits.total)
        return _("Together the files are too large: %(limit)s at most.") % {"limit": limit}


def composer(reference: str, told: Iterable[File]) -> Chooser:
    """For the box of a case: replies and notes have files of their own. No query."""
    ready = in_box(told)
    lists = [(mode, f"{TOKENS}_{mode}", ready[mode], f"composer__{mode}-only") for mode in (REPLY, NOTE)]
    return Chooser(reverse("attachments", args=[reference]), lists)


def single(url: str, chosen: Iterable[Attached]) -> Chooser:
    """For a form that has one list."""
    return Chooser(url, [("", TOKENS, list(chosen), "")])


@dataclass(slots=True)
class Lists:
    """The files of a case by what they came with. Missing ones are empty."""

    narrative: list[Attached] = field(default_factory=list)
    messages: dict[int, list[Attached]] = field(default_factory=dict)
    notes: dict[int, list[Attached]] = field(default_factory=dict)

    def message(self, key: int) -> list[Attached]:
        return self.messages.get(key, [])

    def note(self, key: int) -> list[Attached]:
        return self.notes.get(key, [])

    def add(self, file: Attached, *, message: int | None, note: int | None) -> None:
        if message is not None:
            self.messages.setdefault(message, []).append(file)
        elif note is not None:
            self.notes.setdefault(note, []).append(file)
        else:
            self.narrative.append(file)


def of_case(keys: Iterable[int], url: Callable[[str, str], str], *, notes: bool = True) -> Lists:
    """The files of these cases (a survivor of merges and what was merged into it), oldest first. Query cost: 1.

    `notes` False, for the complainant: files of notes are not even read.
    """
    rows = Attachment.objects.filter(complaint__in=list(keys), draft="").order_by("pk")
    lists = Lists()
    for one in rows if notes else rows.filter(note=None):
        lists.add(Attached.row(one, url), message=one.message_id, note=one.note_id)
    return lists


def names_of(tokens: Sequence[str]) -> list[str]:
    """The names of a complainant's files that are not sent yet, in this order; what is gone is left out.

    Query cost: 1 with any.
    """
    if not tokens:
        return []
    rows = Attachment.objects.filter(token__in=tokens, draft__startswith="web:")
    known = dict(rows.values_list("token", "name"))
    return [known[token] for token in tokens if token in known]


def of_story(told: Iterable[File], url: Callable[[str, str], str]) -> Lists:
    """The files of a story that were sent. No query."""
    lists = Lists()
    for one in told:
        if not one.draft:
            lists.add(_attached(one, url), message=one.message_id, note=one.note_id)
    return lists


def in_box(told: Iterable[File]) -> dict[str, list[Attached]]:
    """The files of a story that lie ready in the reader's box, by mode ("reply", "note"). No query."""
    found: dict[str, list[Attached]] = {REPLY: [], NOTE: []}
    for one in told:
        mode = one.draft.rpartition(":")[2] if one.draft else ""
        if mode in found:
            found[mode].append(Attached.draft(one))
    return found


def _attached(one: File, url: Callable[[str, str], str]) -> Attached:
    return Attached.of(
        token=one.token, name=one.name, content_type=one.content_type, size=one.size, url=url(one.token, one.name)
    )


def of_case_url(reference: str) -> Callable[[str, str], str]:
    """Where people of ours fetch files of this case."""
    return lambda token, name: reverse("attachment", args=[reference, token, name])


def status_url(status_token: str) -> Callable[[str, str], str]:
    """Where the complainant fetches files of messages, behind the private link."""
    return lambda token, name: reverse("status_attachment", args=[status_token, token, name])


def draft_url(token: str, name: str) -> str:
    """Where whoever chose a file looks at it before it is sent."""
    return reverse("draft_attachment", args=[token, name])
