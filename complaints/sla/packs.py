"""Statutory rules in force: which installed packs apply to a complaint, and what their rules say (domain, Regulated).

A pack's definition is data (`RulePack.definition`, shipped in `complaints/sla/packs_data/`, read by `pack_files`):

    {"code": "fca-disp", "edition": "2016-06-30", "countries": ["GB-ENG"], "zones": {"GB-ENG": "Europe/London"},
     "name": {"en": ...}, "about": {"en": ...}, "jurisdiction": {"en": ...},
     "source": {"law", "section", "in_force_on", "url"}, "ladder": [...],
     "rules": [{"code": "final", "name": {"en": ...}, "target": {"kind": "calendar_days", "value": 56},
      "from": "received" | "acknowledged", "until": "acknowledged" | "resolved", "window": false, "ladder": [...],
      "extended": {"kind": ..., "value": ...}, "extended_text": code of a text}],
     "values": {"referral_body": {"name": {"en": ...}, "default": {"en": ...}}},
     "texts": [{"code", "name": {"en": ...}, "body": {"en": ...}, "for": ["resolve", "message", "extend"]}],
     "requires": {"resolve": [field, "texts.referral|summary"]}}

`edition`: the day from which the rules hold. `zones`: how the clock on the wall runs in each country.
`window`: passing it breaks no rule, it only closes an easier way (a summary resolution). `ladder` of a rule comes
before that of the pack. `values` are filled in by the house when it installs the pack (`given` beside them), for the
places {referral_body}, ... in texts; {reference} is known, {reason} and {date} are those of an extension.
`requires.resolve`: what resolving demands, fields or one of some texts in the answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from complaints.models import Clock, Complaint, RulePack
from complaints.reference import catalogue
from complaints.sla import ladder, policies
from core import languages
from core.cached import Cached
from core.working_time import Target

RECEIVED, ACKNOWLEDGED, RESOLVED = "received", "acknowledged", "resolved"


@dataclass(frozen=True)
class Rule:
    """One statutory clock of a pack. `starts`: RECEIVED or ACKNOWLEDGED; `until`: what stops it."""

    pack: RulePack
    code: str
    names: Mapping[str, str]
    target: Target
    starts: str
    until: str
    extended: Target | None
    steps: tuple[ladder.Step, ...]
    window: bool = False
    extended_text: str = ""

    @property
    def clock_code(self) -> str:
        """The name of its clocks: pack and rule, "fca-disp.final"."""
        return f"{self.pack.code}.{self.code}"

    @property
    def name(self) -> str:
        """What it is called, in the reader's language."""
        return said(self.names)

    @property
    def calendar_version_id(self) -> int:
        """The newest version of the calendar its days are counted in."""
        return policies.book().newest[self.pack.calendar_id]


@Cached
def _all() -> dict[int, RulePack]:
    return {pack.pk: pack for pack in RulePack.objects.order_by("pk")}


@Cached
def _editions() -> tuple[tuple[RulePack, ...], ...]:
    """The packs in force, each with the editions it replaced, newest first."""
    replaced = {(pack.code, pack.removed_at): pack for pack in _all().values() if pack.removed_at is not None}
    found = []
    for pack in _all().values():
        if pack.removed_at is None:
            line = [pack]
            while (older := replaced.get((pack.code, line[-1].installed_at))) and older not in line:
                line.append(older)
            found.append(tuple(line))
    return tuple(found)


@Cached
def _rules() -> dict[int, tuple[Rule, ...]]:
    return {pk: tuple(_read(pack)) for pk, pack in _all().items()}


def for_case(complaint: Complaint, tier: str) -> Iterator[tuple[Rule, tuple[str, ...]]]:
    """The rules of every pack in force that applies to a complaint, with the conditions that made it apply. No query
    within a few seconds.

    The day of receipt decides which edition holds, however late a letter is written down; but what was written down
    before an edition was installed is none of its business.
    """
    for line in _editions() if complaint.kind == "complaint" else ():
        pack = next((one for one in line if _holds(one, complaint)), None)
        because = _conditions(pack.conditions, complaint, tier) if pack is not None else None
        if pack is not None and because is not None:
            for rule in _rules()[pack.pk]:
                yield rule, because


def _holds(pack: RulePack, complaint: Complaint) -> bool:
    if complaint.received_at < pack.in_force_at:
        return False
    return complaint.created_at is None or complaint.created_at >= pack.installed_at


def governs(pack_id: int | None, complaint: Complaint, tier: str) -> bool:
    """Whether a pack goes on holding for a complaint that has clocks of it: its conditions are met; removed or not."""
    found = None if pack_id is None else pack(pack_id)
    return found is not None and _conditions(found.conditions, complaint, tier) is not None


def met(complaint: Complaint, tier: str) -> frozenset[int]:
    """The packs, removed ones too, whose conditions a complaint meets. No query within a few seconds."""
    return frozenset(pk for pk, pack in _all().items() if _conditions(pack.conditions, complaint, tier) is not None)


def ask_for(name: str) -> bool:
    """Whether any pack, removed ones too, has conditions of this name: types, channels, tiers, teams."""
    return any(pack.conditions.get(name) for pack in _all().values())


def pack(pack_id: int) -> RulePack:
    """An installed pack, removed ones too; from memory. Raises KeyError if there is none."""
    if pack_id not in _all():
        forget()
    return _all()[pack_id]


def rules_of(pack_id: int) -> tuple[Rule, ...]:
    """All rules of an installed pack, removed ones too; from memory. Raises KeyError if there is none."""
    pack(pack_id)
    return _rules()[pack_id]


def said(names: Mapping[str, str], language: str | None = None) -> str:
    """A text of a pack in a language (default: the reader's), in English where it does not have that."""
    return names.get(languages.code(language)) or names["en"]


def rule(pack_id: int, clock_code: str) -> Rule:
    """The rule of a statutory clock. Raises KeyError if there is none."""
    found = _rules()
    if pack_id not in found:
        forget()
        found = _rules()
    return next(one for one in found[pack_id] if one.clock_code == clock_code)


def name_of(clock_code: str) -> str:
    """What clocks of a code are called in the reader's language, by the newest edition that has it; blank if none does.
    No query within a few seconds."""
    found = (one for pk in sorted(_rules(), reverse=True) for one in _rules()[pk] if one.clock_code == clock_code)
    return next((one.name for one in found), "")


def is_window(clock: Clock) -> bool:
    """Whether a clock only says how long an easier way stays open: passing it breaks no rule."""
    return clock.pack_id is not None and rule(clock.pack_id, clock.code).window


def windows() -> frozenset[tuple[int, str]]:
    """Pack and code of every such clock, for figures that leave them out. No query within a few seconds."""
    return frozenset((pk, one.clock_code) for pk, found in _rules().items() for one in found if one.window)


def forget() -> None:
    """Read the packs afresh."""
    _all.clear()
    _editions.clear()
    _rules.clear()


def _read(pack: RulePack) -> Iterator[Rule]:
    common = pack.definition.get("ladder", ())
    for one in pack.definition["rules"]:
        extended, window = one.get("extended"), bool(one.get("window"))
        steps = ladder.steps(one.get("ladder", common), "statutory")
        if window:  # its end is no alarm: whoever could use it is told before
            steps = (*(step for step in steps if step.percent < 100), ladder.Step(100, 0))
        yield Rule(
            pack=pack,
            code=one["code"],
            names=one["name"],
            target=Target(**one["target"]),
            starts=one.get("from", RECEIVED),
            until=one.get("until", RESOLVED),
            extended=Target(**extended) if extended else None,
            steps=steps,
            window=window,
            extended_text=one.get("extended_text", ""),
        )


def _conditions(wanted: Mapping[str, Any], complaint: Complaint, tier: str) -> tuple[str, ...] | None:
    """The names of the conditions met, or None if one is not."""
    own = catalogue().types_by_id[complaint.type_id]
    parent = catalogue().types_by_id[own.parent_id].code if own.parent_id else own.code
    actual: dict[str, set[Any]] = {
        "types": {own.code, parent},
        "channels": {complaint.channel},
        "tiers": {tier},
        "teams": {complaint.team_id},
    }
    met = []
    for name, values in actual.items():
        if wanted.get(name):
            if values.isdisjoint(wanted[name]):
                return None
            met.append(name.removesuffix("s"))
    return tuple(met)
