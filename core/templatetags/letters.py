"""Dates and sentences in mails: `{% load letters %}`. The zone is what core.mail activates."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import template

from core import instants, notify_words, zones
from core.clock import now

register = template.Library()


@register.filter
def from_us(value: str | int) -> datetime | None:
    """The instant of whole microseconds since 1970, as SQL writes them into a context; None for anything else."""
    try:
        return instants.from_us(int(value))
    except (TypeError, ValueError, OverflowError):
        return None


@register.filter
def named(value: datetime | None) -> str:
    """5 March 2026, 14:30 (Lisbon time); nothing for nothing."""
    return zones.named(value) if isinstance(value, datetime) else ""


@register.filter
def ahead(value: datetime | None) -> bool:
    """Whether the instant is still to come: a mail promises nothing that has passed."""
    return isinstance(value, datetime) and value > now()


@register.simple_tag(takes_context=True)
def clock_called(context: Mapping[str, Any]) -> str:
    """The clock of the mail as the desk calls it; a statutory one by the name of its rule."""
    return notify_words.clock_name(str(context.get("clock", "")), str(context.get("code", "")))


@register.filter
def said(event: str, words: Mapping[str, Any]) -> str:
    """The sentence of a notification."""
    return notify_words.sentence(event, words)
