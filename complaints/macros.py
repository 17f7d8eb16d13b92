"""The language of macros: text with variables and personal parts. Pure: no Django model, no query, no code run.

    {{ customer.first_name }}               a variable, filled in for the case at hand
    {{ customer.first_name|there }}         the same, with what to say where nothing is known
    [[ what you found out ]]                the personal part: a prompt, to be replaced before it is sent

A variable is a name in `VARIABLES` and nothing else: no attribute is looked up, nothing is evaluated. Whatever stands
in a value (a customer may be called "{{ agent.name }}") is text and is never read again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

LONGEST = 8_000  # characters of a text
LONGEST_VALUE = 200
LONGEST_BLOCK = 4_000  # of a value of several lines
FILLED_BY_HAND = 80  # so long may be what stands where a value was missing
_NAME = r"[a-z_]+(?:\.[a-z_]+)?"
_TOKEN = re.compile(
    rf"\{{\{{[ \t]*(?P<name>{_NAME})[ \t]*(?P<or>\|(?P<fallback>[^{{}}\[\]|\n]*))?\}}\}}|\[\[(?P<prompt>[^\[\]]+)\]\]"
)
_LEFT = re.compile(r"\{\{|\}\}|\[\[|\]\]")
_UNFILLED = re.compile(r"\{\{[^{}\n]{0,200}\}\}")
_PERSONAL = re.compile(r"\[\[[^\[\]]{0,1000}\]\]")
_BLANK = re.compile(r"\s+")
_GAP = re.compile(r"[ \t]*\n(?:[ \t]*\n){2,}")
_BRACKETS = re.compile(r"([{}\[\]])\1+")

TEXT, VALUE, FALLBACK, MISSING, PERSONAL = "text", "value", "fallback", "missing", "personal"


@dataclass(frozen=True, slots=True)
class Variable:
    """A name that may stand in braces, what it gives, and how that looks. `block`: several lines."""

    name: str
    about: str | Promise
    example: str
    block: bool = False


VARIABLES = {
    one.name: one
    for one in (
        Variable(
            "greeting", _("Hello with the customer's first name, or without where we do not know it"), "Hello Dana,"
        ),
        Variable("customer.first_name", _("First name of the customer"), "Dana"),
        Variable("customer.name", _("Name of the customer"), "Dana Whitlock"),
        Variable("reference", _("Reference of the complaint"), "AM-4K7Q-9TXM"),
        Variable("subject", _("Subject of the complaint"), "Two lamps, one parcel"),
        Variable("type", _("What the complaint is about"), "Delivery"),
        Variable("product", _("Product"), "Desk lamp"),
        Variable("order_number", _("Order number"), "10472"),
        Variable("received_on", _("Day on which the complaint reached us"), "5 March 2026"),
        Variable("due_on", _("Day by which the complaint is to be resolved"), "19 March 2026"),
        Variable("status_url", _("Address of the status page, private to the customer"), "https://…/status/…/"),
        Variable("agent.name", _("Name of whoever writes"), "Ana Moreira"),
        Variable("agent.first_name", _("First name of whoever writes"), "Ana"),
        Variable("team", _("Team that handles the complaint"), "Lisbon desk"),
        Variable("organisation", _("Name of the organisation"), "Amends"),
        Variable("decision.outcome", _("What was decided: upheld, partly upheld or not upheld"), "Upheld"),
        Variable(
            "decision.demands",
            _("Each thing they ask for, with what was decided about it"),
            "A refund: yes.",
            block=True,
        ),
        Variable(
            "decision.remedies",
            _("What is given to put it right"),
            "How we will put it right: Refund €12.30.",
            block=True,
        ),
        Variable(
            "decision.promises",
            _("What is promised, and by when"),
            "What we will do: call you. By 5 March.",
            block=True,
        ),
        Variable("decision.referral", _("Where else they can turn"), "You can also turn to: …", block=True),
    )
}

Value = str | Callable[[], str]
Values = Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of a rendered text. `kind`: TEXT as written, VALUE or FALLBACK for a variable, MISSING or PERSONAL for
    what somebody still has to write; `name`: the variable or the prompt."""

    kind: str
    text: str
    name: str = ""

    @property
    def is_open(self) -> bool:
        return self.kind in (MISSING, PERSONAL)


@dataclass(frozen=True, slots=True)
class Rendered:
    """A text for one case. What is open stands in it as written: `{{ order_number }}`, `[[ what you found ]]`."""

    segments: tuple[Segment, ...]

    @property
    def text(self) -> str:
        return "".join(one.text for one in self.segments)

    @property
    def missing(self) -> list[str]:
        """The variables without a value, each once, in their order."""
        return list(dict.fromkeys(one.name for one in self.segments if one.kind == MISSING))

    @property
    def personal(self) -> list[str]:
        """The prompts of the personal parts, in their order."""
        return [one.name for one in self.segments if one.kind == PERSONAL]


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a text cannot be kept: `code` is stable, `what` the place."""

    code: str  # unknown_variable, stray_brackets, too_long
    what: str


def faults(text: str) -> list[Fault]:
    """What is wrong with a text somebody wants to keep; nothing: it can be rendered for every case."""
    if len(text) > LONGEST:
        return [Fault("too_long", str(LONGEST))]
    found, at, plain = [], 0, []
    for token in _TOKEN.finditer(text):
        name, prompt = token["name"], token["prompt"]
        if name is not None and name not in VARIABLES:
            found.append(Fault("unknown_variable", name))
        if prompt is not None and not prompt.strip():
            found.append(Fault("stray_brackets", token[0]))
        plain.append(text[at : token.start()])
        at = token.end()
    plain.append(text[at:])
    for part in plain:
        if left := _LEFT.search(part):
            found.append(Fault("stray_brackets", part[left.start() : left.start() + 40].strip()))
    return found


def tidy(text: str) -> str:
    """Without the empty paragraphs that values without anything to say leave behind."""
    return _GAP.sub("\n\n", text).strip()


def used(text: str) -> list[str]:
    """The variables of a text, each once, in their order; unknown ones too."""
    return list(dict.fromkeys(token["name"] for token in _TOKEN.finditer(text) if token["name"] is not None))


def prompts(text: str) -> list[str]:
    """The personal parts of a text."""
    return [token["prompt"].strip() for token in _TOKEN.finditer(text) if token["prompt"] is not None]


def render(text: str, values: Values) -> Rendered:
    """The text with `values` in it; never raises for a text or for text values. A value that is called is called once.

    Values are text: their brackets are never read, and what is written around them cannot make them so.
    """
    segments: list[Segment] = []
    known: dict[str, str] = {}
    at = 0
    for token in _TOKEN.finditer(text):
        if token.start() > at:
            segments.append(Segment(TEXT, text[at : token.start()]))
        at = token.end()
        if token["prompt"] is not None:
            segments.append(Segment(PERSONAL, token[0], token["prompt"].strip()))
            continue
        name = token["name"]
        if name not in known:
            known[name] = (_block if _is_block(name) else _value)(values.get(name, ""))
        segments.append(_filled(token, name, known[name]))
    if at < len(text):
        segments.append(Segment(TEXT, text[at:]))
    return Rendered(tuple(_apart(segments)))


def _filled(token: re.Match[str], name: str, value: str) -> Segment:
    if value:
        return Segment(VALUE, value, name)
    if token["or"] is not None:
        return Segment(FALLBACK, token["fallback"].strip(), name)
    return Segment(MISSING, token[0], name)


def _value(value: Value) -> str:
    """One line of printable text, brackets single."""
    text = _BLANK.sub(" ", value() if callable(value) else value).strip()[:LONGEST_VALUE]
    text = "".join(char for char in text if char.isprintable())
    return _BRACKETS.sub(r"\1", text)


def _is_block(name: str) -> bool:
    return name in VARIABLES and VARIABLES[name].block


def _block(value: Value) -> str:
    """Printable text of several lines, brackets single."""
    text = (value() if callable(value) else value).replace("\r\n", "\n").strip()[:LONGEST_BLOCK]
    text = "".join(char for char in text if char.isprintable() or char in "\n\u00a0\u202f")
    return _BRACKETS.sub(r"\1", text)


def _apart(segments: Iterable[Segment]) -> Iterable[Segment]:
    """Keep a bracket at the edge of a value from meeting another one and becoming ours."""
    last = ""
    for one in segments:
        if not one.text:
            continue
        text = one.text
        if last and last == text[0] and last in "{}[]":
            text = f" {text}"
        last = text[-1]
        yield one if text is one.text else Segment(one.kind, text, one.name)


def unfinished(body: str, *, ours: bool = True) -> tuple[list[str], list[str]]:
    """What still stands in a text somebody wants to send: variables in braces, personal parts in brackets.

    `ours`: whether it began as a text of ours, where whatever stands in braces or brackets was meant to be filled in.
    In others people may write {{ x }} or [[ y ]] and mean just that: only braces around a name we know are a variable.
    """
    variables = [found[0] for found in _UNFILLED.finditer(body) if ours or _inside(found[0]) in VARIABLES]
    return variables, [found[0] for found in _PERSONAL.finditer(body)] if ours else []


def _inside(braces: str) -> str:
    """The name in `{{ name|fallback }}`."""
    return braces[2:-2].partition("|")[0].strip()


def word_for_word(body: str, rendered: Rendered) -> bool:
    """Whether `body` is the rendered text with nothing of one's own: personal parts left out, missing values filled in
    or left out. Blanks and line ends do not count; a value typed by hand is none of the writer's own words."""
    said = _plain(body)
    pieces = _pieces(rendered.segments)
    if not any(pieces):
        return False  # nothing but personal parts: whatever was written is the writer's own
    if not said.startswith(pieces[0]):
        return False
    at = len(pieces[0])
    for place, piece in enumerate(pieces[1:], start=1):
        last = place == len(pieces) - 1
        found = len(said) - len(piece) if last and said.endswith(piece) else said.find(piece, at)
        if found < at or found - at > FILLED_BY_HAND:
            return False
        at = found + len(piece)
    return at == len(said)


def _pieces(segments: Sequence[Segment]) -> list[str]:
    """What has to stand in the text in this order: split where a value was missing, personal parts left out."""
    pieces = [""]
    for one in segments:
        if one.kind == MISSING:
            pieces.append("")
        elif one.kind != PERSONAL:
            pieces[-1] += one.text
    return [_plain(piece) for piece in pieces]


def _plain(text: str) -> str:
    """Without blanks, and as one form of each letter has it."""
    return _BLANK.sub("", text).casefold()


def first_name(name: str, *, language: str = "") -> str:
    """The first name in a name as people write it, blank where it cannot be told (initials, one word with a title).

    "Whitlock, Dana" and "Иванова Мария Петровна" put it in second place.
    """
    if "," in name:
        name = name.split(",", 1)[1]
    words = [word for word in name.split() if word.casefold().strip(".") not in TITLES]
    titled = len(words) < len(name.split())
    if not words or (titled and len(words) == 1):
        return ""
    first = words[0]
    if len(words) == 3 and PATRONYMIC.search(words[2]):
        first = words[1]
    bare = first.strip(".")
    return "" if len(bare) < 2 or first.endswith(".") or any(char.isdigit() for char in first) else first


TITLES = {
    "mr", "mrs", "ms", "miss", "mx", "dr", "prof", "sir", "dame", "sr", "sra", "srta", "don", "doña", "dom",
    "dona", "d", "dª", "señor", "señora", "senhor", "senhora", "sig", "sigra", "sigr", "signor", "signora",
    "signorina", "dott", "dottssa", "dottoressa", "avv", "ing", "г-н", "г-жа", "господин", "госпожа",
}  # fmt: skip
PATRONYMIC = re.compile(r"(?:вич|вна|ична|инична|оглы|кызы)$", re.IGNORECASE)


def language_of(texts: Mapping[str, str], wanted: str, fallback: str) -> str:
    """In which language a macro speaks: the wanted one, else the organisation's, else the first it has; "" for none."""
    for language in (wanted, fallback, *sorted(texts)):
        if texts.get(language, "").strip():
            return language
    return ""


def as_dict(rendered: Rendered) -> list[dict[str, Any]]:
    """The segments as plain data."""
    return [{"kind": one.kind, "text": one.text, "name": one.name} for one in rendered.segments]
