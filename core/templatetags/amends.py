"""Our template tags: icons, people, clocks, form controls, and dates as people write them (glossary, Voice).

Registered as builtins in settings. Cheap on purpose: 200 date filters of Django's own cost half a queue page
(performance), so these build strings from tables and the small markup is cached.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django import forms, template
from django.conf import settings
from django.forms.boundfield import BoundField
from django.template.loader import get_template
from django.templatetags.static import static
from django.urls import NoReverseMatch, get_urlconf, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from core import languages
from core.clock import now
from core.web.context import Item, Section
from core.web.parts import Badge, Column, Option, Person

register = template.Library()
WIDE_TABLE = 4  # columns that do not stand side by side on a phone
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)


@register.simple_tag
def modules(names: str) -> SafeString:
    """Script tags for the ES modules static/js/<name>.js, named with spaces between."""
    return format_html_join(
        "\n", '<script type="module" src="{}"></script>', ((static(f"js/{name}.js"),) for name in names.split())
    )


@register.simple_tag
def kept(name: str) -> SafeString:
    """A template that takes nothing from its page, rendered once in each language."""
    return _kept(name, get_language())


@lru_cache(maxsize=64)
def _kept(name: str, _language: str | None) -> SafeString:
    """Without its comments and the blanks at both ends of a line, which no reader sees."""
    lines = (line.strip() for line in _COMMENT.sub("", get_template(name).render()).splitlines())
    return mark_safe("\n".join(line for line in lines if line))  # noqa: S308 - escaped by the template


@register.simple_tag
def places(name: str, sections: Sequence[Section]) -> SafeString:
    """A template that shows these sections of places and nothing else, rendered once for the same ones."""
    return _places(name, get_language(), tuple((section.title, tuple(section.items)) for section in sections))


@lru_cache(maxsize=512)
def _places(name: str, _language: str | None, sections: tuple[tuple[str, tuple[Item, ...]], ...]) -> SafeString:
    shown = [{"title": title, "items": items} for title, items in sections]
    return mark_safe(get_template(name).render({"places": shown}))  # noqa: S308 - escaped by the template


# --- marks ------------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=512)
def _icon(name: str, cls: str, label: str) -> SafeString:
    classes = f"icon {cls}".strip()
    if label:
        named = '<svg class="{}" role="img" aria-label="{}"><use href="#i-{}"/></svg>'
        return format_html(named, classes, label, name)
    return format_html('<svg class="{}" aria-hidden="true"><use href="#i-{}"/></svg>', classes, name)


@register.simple_tag
def icon(name: str, cls: str = "", label: str = "") -> SafeString:
    """An icon of templates/_icons.svg. Alone it needs a label; beside its word it is hidden from screen readers."""
    return _icon(str(name), cls, str(label))


@register.simple_tag
def severity(kind: str, label: str = "") -> SafeString:
    """One to four bars. With a label where no word stands beside it."""
    return _icon(str(kind), f"severity severity--{kind}", str(label))


@lru_cache(maxsize=1024)
def _avatar(text: str, colour: int, cls: str, name: str) -> SafeString:
    classes = f"avatar avatar--{colour} {cls}".strip()
    if name:
        return format_html(
            '<span class="{}" role="img" aria-label="{}" title="{}">{}</span>', classes, name, name, text
        )
    return format_html('<span class="{}" aria-hidden="true">{}</span>', classes, text)


@lru_cache(maxsize=64)
def _nobody(cls: str, label: str) -> SafeString:
    return format_html('<span class="avatar avatar--nobody {}">{}</span>', cls, _icon("person", "icon--s", label))


@register.simple_tag
def avatar(person: Person | None, cls: str = "", named: bool = False) -> SafeString:
    """Initials of a core.web.parts.Person; `named` where the name does not stand beside it. Nobody: an empty ground."""
    if person is None:
        return _nobody(cls, _("Nobody") if named else "")
    if isinstance(person, SafeString):  # a hole of a stencil
        return person
    return _avatar(person.initials, person.colour, cls, person.name if named else "")


RING = (
    '<svg class="ring" viewBox="0 0 16 16" aria-hidden="true"><circle class="ring__track" cx="8" cy="8" r="6"/>'
    '<circle class="ring__worked" cx="8" cy="8" r="6" pathLength="100" stroke-dasharray="{} 100"/></svg>'
)


@lru_cache(maxsize=2048)
def _badge(badge: Badge) -> SafeString:
    shape = format_html(RING, badge.worked) if badge.state in ("on-track", "at-risk") else _icon(badge.state, "", "")
    title = format_html(' title="{}"', badge.title) if badge.title else ""
    return format_html('<span class="sla sla--{}"{}>{}{}</span>', badge.state, title, shape, badge.text)


@register.simple_tag
def sla_badge(badge: Badge | None) -> SafeString:
    """A clock: shape, words, colour, in this order. No clock: nothing."""
    if isinstance(badge, SafeString):  # a hole of a stencil
        return badge
    return _badge(badge) if badge else SafeString()


@register.simple_tag
def attached(files: Sequence[Any]) -> SafeString:
    """`_files.html` for what came with a message."""
    if isinstance(files, SafeString):  # a hole of a stencil
        return files
    return mark_safe(get_template("_files.html").render({"files": files}))  # noqa: S308 - escaped by the template


@register.filter
def folds(columns: Sequence[Column]) -> bool:
    """Whether the rows of a table become cards on a narrow screen: with four columns or more, most of them words."""
    return len(columns) >= WIDE_TABLE and sum(one.end for one in columns) * 2 < len(columns)


@register.filter
def label_at(columns: Sequence[Column], place: int) -> str:
    """The name of a column, counted from 0."""
    return str(columns[place].label)


# --- dates, durations, numbers (the viewer's language and zone) -------------------------------------------------------


@register.filter
def day(value: date | None) -> str:
    """5 March 2026."""
    return languages.day(value) if value else languages.DASH


@register.filter
def weekday(value: date | None) -> str:
    """Thursday 5 March 2026."""
    return languages.day(value, weekday=True) if value else languages.DASH


@register.filter
def sentence_day(value: date | None) -> str:
    """A day inside a sentence of the glossary."""
    return languages.sentence_day(value) if value else languages.DASH


@register.filter
def short_day(value: date | None) -> str:
    """19 Nov, with the year unless it is this one."""
    return languages.short_day(value, now=now()) if value else languages.DASH


@register.filter
def moment(value: datetime | None) -> str:
    """5 March 2026, 14:30."""
    return languages.moment(value) if value else languages.DASH


@register.filter
def short_moment(value: datetime | None) -> str:
    """Thu 19 Nov, 09:12."""
    return languages.short_moment(value, now=now()) if value else languages.DASH


@register.filter
def near(value: datetime | None) -> str:
    """today 15:45, Mon 11:30, Tue 24 Nov, 17:00."""
    return languages.near(value, now()) if value else languages.DASH


@register.filter
def clock_time(value: datetime | None) -> str:
    """14:30."""
    return languages.clock_time(value) if value else languages.DASH


@register.filter
def ago(value: datetime | None) -> str:
    """19 min ago."""
    return languages.ago(value, now()) if value else languages.DASH


@register.filter
def duration(seconds: int | None) -> str:
    """2 h 10 min, of elapsed seconds."""
    return languages.DASH if seconds is None else languages.duration(seconds)


@register.filter
def number(value: int | Decimal | None) -> str:
    return languages.number(value)


@register.filter
def percent(value: float | Decimal | None) -> str:
    """87 %, of 0..100."""
    return languages.percent(value)


@register.simple_tag
def money(amount: Decimal | None, currency: str) -> str:
    """12,30 €, exact."""
    return languages.money(amount, currency)


@register.filter
def language_name(value: str) -> str:
    """Portuguese, for the code pt."""
    return languages.language_name(value) if value else languages.DASH


@register.filter
def iso(value: datetime | None) -> str:
    """For <time datetime> and data-live-since: UTC, with microseconds."""
    return value.isoformat() if value else ""


# --- forms ------------------------------------------------------------------------------------------------------------


@register.filter
def kind(field: BoundField) -> str:
    """How _field.html shows it: hidden, check, radio, checks, file or input."""
    widget = field.field.widget
    if widget.is_hidden:
        return "hidden"
    for name, types in (
        ("checks", forms.CheckboxSelectMultiple),  # before its parent RadioSelect
        ("radio", forms.RadioSelect),
        ("check", forms.CheckboxInput),
        ("file", forms.FileInput),
    ):
        if isinstance(widget, types):
            return name
    return "input"


@register.filter
def may_skip(field: BoundField) -> bool:
    """Whether the label says (optional): not where a list already offers to leave it open."""
    blank_offered = kind(field) == "radio" or isinstance(field.field.widget, forms.Select)
    return not field.field.required and not blank_offered


@register.simple_tag
def control(field: BoundField, cls: str = "", label: str = "") -> SafeString:
    """The input itself, with our class and bound to its hint and its error (`_field.html` has them above it)."""
    attrs: dict[str, Any] = {"class": f"{'check' if kind(field) == 'check' else 'input'} {cls}".strip()}
    if own := field.field.widget.attrs.get("class"):
        attrs["class"] += f" {own}"
    described = [f"{field.id_for_label}_hint"] * bool(field.help_text) + [f"{field.id_for_label}_error"] * bool(
        field.errors
    )
    if described:
        attrs["aria-describedby"] = " ".join(described)
    if field.errors:
        attrs["aria-invalid"] = "true"
    if label:
        attrs["aria-label"] = label
    return field.as_widget(attrs=attrs)


@register.filter
def options(field: BoundField) -> Sequence[Option]:
    """The answers of a radio or checkbox question; hints from `field.field.hints` ({value: text}) where it has them."""
    hints = getattr(field.field, "hints", {})
    return [
        Option(
            value=str(one.data["value"]),
            label=str(one.choice_label),
            hint=str(hints.get(str(one.data["value"]), "")),
            checked=bool(one.data["selected"]),
            id=one.id_for_label,
        )
        for one in field.subwidgets
        if one.data["value"] or not str(one.choice_label).startswith("---")  # Django's "---------" is no answer
    ]


@register.simple_tag
def field_errors(*sources: Any) -> list[tuple[str, str]]:
    """[(id of the field or "", message)] of forms, for the focused summary (_errors.html)."""
    found: list[tuple[str, str]] = []
    for form in sources:
        if not form or not form.is_bound:
            continue
        found += [("", str(message)) for message in form.non_field_errors()]
        for field in form.visible_fields():
            target = field.id_for_label or f"{field.auto_id}_0"
            found += [(target, str(message)) for message in field.errors]
        for field in form.hidden_fields():
            found += [("", str(message)) for message in field.errors]
    return found


@register.simple_tag
def here(name: str, *args: Any) -> str:
    """The address of a page, or nothing where it does not exist (yet)."""
    return _address(name, args, str(get_urlconf() or settings.ROOT_URLCONF))


@lru_cache(maxsize=256)
def _address(name: str, args: tuple[Any, ...], urlconf: str) -> str:
    try:
        return reverse(name, urlconf=urlconf, args=args)
    except NoReverseMatch:
        return ""


@register.filter
def get(mapping: Any, key: Any) -> Any:
    """mapping[key], or nothing."""
    try:
        return mapping[key]
    except (KeyError, IndexError, TypeError):
        return None
