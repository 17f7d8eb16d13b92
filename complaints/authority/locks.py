"""The locks under which sums are taken and remedies written, always in this order.

Limits in force (shared; whoever publishes takes it alone) - the row of the customer, where points change hands - the
case and the one it is merged into, by key - what is added up of the customer, the person, the charge. Merging customers
locks their rows before cases too. The guard in the database takes the same ones. SQLite lets one transaction write at a
time.
"""

from __future__ import annotations

from django.db import connection

from complaints.models import Complaint
from retention.models import Customer

IN_FORCE, CUSTOMER, PERSON, CHARGE = 77_001, 77_002, 77_003, 77_004  # first key of pg_advisory_xact_lock
KEYS = 2_147_483_647  # its second key is an int4; two records that share one only wait for each other


def hold_limits() -> None:
    """Nobody publishes other limits until the transaction ends."""
    _lock("pg_advisory_xact_lock_shared", IN_FORCE, 0)


def publish() -> None:
    """Nobody grants until the transaction ends. For who publishes limits, before anything else."""
    _lock("pg_advisory_xact_lock", IN_FORCE, 0)


def account(customer: int | None) -> None:
    """The row of the customer whose points change hands. Query cost: 1."""
    if customer is not None:
        Customer.objects.select_for_update().filter(pk=customer).values_list("pk", flat=True).first()


def case(pk: int) -> Complaint:
    """The case as it is now, locked together with the one it is merged into. Query cost: 2."""
    into = Complaint.objects.filter(pk=pk).values_list("merged_into", flat=True).get()
    keys = [one for one in (pk, into) if one is not None]
    found = {one.pk: one for one in Complaint.objects.filter(pk__in=keys).order_by("pk").select_for_update()}
    complaint = found[pk]
    if complaint.merged_into_id not in (None, into):  # merged meanwhile
        found |= {one.pk: one for one in Complaint.objects.filter(pk=complaint.merged_into_id).select_for_update()}
    if complaint.merged_into_id is not None:
        complaint.merged_into = found[complaint.merged_into_id]
    return complaint


def sums(*, customer: int | None, person: int, charge: int | None) -> None:
    """Everything that is added up besides the case. Query cost: at most 3."""
    if customer is not None:
        _lock("pg_advisory_xact_lock", CUSTOMER, customer)
    _lock("pg_advisory_xact_lock", PERSON, person)
    if charge is not None:
        _lock("pg_advisory_xact_lock", CHARGE, charge)


def _lock(function: str, kind: int, key: int) -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {function}(%s, %s)", [kind, key % KEYS])
