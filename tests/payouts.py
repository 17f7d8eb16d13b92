"""Refunds and credits that are to be paid, for tests."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from complaints.actions import payouts, remedies
from complaints.models import Complaint, Payout, PayoutExport
from core import clock, trail
from core.actor import Actor
from core.errors import DomainError
from tests.cast import Cast


def granted(cast: Cast, amount: str = "40.00", **more: Any) -> Payout:
    """A refund that is to be paid."""
    complaint = more.pop("complaint", None) or cast.complaint()
    more = {"kind": "refund", "currency": "EUR", **more}
    by = Actor.person(cast.manager)
    remedy = remedies.ask(complaint, by=by, at=clock.now(), amount=Decimal(amount), reason="Charged twice", **more)
    return Payout.objects.get(remedy=remedy)


def handed(cast: Cast) -> PayoutExport:
    return payouts.export(by=Actor.person(cast.manager), at=clock.now())


def number_of(cast: Cast) -> int:
    return handed(cast).number


def code_of(work: Any) -> str:
    with pytest.raises(DomainError) as told:
        work()
    return told.value.code


def kinds(complaint: Complaint) -> list[str]:
    assert not list(trail.verify(trail.of(complaint)))
    return [one.kind for one in trail.of(complaint) if one.kind.startswith("complaint.payout")]


def today() -> str:
    return clock.now().date().isoformat()
