"""Tags of the desk."""

from __future__ import annotations

import secrets
from dataclasses import fields, replace
from functools import lru_cache
from typing import Any

from django import forms, template
from django.template.loader import get_template
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from core.web.parts import CaseForm, Row

register = template.Library()
FIELDS = tuple(field.name for field in fields(Row))
KEPT = 2048  # rows, some 2 kB each: what a process is asked for again and again while a list is polled
FORMS = 256  # actions as forms, up to 15 kB each: they differ by language, by what is chosen, and with the roster
MARKS = {name: f"{name}-{secrets.token_hex(8)}" for name in ("url", "version", "nonce", "csrf")}  # nobody can type them


@register.simple_tag
def queue_row(row: Row, strip: Any = False, picks: Any = False) -> SafeString:
    """`_row.html` for one row. The same row in the same language is rendered once: it is half of a queue page."""
    values = (getattr(row, name) for name in FIELDS)
    return _rendered(
        get_language(), bool(strip), bool(picks), tuple(tuple(v) if isinstance(v, list) else v for v in values)
    )


@lru_cache(maxsize=KEPT)
def _rendered(language: str | None, strip: bool, picks: bool, values: tuple[Any, ...]) -> SafeString:
    context = {"row": Row(*values), "strip": strip, "picks": picks}
    return mark_safe(get_template("_row.html").render(context))  # noqa: S308 - escaped by the template


@register.simple_tag(takes_context=True)
def act_form(context: template.Context, act: CaseForm) -> SafeString:
    """`complaints/_act.html` for one action. An unbound form is rendered once for the same choices and initial values.

    What differs from page to page (address, version, nonce, token) is put in afterwards: half of a case page.
    """
    form: Any = act.form
    hidden = {
        name: form[name].value() if form is not None and name in form.fields else "" for name in ("version", "nonce")
    }
    given = {"url": act.url, **hidden, "csrf": context.get("csrf_token") or ""}
    if form is None or form.is_bound:
        return _render_act(act, given)
    shown = _Shown(act)
    text = str(_kept_act(get_language(), shown))
    shown.act = None  # what is kept is the look, not the case
    for name, value in given.items():
        text = text.replace(MARKS[name], escape(value))
    return mark_safe(text)  # noqa: S308 - escaped here and by the template


class _Shown:
    """An action as the key of what it looks like: equal when its unbound form shows the same."""

    def __init__(self, act: CaseForm) -> None:
        self.act: CaseForm | None = act
        names = (name.name for name in fields(act) if name.name not in ("form", "url"))
        shown = tuple(
            (name, _look(field)) for name, field in act.form.fields.items() if name not in ("version", "nonce")
        )
        self.key = (type(act.form), act.form.auto_id, tuple(getattr(act, name) for name in names), shown)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Shown) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)


def _look(field: forms.Field) -> tuple[Any, ...]:
    """What of a field depends on the case, on the language or on the reference tables."""
    return field.initial, str(field.label), _frozen(getattr(field, "choices", ()))


def _frozen(choices: Any) -> tuple[Any, ...]:
    return tuple((key, _frozen(label) if isinstance(label, list | tuple) else str(label)) for key, label in choices)


@lru_cache(maxsize=FORMS)
def _kept_act(_language: str | None, shown: _Shown) -> SafeString:
    act = shown.act
    return _render_act(replace(act, url=MARKS["url"]), MARKS) if act else SafeString()


def _render_act(act: CaseForm, given: dict[str, Any]) -> SafeString:
    values = {"act": act, "version": given["version"], "nonce": given["nonce"], "csrf_token": given["csrf"]}
    return mark_safe(get_template("complaints/_act.html").render(values))  # noqa: S308 - escaped by the template
