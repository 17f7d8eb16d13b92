"""What bodies name: a customer by id, a complaint of theirs by reference."""

from __future__ import annotations

from django.utils.translation import gettext as _

from core.errors import InvalidInput
from core.models import User
from retention.models import Customer


def customer_in(user: User, pk: int, field: str = "customer") -> Customer:
    """The customer that a body names; of a record that was merged, the one it became part of. Raises InvalidInput
    unknown_customer. Query cost: 1, and 1 for each merge."""
    found = Customer.objects.standing_for(pk) if user.sees_cases else None
    if found is None:
        raise InvalidInput(_("There is no customer with this id."), code="unknown_customer", field=field)
    return found


def refuse_unless_theirs(customer: Customer, user: User, reference: str) -> None:
    """A complaint that a body names is one of the customer's that the caller may see; blank: none is named. Raises
    InvalidInput unknown_complaint. Query cost: 1, none for none."""
    if reference and not customer.complaints.visible_to(user).filter(reference=reference).exists():
        raise InvalidInput(_("The customer has no such complaint."), code="unknown_complaint", field="complaint")
