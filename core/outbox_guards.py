"""Mails that are looked at once more before they leave: what they say may have stopped being true meanwhile (SLA 6).

A floor above says which, in its AppConfig.ready(): `register("sla_warning", sla_guard)`. A guard gets the mails of a
batch that are due, all of its templates together, and names those to hold back with a code each ("finished").
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from core.models import OutboxMessage

Guard = Callable[[Sequence[OutboxMessage]], Mapping[int, str]]  # by primary key: why it is held back
_guards: dict[str, Guard] = {}


def register(template: str, guard: Guard) -> None:
    """Ask `guard` before a mail of this template leaves."""
    _guards[template] = guard


def held_back(messages: Sequence[OutboxMessage]) -> dict[int, str]:
    """Which of these mails are not to leave, and why, by primary key. Query cost: 1 for each guard concerned."""
    concerned: dict[Guard, list[OutboxMessage]] = {}
    for message in messages:
        guard = _guards.get(message.template)
        if guard is not None:
            concerned.setdefault(guard, []).append(message)
    found: dict[int, str] = {}
    for guard, mails in concerned.items():
        found.update(guard(mails))
    return found
