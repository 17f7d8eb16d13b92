"""Prepared final answers in the form that decides a case: which there are, and the form with one put in (mission A8).

The button sends the form to its own address with `do=template`: nothing is decided, the form comes back with what was
typed and the prepared words for this very decision in the box of the answer. Works without JavaScript.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from complaints import macro_values
from complaints.actions import macros, words
from complaints.decision_letter import Asked, Deciding
from complaints.macros import tidy
from complaints.models import Complaint, Macro
from complaints.models.words import FINAL
from core.actor import Actor
from core.cached import Cached
from core.web.fields import PlainSelect

DO, TEMPLATE = "do", "template"


class Pick(PlainSelect):
    """Which one, and the button that puts it in."""

    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> SafeString:
        button = '<button class="button" type="submit" name="{}" value="{}" formnovalidate>{}</button>'
        pick = super().render(name, value, attrs, renderer)
        return format_html('<span class="line">{}{}</span>', pick, format_html(button, DO, TEMPLATE, _("Put in")))


@dataclass(frozen=True, slots=True)
class Prepared:
    """A prepared final answer. `owner_id`, `team_id`: whose it is, everybody's without either."""

    id: int
    names: Mapping[str, str]
    name: str
    owner_id: int | None
    team_id: int | None

    @property
    def label(self) -> str:
        return self.names.get((get_language() or "")[:2]) or self.name


@Cached
def _prepared() -> tuple[Prepared, ...]:
    """All in use. Query cost: 1 every few seconds."""
    found = Macro.objects.filter(is_active=True, current__purpose=FINAL)
    return tuple(Prepared(one.pk, one.names, one.name, one.owner_id, one.team_id) for one in found)


def offered(complaint: Complaint) -> tuple[tuple[str, str], ...]:
    """What the form offers, by key and name: everybody's, those of the case's team, its owner's own. No query."""
    return tuple(
        (str(one.id), one.label)
        for one in _prepared()
        if one.owner_id in (None, complaint.owner_id) and one.team_id in (None, complaint.team_id)
    )


def filled(complaint: Complaint, user: Any, data: Any, form: type[Any]) -> Any:
    """The form with what was typed, and the prepared answer in it. Not bound: nothing is checked yet.

    Raises InvalidInput unknown_macro or wrong_purpose, or MacroOutOfUse. Query cost: 2, and what the words read.
    """
    key = data.get(TEMPLATE, "")
    macro = macros.taken(user, int(key) if key.isascii() and key.isdigit() and len(key) < 19 else None, field=TEMPLATE)
    assert macro.current is not None  # noqa: S101 - `taken` has looked
    words.refuse_foreign(macro.current, by=Actor.person(user), purpose=FINAL)
    blank = form(complaint=complaint)
    typed = {name: field.widget.value_from_datadict(data, {}, name) for name, field in blank.fields.items()}
    rendered = macro_values.for_case(macro.current, complaint, agent=user, deciding=_deciding(complaint, typed))
    prepared = tidy(rendered.text)
    written = str(typed.get("answer") or "").strip()
    typed["answer"] = f"{written}\n\n{prepared}" if written and prepared not in written else written or prepared
    typed["macro"] = macro.current.pk
    known = {name: value for name, value in typed.items() if name not in ("nonce", "version")}
    found = form(complaint=complaint, initial=known, auto_id="id_resolve_%s")
    found.fields["answer"].widget.attrs["autofocus"] = True
    return found


def _deciding(complaint: Complaint, typed: Mapping[str, Any]) -> Deciding:
    from complaints.web.one import deciding

    asked = []
    for one in deciding.demands(complaint):
        name = f"{deciding.ABOUT_DEMANDS}{one.pk}"
        asked.append(Asked(one.text, str(typed.get(name) or ""), str(typed.get(f"{name}_answer") or "")))
    return Deciding(str(typed.get("outcome") or ""), asked)
