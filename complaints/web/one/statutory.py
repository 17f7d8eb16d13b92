"""What the law asks of a case, for its forms: deadlines that can be extended, texts, fields, and whether it is late.

All of it follows from the clocks of the case, which the page has read anyway (`remember`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from complaints import decisions
from complaints.actions import lateness
from complaints.actions._base import clocks_of
from complaints.models import Clock, ClockKind, ClockState, Complaint
from complaints.sla import pack_texts, packs
from complaints.sla.pack_texts import Text
from core.clock import now


def remember(complaint: Complaint, clocks: Iterable[Clock]) -> None:
    """Keep the clocks just read with the case."""
    complaint.__dict__["shown_clocks"] = list(clocks)


def clocks(complaint: Complaint) -> Sequence[Clock]:
    """The clocks of the case. Query cost: 1 unless they are remembered."""
    if "shown_clocks" not in complaint.__dict__:
        remember(complaint, clocks_of(complaint))
    found: list[Clock] = complaint.__dict__["shown_clocks"]
    return found


def is_late(complaint: Complaint, *, at: datetime | None = None) -> bool:
    """Whether a deadline was missed, noticed yet or not, so that resolving asks why."""
    at = at or now()
    return any(
        clock.state == ClockState.BREACHED or (clock.state == ClockState.RUNNING and _passed(clock, at))
        for clock in clocks(complaint)
        if not packs.is_window(clock)
    )


def owes_late_reason(complaint: Complaint) -> bool:
    """Whether it was decided late and nobody has said why."""
    return (
        complaint.status in decisions.DECIDED
        and not complaint.late_reason
        and not complaint.is_history
        and lateness.is_late(clocks(complaint))
    )


def texts(complaint: Complaint, moment: str) -> list[Text]:
    """What rule packs offer to say at a moment."""
    return pack_texts.offered(clocks(complaint), moment)


def answer_asked_by(complaint: Complaint) -> str:
    """The name of the pack without whose final answer the case cannot be resolved; blank if there is none."""
    found = pack_texts.needs_answer(clocks(complaint))
    return packs.said(found[0].definition["name"]) if found else ""


def extendable(complaint: Complaint, *, at: datetime | None = None) -> list[tuple[str, str]]:
    """Code and name of each statutory deadline that runs and may still be extended, with the longer time it gets."""
    at = at or now()
    found = []
    for clock in clocks(complaint):
        if clock.kind != ClockKind.STATUTORY or clock.pack_id is None or clock.state != ClockState.RUNNING:
            continue
        rule = packs.rule(clock.pack_id, clock.code)
        if rule.extended is not None and clock.target_value != rule.extended.value and not _passed(clock, at):
            found.append((clock.code, rule.name))
    return found


def _passed(clock: Clock, at: datetime) -> bool:
    return clock.due_at is not None and clock.due_at < at
