"""Macros as the picker and the composer show them for one case (mission A8; ux, Agent's desk 7)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.db.models import Prefetch
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from complaints import macro_values
from complaints.actions import macro_steps
from complaints.actions import macros as actions
from complaints.macros import VARIABLES, Rendered, Values
from complaints.macros import render as rendering
from complaints.models import ActKind, Complaint, ComplaintType, Macro, MacroVersion
from complaints.models.words import FINAL, NOTE
from complaints.reference import catalogue
from complaints.web.many import strip
from complaints.web.names import name_of, teams
from core import languages
from core.models import User

SNIPPET = 90


@dataclass(slots=True)
class Item:
    """A macro as the picker shows it for one case. `foreign`: it does not speak the complainant's language; `missing`:
    in words; `steps`, `acts`: what it does beside; `silent`: it has no words."""

    id: int
    version: int
    name: str
    purpose: str
    rendered: Rendered
    language: str
    foreign: str
    missing: list[str]
    steps: list[str]
    acts: list[str]
    act_keys: list[str]
    insert_url: str
    run_url: str

    @property
    def is_note(self) -> bool:
        return self.purpose == NOTE

    @property
    def silent(self) -> bool:
        return not self.rendered.segments

    @property
    def snippet(self) -> str:
        """How it begins, or what it does."""
        text = " ".join(self.rendered.text.split()) or " · ".join(self.steps)
        return text if len(text) <= SNIPPET else f"{text[:SNIPPET].rstrip()}…"

    @property
    def words(self) -> str:
        """What it is found by."""
        return f"{self.name} {self.rendered.text} {' '.join(self.steps)}"


@dataclass(frozen=True, slots=True)
class Group:
    key: str
    title: str
    items: Sequence[Item]


def groups(request: HttpRequest, complaint: Complaint) -> list[Group]:
    """What a person may take, what fits the type first. Query cost: 2, and 1 where a text names the team."""
    user: User = request.user  # type: ignore[assignment]
    found = (
        Macro.objects.offered_to(user)
        .filter(current__isnull=False)
        .exclude(current__purpose=FINAL)
        .select_related("current")
        .prefetch_related(Prefetch("types", ComplaintType.objects.only("pk")))
    )
    kind = catalogue().types_by_id[complaint.type_id]
    family = {kind.pk, kind.parent_id}
    item = _maker(request, complaint)
    sorted_out: dict[str, list[Item]] = {"type": [], "me": [], "team": [], "all": [], "other": []}
    for macro in found:
        types = {one.pk for one in macro.types.all()}
        circle = actions.circle_of(macro)
        place = circle if not types else "type" if types & family else "other"
        sorted_out[place].append(item(macro))
    named = {
        "type": _("For “%(type)s”") % {"type": kind.label},
        "me": pgettext("macros", "Mine"),
        "team": teams().get(user.team_id or 0) or pgettext("macros", "My team’s"),
        "all": pgettext("macros", "Everybody’s"),
        "other": _("For other types"),
    }
    return [Group(key, named[key], items) for key, items in sorted_out.items() if items]


def chosen(
    request: HttpRequest, complaint: Complaint, typed: Any = None, kept: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The macro the composer's text began with: what was sent and refused, what the page without JavaScript asks for
    (`?macro=`), or what is `kept` with the draft. "" as version: none. Query cost: 1 where there is one."""
    none = {"version": "", "name": "", "steps": [], "acts": [], "body": "", "note": False}
    key = typed.data.get("macro", "") if typed is not None else ""
    if typed is None and request.GET.get("macro", ""):
        key = request.GET["macro"]
    begun = not key and typed is None  # its text stands in the draft, as it was changed since
    if begun:
        key = str((kept or {}).get("macro") or "")
    if not (key.isascii() and key.isdigit() and len(key) < 19):
        return none
    version = version_for(request.user, int(key))
    if version is None or version.purpose == FINAL:
        return none
    text = macro_values.for_case(version, complaint, agent=request.user).text if typed is None and not begun else ""
    return {
        "version": str(version.pk),
        "name": version.macro.label,
        "steps": macro_steps.said(version.does, name_of),
        "acts": version.acts,
        "body": text,
        "note": version.purpose == NOTE,
    }


def version_for(user: Any, key: int) -> MacroVersion | None:
    """What somebody took a moment ago, also if it was changed since; None where it is not theirs to take."""
    offered = Macro.objects.offered_to(user)
    return MacroVersion.objects.select_related("macro").filter(pk=key, macro__in=offered).first()


def _maker(request: HttpRequest, complaint: Complaint) -> Callable[[Macro], Item]:
    """Makes items; what a variable stands for is looked up once for all macros."""
    known: dict[str, Values] = {}
    wanted = languages.code(complaint.language)
    url = reverse("case", args=[complaint.reference]) + strip.list_query(request)
    join = "&" if "?" in url else "?"

    def values(language: str) -> Values:
        if language not in known:
            fresh_values = macro_values.of_case(complaint, agent=request.user, language=language)
            known[language] = {name: cache(value) if callable(value) else value for name, value in fresh_values.items()}
        return known[language]

    def item(macro: Macro) -> Item:
        version: MacroVersion = macro.current  # type: ignore[assignment]
        language = macro_values.spoken(version, complaint)
        text = rendering(version.texts.get(language, ""), values(language))
        return Item(
            id=macro.pk,
            version=version.pk,
            name=macro.label,
            purpose=version.purpose,
            rendered=text,
            language=language,
            foreign=languages.language_name(language) if language and language != wanted else "",
            missing=missing_words(text),
            steps=macro_steps.said(version.does, name_of),
            acts=[str(ActKind(act).label) for act in version.acts],
            act_keys=version.acts,
            insert_url=f"{url}{join}macro={version.pk}#composer",
            run_url=reverse("case_macro_run", args=[complaint.reference, macro.pk]),
        )

    return item


def missing_words(text: Rendered) -> list[str]:
    """The variables without a value, in words."""
    return [str(VARIABLES[name].about) if name in VARIABLES else name for name in text.missing]
