"""The way through the public form: which question comes next, and the answers so far, carried in the page."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.utils.translation import gettext as _

from complaints.actions.file import Filing
from complaints.reference import catalogue, unclassified
from complaints.web.one.files import TOKENS, names_of
from complaints.web.public.forms import About, Nearer, Reach, Right, Step, What
from core import languages
from core.errors import InvalidInput
from retention.actions.customers import Details

STEPS: tuple[type[Step], ...] = (What, About, Nearer, Right, Reach)
QUESTIONS = max(step.number for step in STEPS)
NAMES = tuple(name for step in STEPS for name in step.base_fields if name != TOKENS)
TRAP = "homepage"  # the honeypot: people do not see it, machines fill it in
CHECK = "check"
SUBJECT = 80


@dataclass(frozen=True)
class Walk:
    """`raw`: every answer as it was typed, by name of field; missing ones are blank. `files`: tokens of uploads."""

    raw: Mapping[str, str]
    files: tuple[str, ...] = ()

    @classmethod
    def of(cls, posted: Mapping[str, str], files: Iterable[str] = ()) -> Walk:
        return cls({name: posted.get(name, "") for name in (*NAMES, TRAP)}, tuple(files))

    @classmethod
    def fresh(cls) -> Walk:
        """Nothing answered yet; we answer in the language of the page unless told otherwise."""
        return cls({**dict.fromkeys((*NAMES, TRAP), ""), "language": languages.code()})

    @cached_property
    def forms(self) -> dict[str, Step]:
        """The questions this walk passes, in order, bound to the answers so far."""
        told = {**self.raw, TOKENS: list(self.files)}
        bound = (step(data=told) for step in STEPS)
        return {form.key: form for form in bound if not form.asks_nothing()}

    def unbound(self, key: str) -> Step:
        """A question as it is asked, earlier answers filled in, no errors shown."""
        return type(self.forms[key])(initial={**self.raw, TOKENS: list(self.files)})

    def kept(self, *, but: Step | None = None) -> list[tuple[str, str]]:
        """Answers to carry along as hidden fields, apart from those the page itself asks for."""
        shown = set(but.fields) | {TRAP} if but is not None else set()
        told = [(name, value) for name, value in self.raw.items() if value and name not in shown]
        return told if TOKENS in shown else [*told, *((TOKENS, token) for token in self.files)]

    def neighbour(self, key: str, by: int) -> str:
        """The key of the page before (-1) or after (1); behind the last question comes CHECK."""
        keys = [*self.forms, CHECK]
        here = keys.index(key) if key in keys else 0
        return keys[min(max(here + by, 0), len(keys) - 1)]

    @cached_property
    def first_wrong(self) -> str | None:
        return next((key for key, form in self.forms.items() if not form.is_valid()), None)

    @cached_property
    def answers(self) -> dict[str, str]:
        """Cleaned answers of all questions. Only where `first_wrong` is None."""
        found: dict[str, str] = dict.fromkeys(NAMES, "")
        for form in self.forms.values():
            found.update((name, value) for name, value in form.cleaned_data.items() if name != TOKENS)
        return found

    @property
    def fingerprint(self) -> str:
        """Tells one set of answers from another; SHA-256."""
        return hashlib.sha256(json.dumps([self.answers, self.files], sort_keys=True).encode()).hexdigest()

    @property
    def trapped(self) -> bool:
        return bool(self.raw[TRAP])

    @property
    def advertises(self) -> bool:
        """There is a link in it. Speed alone proves nothing: people paste, and some have their answers filled in."""
        return any("://" in answer or "www." in answer for answer in self.answers.values())

    def filing(self, *, quarantine: bool) -> Filing:
        """What the action needs. Only where `first_wrong` is None."""
        told = self.answers
        chosen = catalogue().types.get(told["subtype"] or told["type"]) or unclassified()
        return Filing(
            channel="web",
            subject=subject_of(told["description"]),
            description=told["description"],
            type=chosen,
            details=Details(name=told["name"], email=told["email"], phone=told["phone"], language=told["language"]),
            expectation=told["expectation"],
            remedy_sought=told["remedy_sought"],
            order_number=told["order_number"],
            language=told["language"],
            quarantine=quarantine,
        )

    def summary(self) -> list[dict[str, Any]]:
        """Question, answer and where to change it, for the check page."""
        told = self.answers
        types = catalogue().types
        about = [types[code].public_label for code in (told["type"], told["subtype"]) if code in types]
        person = [told[name] for name in ("name", "email", "phone") if told[name]]
        lines = [
            (_("What happened"), told["description"], "what", True),
            (_("Photos and files"), "\n".join(names_of(self.files)), "what", False),
            (_("What it is about"), " › ".join(about), "about", False),
            (_("What we should do now"), told["remedy_sought"], "right", True),
            (_("What you had expected"), told["expectation"], "right", True),
            (_("Order or bill number"), told["order_number"], "right", False),
            (_("How to reach you"), "\n".join(person) or _("Only through the private link"), "reach", False),
            (_("Language of our answer"), languages.own_name(told["language"]), "reach", False),
        ]
        return [
            {
                "question": question,
                "answer": answer or _("Nothing said"),
                "said": bool(answer),
                "voice": voice and bool(answer),
                "change": key,
            }
            for question, answer, key, voice in lines
            if key in self.forms
        ]


def subject_of(words: str) -> str:
    """A short line that stands for a complaint in lists: its first sentence, cut at a word."""
    flat = " ".join(words.split())
    if not flat:
        raise InvalidInput(_("Tell us what happened, in a few words"), code="blank", field="description")
    first = re.split(r"(?<=[.!?…])\s", words.strip().split("\n")[0].strip(), maxsplit=1)[0]
    line = " ".join(first.split()) if len(first) >= 12 else flat
    if len(line) <= SUBJECT:
        return line
    head = line[: SUBJECT - 1]
    cut = head.rfind(" ")
    return (head[:cut] if cut > SUBJECT // 2 else head).rstrip(" ,;:") + "…"
