"""A customer named by id, in an address, a body or a filter, and a complaint of theirs by reference.

The id of a record that was merged means the customer it became part of, everywhere but at its own address.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.api.fields import Id
from core.api.filters import Filter, key
from core.api.views import ApiView, caller
from core.errors import InvalidInput
from core.models import User
from retention.models import Customer


class CustomerId(Id):
    """The id of a customer, read as the customer; of a record that was merged, as the one it became part of. For
    bodies of those alone who see every customer. Query cost: 1, and 1 for each merge."""

    default_error_messages = {"unknown_customer": gettext_lazy("There is no customer with this id.")}

    def to_internal_value(self, data: Any) -> Customer:  # type: ignore[override]
        found = Customer.objects.standing_for(super().to_internal_value(data))
        if found is None:
            self.fail("unknown_customer")
        return found


def customer_at(view: ApiView, pk: int) -> Customer:
    """The customer of an address below `customers/{id}/`, or 404. Query cost: 1, and 1 for each merge."""
    return view.there(Customer.objects.standing(caller(view.request), pk))


def of_customer(column: str = "") -> Filter:
    """The filter `customer`; may be repeated. Query cost: 1, and 1 for each merge behind another."""
    by_key = key("customer", column)
    return replace(by_key, apply=lambda rows, chosen: by_key.apply(rows, Customer.objects.meant_by(chosen)))


def refuse_unless_theirs(customer: Customer, user: User, reference: str) -> None:
    """A complaint that a body names is one of the customer's that the caller may see; blank: none is named. Raises
    InvalidInput unknown_complaint. Query cost: 1, none for none."""
    if reference and not customer.complaints.visible_to(user).filter(reference=reference).exists():
        raise InvalidInput(_("The customer has no such complaint."), code="unknown_complaint", field="complaint")
