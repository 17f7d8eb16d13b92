"""What a customer agrees to or refuses: the last word per purpose, earlier ones on the trail (mission C4)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from core import trail
from core.actor import Actor
from core.errors import InvalidInput
from retention.actions.edit import locked, touch
from retention.models import Consent, ConsentPurpose, Customer


@transaction.atomic
def consent(
    customer: Customer,
    *,
    purpose: str,
    given: bool,
    by: Actor,
    at: datetime,
    how: str = "",
    version: int | None = None,
) -> Consent:
    """Note that the customer agreed (`given`) or refused at `at`; `how`: how we know (on the phone, in a letter).

    The same word again changes nothing. Raises InvalidInput invalid_choice, StaleCustomer, MergedAway.
    """
    if purpose not in ConsentPurpose.values:
        raise InvalidInput(_("There is no such purpose."), code="invalid_choice", field="purpose")
    customer = locked(customer, version=version)
    known = Consent.objects.filter(customer=customer, purpose=purpose).first()
    if known is not None and known.given == given:
        return known
    before = known.given if known is not None else None
    row = known or Consent(customer=customer, purpose=purpose)
    row.given, row.at, row.how = given, at, how.strip()[:120]
    row.save()
    touch(customer, at=at)
    private = {"how": row.how} if row.how else None
    changes = {"purpose": str(purpose), "given": [before, given]}
    trail.append(customer, "customer.consented", by=by, at=at, changes=changes, private=private)
    return row
