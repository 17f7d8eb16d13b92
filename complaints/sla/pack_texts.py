"""What rule packs say to the complainant and ask of a decision (domain, Regulated handling).

Which packs hold for a case is told by its statutory clocks: a pack that was removed since still holds for those who
complained while it was in force. A text is named by pack and code, "fca-disp.referral".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from complaints.models import Clock, ClockKind, ClockState, Complaint, RulePack
from complaints.sla import packs
from complaints.sla.pack_files import TEXTS
from core.errors import InvalidInput

RESOLVE, MESSAGE, EXTEND = "resolve", "message", "extend"
FACTS = {
    "answer": gettext_lazy("Final answer to the customer"),
    "remedy_sought": gettext_lazy("What the customer asks for"),
    "expectation": gettext_lazy("What the customer expects"),
    "order_number": gettext_lazy("Order number"),
    "product": gettext_lazy("Product"),
    "customer": gettext_lazy("Customer"),
}


@dataclass(frozen=True, slots=True)
class Text:
    """A text of a pack that holds for a case. `required`: the answer needs it or another one of its group."""

    pack: RulePack
    definition: Mapping[str, Any]
    required: bool = False

    @property
    def key(self) -> str:
        return f"{self.pack.code}.{self.definition['code']}"

    @property
    def name(self) -> str:
        """What it is called, in the reader's language."""
        return packs.said(self.definition["name"])

    def body(self, complaint: Complaint, **facts: str) -> str:
        """The text in the complainant's language, with `facts` (reason, date) and what the house filled in."""
        language = complaint.language
        known = {"reference": complaint.reference, **facts}
        given = self.pack.definition.get("given", {})
        for name, value in self.pack.definition.get("values", {}).items():
            known[name] = given.get(name) or packs.said(value["default"], language)
        said = packs.said(self.definition["body"], language)
        for name, value in known.items():
            said = said.replace(f"{{{name}}}", value)
        return said


def packs_of(clocks: Iterable[Clock]) -> list[RulePack]:
    """The packs that hold for a case, by its statutory clocks, oldest first. No query within a few seconds."""
    held = {
        clock.pack_id
        for clock in clocks
        if clock.kind == ClockKind.STATUTORY and clock.pack_id is not None and clock.state != ClockState.CANCELLED
    }
    return [packs.pack(pk) for pk in sorted(held)]


def offered(clocks: Iterable[Clock], moment: str) -> list[Text]:
    """The texts for a moment (RESOLVE, MESSAGE, EXTEND); the first of each required group is `required`."""
    found = []
    for pack in packs_of(clocks):
        first = {group[0] for group in _groups(pack)}
        for one in pack.definition.get("texts", ()):
            if moment in one["for"]:
                found.append(Text(pack, one, one["code"] in first))
    return found


def needs_answer(clocks: Iterable[Clock]) -> list[RulePack]:
    """The packs under which a case cannot be resolved without a final answer."""
    return [pack for pack in packs_of(clocks) if "answer" in _required(pack)]


def whole(complaint: Complaint, clocks: Iterable[Clock], moment: str, said: str, texts: Sequence[str]) -> str:
    """What was written with the texts asked for behind it, each once. Raises InvalidInput unknown_text, and
    body_required where there is nothing to put them behind."""
    known = {text.key: text for text in offered(clocks, moment)} if texts else {}
    if unknown := [key for key in texts if key not in known]:
        said_no = _("No rule pack of this case has the text “%(name)s”.") % {"name": unknown[0][:60]}
        raise InvalidInput(said_no, code="unknown_text", field="texts")
    if texts and not said.strip():
        field = "answer" if moment == RESOLVE else "body"
        raise InvalidInput(_("Write something first."), code="body_required", field=field)
    parts = [said.strip()]
    for key in dict.fromkeys(texts):
        body = known[key].body(complaint)
        if body not in said:
            parts.append(body)
    return "\n\n".join(parts) if texts else said


def refuse_incomplete(complaint: Complaint, clocks: Sequence[Clock], *, answer: str) -> None:
    """Raises InvalidInput required_by_pack, naming pack and field, where a pack asks for more than is there.

    Query cost: 1 where a pack asks for what the complainant wants.
    """
    held = packs_of(clocks)
    for pack in held:
        for name in _required(pack):
            if not name.startswith(TEXTS) and not _fact(complaint, name, answer):
                _refuse(pack, name, str(FACTS[name]))
        for group in _groups(pack):
            bodies = [
                text for text in offered(clocks, RESOLVE) if text.pack == pack and text.definition["code"] in group
            ]
            if not any(text.body(complaint) in answer for text in bodies):
                _refuse(pack, "texts", " / ".join(text.name for text in bodies))


def _refuse(pack: RulePack, field: str, what: str) -> None:
    words = {"pack": packs.said(pack.definition["name"]), "what": what}
    raise InvalidInput(_("%(pack)s asks for: %(what)s.") % words, code="required_by_pack", field=field)


def _fact(complaint: Complaint, name: str, answer: str) -> bool:
    if name == "answer":
        return bool(answer.strip())
    if name == "customer":
        return complaint.customer_id is not None
    row: Any = complaint.narrative if name in ("remedy_sought", "expectation") else complaint
    return bool(str(getattr(row, name)).strip())


def _required(pack: RulePack) -> Sequence[str]:
    found: Sequence[str] = pack.definition.get("requires", {}).get("resolve", ())
    return found


def _groups(pack: RulePack) -> list[list[str]]:
    """Codes of texts, one of each group must stand in the answer."""
    return [one.removeprefix(TEXTS).split("|") for one in _required(pack) if one.startswith(TEXTS)]
