"""What a message does beside saying something: thanks, an apology, "we cannot, because ..., instead ..." (A8, A12).

Each is a row of its own and an entry of its own on the trail. Only the refusal brings words: they are put into the
message, in the complainant's language.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from complaints.models import Act, ActKind, Complaint, Message
from core import trail
from core.actor import Actor
from core.errors import InvalidInput

TRAIL = {
    ActKind.THANKS: "complaint.thanked",
    ActKind.APOLOGY: "complaint.apologised",
    ActKind.REFUSAL: "complaint.refused",
}
MISSING = {
    "cannot": gettext_lazy("Say what we cannot do."),
    "because": gettext_lazy("Say why we cannot do it."),
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """What we cannot do, why, and what we offer in its place (blank: nothing)."""

    cannot: str
    because: str
    instead: str = ""


@dataclass(frozen=True, slots=True)
class Acts:
    """What comes with a message."""

    thanks: bool = False
    apology: bool = False
    refusal: Refusal | None = None

    def __bool__(self) -> bool:
        return self.thanks or self.apology or self.refusal is not None

    @property
    def kinds(self) -> list[ActKind]:
        given = {ActKind.THANKS: self.thanks, ActKind.APOLOGY: self.apology, ActKind.REFUSAL: self.refusal is not None}
        return [kind for kind, is_given in given.items() if is_given]


def stored(acts: Acts) -> dict[str, Any]:
    """As plain JSON, for a message that waits; `restored` reads it."""
    return asdict(acts)


def restored(kept: dict[str, Any] | None) -> Acts | None:
    """The acts of a message that waited."""
    if not kept:
        return None
    refusal = kept.get("refusal")
    return Acts(bool(kept.get("thanks")), bool(kept.get("apology")), Refusal(**refusal) if refusal else None)


def refuse_unclear(acts: Acts | None) -> None:
    """Raises InvalidInput (cannot_required, because_required): a refusal names the thing and the reason."""
    if acts is None or acts.refusal is None:
        return
    for name, words in MISSING.items():
        if not getattr(acts.refusal, name).strip():
            raise InvalidInput(words, code=f"{name}_required", field=name)


def whole(complaint: Complaint, body: str, acts: Acts | None) -> str:
    """What was written, with the refusal's sentence behind it in the complainant's language, unless it says so."""
    if acts is None or acts.refusal is None:
        return body
    said = sentence(acts.refusal, complaint.language)
    return body if said in body else f"{body.strip()}\n\n{said}".strip()


def sentence(refusal: Refusal, language: str) -> str:
    """The refusal as the complainant reads it."""
    words = {name: value.strip().rstrip(".") for name, value in asdict(refusal).items()}
    with translation.override(language):
        said = _("We cannot %(cannot)s, because %(because)s.") % words
        if not words["instead"]:
            return said
        return said + " " + _("Instead: %(instead)s.") % words


def rows_of(acts: Acts | None, sent: Message, *, by: Actor, at: datetime) -> list[Act]:
    """The rows of what comes with a message that has its key; not yet written."""
    if not acts:
        return []
    made = [
        Act(complaint_id=sent.complaint_id, message_id=sent.pk, kind=kind, by=by.user, at=at) for kind in acts.kinds
    ]
    if acts.refusal is not None:
        for name, value in asdict(acts.refusal).items():
            setattr(made[-1], name, value.strip())
    return made


def on_trail(acts: Acts | None, complaint: Complaint, sent: Message, *, by: Actor, at: datetime) -> None:
    """An entry for each, behind that of the message; the complaint is locked. Query cost: 2 each."""
    for kind in acts.kinds if acts else ():
        private = None
        if kind == ActKind.REFUSAL and acts is not None and acts.refusal is not None:
            private = {name: value.strip() for name, value in asdict(acts.refusal).items()}
        trail.append(complaint, TRAIL[kind], by=by, at=at, changes={"message": sent.pk}, private=private)
