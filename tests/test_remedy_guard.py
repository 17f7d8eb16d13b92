"""What the database holds by itself: raw SQL that breaks a limit, a cap or a charge is refused (case F26)."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction

from complaints.actions import remedies
from complaints.authority import guard
from complaints.models import AuthorityLimit, Remedy
from core import clock
from core.actor import Actor
from tests.authority import publish
from tests.cast import Cast, make_cast

pytestmark = pytest.mark.django_db
D = Decimal


@pytest.fixture
def cast() -> Cast:
    return make_cast()


def refused(statement: str, *values: object) -> str:
    """The name of what the database refuses it with."""
    with pytest.raises(IntegrityError) as told, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, list(values))
    return str(told.value)


def asked(cast: Cast, amount: str, **more: object) -> Remedy:
    complaint = more.pop("complaint", None) or cast.complaint()
    by = Actor.person(cast.agent)
    return remedies.ask(
        complaint,  # type: ignore[arg-type]
        by=by,
        at=clock.now(),
        kind="refund",
        amount=D(amount),
        currency="EUR",
        reason="Charged twice",
        **more,  # type: ignore[arg-type]
    )


GRANT = (
    "UPDATE complaints_remedy SET status = 'granted', within_authority = %s, authority_id = %s, decided_by_id = %s, "
    "decided_at = requested_at, decided_on = '2026-11-22' WHERE id = %s"
)


def test_triggers_are_up() -> None:
    assert guard.missing_triggers() == []


def test_raw_sql_above_the_limit(cast: Cast) -> None:
    mine, _leads = publish(
        AuthorityLimit(holder="role", role="agent", kind="refund", currency="EUR", per_complaint=D(100)),
        AuthorityLimit(holder="role", role="lead", per_complaint=D(500)),
    )
    complaint = cast.complaint()
    assert asked(cast, "60", complaint=complaint).status == "granted"
    waits = asked(cast, "40.01", complaint=complaint)
    assert waits.status == "awaiting_approval"
    assert "remedy_above_limit" in refused(GRANT, True, mine.pk, cast.agent.pk, waits.pk)
    waits.refresh_from_db()
    assert waits.status == "awaiting_approval"
