"""What the demo's people may grant, and what they granted: refunds, credits and one that waits for the lead (A7)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import ProtectedError

from complaints.actions import remedies
from complaints.demo import SOURCE
from complaints.models import (
    AuthorityLimit,
    AuthorityVersion,
    Complaint,
    LimitHolder,
    LimitPeriod,
    Outcome,
    Payout,
    Remedy,
    RemedyKind,
    Status,
)
from core import cached
from core.actor import Actor
from core.errors import DomainError
from core.models import User

EUR = "EUR"
FRESH = timedelta(hours=3)
# Of a role: kind, currency, of one complaint, of one customer and by one person in the period. The demo's agent may
# refund up to EUR 100 per complaint (interface.md).
AGENT: tuple[tuple[str, str, int, int | None, int | None, str], ...] = (
    (RemedyKind.REFUND, EUR, 100, None, None, LimitPeriod.MONTH),
    (RemedyKind.CREDIT, EUR, 60, 240, None, LimitPeriod.QUARTER),
    (RemedyKind.DISCOUNT, EUR, 40, 120, None, LimitPeriod.QUARTER),
    (RemedyKind.REPLACEMENT, EUR, 150, None, 1_500, LimitPeriod.MONTH),
    (RemedyKind.POINTS, "", 500, 2_000, None, LimitPeriod.YEAR),
    (RemedyKind.OTHER, EUR, 25, None, 250, LimitPeriod.MONTH),
)
LEAD: tuple[tuple[str, str, int, int | None, int | None, str], ...] = (
    ("", EUR, 500, 1_500, 6_000, LimitPeriod.MONTH),
    (RemedyKind.POINTS, "", 2_500, 10_000, None, LimitPeriod.YEAR),
)
CAPS: tuple[tuple[str, str, int, int | None, str], ...] = (
    ("", EUR, 2_000, 5_000, LimitPeriod.YEAR),
    (RemedyKind.POINTS, "", 5_000, 20_000, LimitPeriod.YEAR),
)
GIVEN: tuple[tuple[str, str], ...] = (
    (RemedyKind.REFUND, "24.90"),
    (RemedyKind.APOLOGY, ""),
    (RemedyKind.CREDIT, "15.00"),
    (RemedyKind.REFUND, "89.00"),
    (RemedyKind.REPLACEMENT, ""),
    (RemedyKind.DISCOUNT, "20.00"),
    (RemedyKind.REFUND, "12.30"),
)
ASKED = ("164.00", "139.50", "120.00")
DECIDED_FOR = (Outcome.UPHELD, Outcome.PARTLY)
REASONS = {
    "en": "Our mistake, put right at once.",
    "pt": "O erro foi nosso; fica corrigido de imediato.",
    "es": "El error fue nuestro; se corrige de inmediato.",
    "it": "L’errore è stato nostro, rimediamo subito.",
    "ru": "Ошибка наша, исправляем сразу.",
}


def limits(members: dict[str, User], *, at: datetime) -> None:
    """Publish what the demo's roles may grant; managers have no limit."""
    admin = members["admin"]
    last = AuthorityVersion.objects.order_by("-number").values_list("number", flat=True).first() or 0
    version = AuthorityVersion.objects.create(number=last + 1, created_at=at, created_by=admin)
    rows = [AuthorityLimit(holder=LimitHolder.ROLE, role="manager")]
    for role, lines in (("agent", AGENT), ("lead", LEAD)):
        for kind, currency, complaint, customer, person, period in lines:
            rows.append(
                AuthorityLimit(
                    holder=LimitHolder.ROLE,
                    role=role,
                    kind=kind,
                    currency=currency,
                    per_complaint=Decimal(complaint),
                    per_customer=_sum(customer),
                    per_period=_sum(person),
                    period=period,
                )
            )
    for kind, currency, complaint, customer, period in CAPS:
        amounts = {"per_complaint": Decimal(complaint), "per_customer": _sum(customer)}
        rows.append(AuthorityLimit(holder=LimitHolder.CAP, kind=kind, currency=currency, period=period, **amounts))
    for position, row in enumerate(rows):
        row.version, row.position = version, position
    AuthorityLimit.objects.bulk_create(rows)
    version.published_at, version.published_by = at, admin
    version.save(update_fields=["published_at", "published_by"])
    cached.clear_all()


def put_right(complaint: Complaint, *, at: datetime) -> None:
    """What the owner grants on a case that is about to be decided for the complainant; some get nothing."""
    complaint.refresh_from_db(fields=["owner"])
    turn = complaint.pk % (len(GIVEN) + 2)
    if turn >= len(GIVEN):
        return
    kind, amount = GIVEN[turn]
    _ask(complaint, complaint.owner, at=at, kind=kind, amount=amount)


def seed(members: dict[str, User], *, at: datetime) -> None:
    """On cases of the demo's agent: one request waits for the lead, one the lead approved, one the agent took back."""
    agent, lead = members["agent"], members["lead"]
    mine = Complaint.objects.filter(
        source=SOURCE, owner=agent, in_queue=True, status__in=[Status.INVESTIGATING, Status.ACKNOWLEDGED]
    )
    cases = mine.exclude(customer=None).order_by("-queue_at", "pk")[: len(ASKED)]
    made = [
        _ask(complaint, agent, at=at - FRESH, kind=RemedyKind.REFUND, amount=amount)
        for complaint, amount in zip(cases, ASKED, strict=False)
    ]
    asked = [one for one in made if one is not None]
    if len(asked) > 1:
        note = "Agreed: it is the third time for this customer."
        remedies.approve(asked[1], by=Actor.person(lead), at=at - FRESH / 2, note=note)
    if len(asked) > 2:
        remedies.withdraw(asked[2], by=Actor.person(agent), at=at - FRESH / 2)


def purge_cases(keys: Sequence[int]) -> None:
    """What was granted on these complaints, with what was to be paid."""
    Payout.objects.filter(remedy__complaint_id__in=keys).delete()
    Remedy.objects.filter(complaint_id__in=keys).delete()


def purge(people: Sequence[User]) -> None:
    """The limits the demo published, unless something real was granted under them."""
    for version in AuthorityVersion.objects.filter(created_by__in=people):
        try:
            version.limits.all().delete()
        except ProtectedError:
            continue
        version.delete()
    cached.clear_all()


def _ask(complaint: Complaint, user: User, *, at: datetime, kind: str, amount: str) -> Remedy | None:
    """None where it cannot be, as the order was for less."""
    try:
        return remedies.ask(
            complaint,
            by=Actor.person(user),
            at=at,
            kind=kind,
            amount=Decimal(amount) if amount else None,
            currency=EUR if amount else "",
            reason=REASONS.get(user.language or complaint.language, REASONS["en"]),
        )
    except DomainError:
        return None


def _sum(amount: int | None) -> Decimal | None:
    return None if amount is None else Decimal(amount)
