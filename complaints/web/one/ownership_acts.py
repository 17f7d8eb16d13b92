"""Handing over, escalating and following as actions of the case page; `acts` lists them with the others."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from complaints.actions import escalate, hand_over, watch
from complaints.models import Complaint
from core.actor import Actor
from core.errors import InvalidInput
from core.models import User


def known(user: User | None, field: str) -> User:
    """Raises InvalidInput unknown_user."""
    if user is None:
        raise InvalidInput(_("There is no such person."), code="unknown_user", field=field)
    return user


def offer(complaint: Complaint, *, to: User | None, by: Actor, at: datetime, reason: str = "") -> Any:
    return hand_over.offer(complaint, to=known(to, "to"), by=by, at=at, reason=reason)


def ask(complaint: Complaint, *, reason: str, by: Actor, at: datetime, to: User | None = None) -> Any:
    return escalate.escalate(complaint, by=by, at=at, reason=reason, to=to)


def answer(complaint: Complaint, *, answer: str, by: Actor, at: datetime, take_over: bool = False) -> Any:
    asked = escalate.asked(complaint, by)
    return escalate.answer(asked, by=by, at=at, answer=answer, take_over=take_over)


def take_back(complaint: Complaint, *, by: Actor, at: datetime) -> Any:
    return escalate.take_back(escalate.asks(complaint, by), by=by, at=at)


def add_watcher(complaint: Complaint, *, user: User | None, by: Actor, at: datetime) -> Any:
    return watch.watch(complaint, by=by, at=at, watcher=known(user, "user"))


def remove_watcher(complaint: Complaint, *, user: User | None, by: Actor, at: datetime) -> Any:
    return watch.unwatch(complaint, by=by, at=at, watcher=known(user, "user"))
