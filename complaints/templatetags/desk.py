"""Tags of the desk."""

from __future__ import annotations

from dataclasses import fields
from functools import lru_cache
from typing import Any

from django import template
from django.template.loader import get_template
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from core.web.parts import Row

register = template.Library()
FIELDS = tuple(field.name for field in fields(Row))
KEPT = 2048  # rows, some 2 kB each: what a process is asked for again and again while a list is polled


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
