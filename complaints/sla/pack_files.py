"""The rule packs as shipped: JSON files in `packs_data/`, one for each dated edition (domain, Regulated handling).

    packs_data/<code>.<edition>.json      edition: the date from which the rules hold, YYYY-MM-DD

The format is documented in `complaints.sla.packs`. Every file is checked when it is read: a pack with a text missing in
one language, an unknown placeholder or a target that means nothing is refused whole. Knows no database.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from complaints.sla import ladder
from core.week_calendar import CalendarError, zone
from core.working_time import Target

FOLDER = Path(__file__).parent / "packs_data"
LANGUAGES = ("en", "es", "pt", "it", "ru")
STARTS, UNTIL = ("received", "acknowledged"), ("acknowledged", "resolved")
MOMENTS = ("resolve", "message", "extend")
FACTS = ("answer", "remedy_sought", "expectation", "order_number", "product", "customer")
TEXTS = "texts."  # before the codes of texts, one of which the answer must carry: "texts.referral|summary"
KNOWN = frozenset({"reference", "reason", "date"})  # placeholders that every text may have
_CODE = re.compile(r"[a-z][a-z0-9_-]{0,18}", re.ASCII)
_PLACE = re.compile(r"\{([^{}]*)\}")


class PackError(ValueError):
    """A file that says nothing usable. The message names file and place, in English, for whoever wrote it."""


@dataclass(frozen=True)
class PackFile:
    """One edition of a pack."""

    definition: Mapping[str, Any]

    @property
    def code(self) -> str:
        return str(self.definition["code"])

    @property
    def edition(self) -> str:
        return str(self.definition["edition"])

    @property
    def countries(self) -> Sequence[str]:
        """Where it holds, as ISO 3166 ("US", "GB-ENG"): whose public holidays its working days may skip."""
        return tuple(self.definition.get("countries", ()))

    @property
    def zones(self) -> Mapping[str, str]:
        """The time zone by which people live in each of them, of the capital where there are several; IANA names."""
        found: Mapping[str, str] = self.definition.get("zones", {})
        return found

    @property
    def holds_from(self) -> date:
        """The day from which its rules hold."""
        return date.fromisoformat(self.edition)


def shipped() -> list[PackFile]:
    """The newest edition of every pack, by code. Raises PackError for a file that cannot be used."""
    found: dict[str, PackFile] = {}
    for one in _read(FOLDER):
        found[one.code] = one  # read in order of their editions
    return list(found.values())


def find(code: str, edition: str = "") -> PackFile | None:
    """An edition of a pack, the newest without one; None if it is not shipped."""
    return next((one for one in reversed(_read(FOLDER)) if one.code == code and edition in ("", one.edition)), None)


@lru_cache(maxsize=4)
def _read(folder: Path) -> tuple[PackFile, ...]:
    return tuple(_file(path) for path in sorted(folder.glob("*.json")))


def _file(path: Path) -> PackFile:
    try:
        definition = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise PackError(f"{path.name}: {error}") from error
    try:
        check(definition)
    except PackError as error:
        raise PackError(f"{path.name}: {error}") from error
    if path.name != f"{definition['code']}.{definition['edition']}.json":
        raise PackError(f"{path.name}: is named otherwise than its code and edition")
    return PackFile(definition)


def check(definition: Any) -> None:
    """Raises PackError unless the definition is whole: texts in five languages, every reference leads somewhere."""
    _need(isinstance(definition, dict), "", "is no object")
    for name in ("code", "edition", "name", "about", "jurisdiction", "source", "rules"):
        _need(name in definition, name, "is missing")
    _need(bool(_CODE.fullmatch(str(definition["code"]))), "code", "is no short name in small letters")
    _day(definition["edition"], "edition")
    _day(definition["source"].get("in_force_on"), "source.in_force_on")
    for name in ("law", "section", "url"):
        _need(bool(definition["source"].get(name)), f"source.{name}", "is missing")
    countries, zones = definition.get("countries", ()), definition.get("zones", {})
    _need(set(zones) == set(countries), "zones", "are not those of the countries")
    for country, name in zones.items():
        _zone(name, f"zones.{country}")
    for name in ("name", "about", "jurisdiction"):
        _said(definition[name], name)
    values = definition.get("values", {})
    for name, value in values.items():
        _said(value["name"], f"values.{name}.name")
        _said(value["default"], f"values.{name}.default")
    texts = _texts(definition.get("texts", ()), KNOWN | set(values))
    _rules(definition, texts)
    _requires(definition.get("requires", {}), texts)


def _texts(texts: Iterable[Any], known: frozenset[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for one in texts:
        where = f"texts.{one.get('code')}"
        _need(bool(_CODE.fullmatch(str(one.get("code")))) and one["code"] not in found, where, "has no code of its own")
        _said(one.get("name"), f"{where}.name")
        _said(one.get("body"), f"{where}.body")
        _need(bool(one.get("for")) and set(one["for"]) <= set(MOMENTS), f"{where}.for", f"is not among {MOMENTS}")
        for language, body in one["body"].items():
            places = set(_PLACE.findall(body))
            _need(places <= known, f"{where}.body.{language}", f"has unknown places: {sorted(places - known)}")
            if set(one["for"]) != {"extend"}:
                _need(
                    not places & {"reason", "date"}, f"{where}.body.{language}", "names reason or date of an extension"
                )
        found[one["code"]] = one
    return found


def _rules(definition: Mapping[str, Any], texts: Mapping[str, Any]) -> None:
    codes: set[str] = set()
    _need(bool(definition["rules"]), "rules", "are none")
    for one in definition["rules"]:
        where = f"rules.{one.get('code')}"
        _need(bool(_CODE.fullmatch(str(one.get("code")))) and one["code"] not in codes, where, "has no code of its own")
        codes.add(one["code"])
        _said(one.get("name"), f"{where}.name")
        target = _target(one.get("target"), f"{where}.target")
        _need(one.get("from", "received") in STARTS, f"{where}.from", f"is not among {STARTS}")
        _need(one.get("until", "resolved") in UNTIL, f"{where}.until", f"is not among {UNTIL}")
        _need(one.get("from") != one.get("until"), where, "begins and ends with the same")
        if extended := one.get("extended"):
            longer = _target(extended, f"{where}.extended")
            _need(
                longer.kind == target.kind and longer.value > target.value, f"{where}.extended", "is no longer target"
            )
            if text := one.get("extended_text"):
                _need("extend" in texts.get(text, {}).get("for", ()), f"{where}.extended_text", "is no such text")
        _ladder(one.get("ladder", ()), where)
    _ladder(definition.get("ladder", ()), "ladder")


def _requires(requires: Mapping[str, Any], texts: Mapping[str, Any]) -> None:
    _need(set(requires) <= {"resolve"}, "requires", "knows only resolve")
    for one in requires.get("resolve", ()):
        if one.startswith(TEXTS):
            for code in one.removeprefix(TEXTS).split("|"):
                _need("resolve" in texts.get(code, {}).get("for", ()), f"requires.{one}", "is no text for the answer")
        else:
            _need(one in FACTS, f"requires.{one}", f"is not among {FACTS}")


def _ladder(steps: Iterable[Mapping[str, Any]], where: str) -> None:
    try:
        for one in steps:
            ladder.addressees(one.get("to", ()))
            percent = one["percent"]
            _need(isinstance(percent, int) and 0 < percent <= ladder.MOST_PERCENT, where, "has a step without percent")
    except KeyError as error:
        raise PackError(f"{where}: has a step with an unknown {error}") from None


def _target(data: Any, where: str) -> Target:
    try:
        found = Target(**data)
    except (TypeError, CalendarError) as error:
        raise PackError(f"{where}: {error}") from None
    _need(found.value > 0, where, "is nothing to do")
    return found


def _said(names: Any, where: str) -> None:
    """A text in each of the five languages."""
    whole = isinstance(names, dict) and all(str(names.get(one, "")).strip() for one in LANGUAGES)
    _need(whole and set(names) == set(LANGUAGES), where, f"is not in {', '.join(LANGUAGES)}")


def _zone(name: Any, where: str) -> None:
    try:
        zone(name)
    except CalendarError:
        raise PackError(f"{where}: is no time zone") from None


def _day(text: Any, where: str) -> None:
    try:
        date.fromisoformat(str(text))
    except ValueError:
        raise PackError(f"{where}: is no date") from None


def _need(fine: bool, where: str, problem: str) -> None:
    if not fine:
        raise PackError(f"{where or 'pack'}: {problem}")
