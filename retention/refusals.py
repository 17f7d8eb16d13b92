"""The refusals of stays, purchases, charges and payments. `code` is part of the API."""

from django.utils.translation import gettext_lazy as _

from core.errors import DomainError, InvalidInput


class AlreadyCustomer(DomainError):
    code = "already_customer"
    message = _("They are with us already.")


class AlreadyLeft(DomainError):
    code = "already_left"
    message = _("They have left already.")


class NeverLeft(DomainError):
    code = "never_left"
    message = _("They never left, as far as we know.")


class ReturnedSince(DomainError):
    code = "returned_since"
    message = _("They came back after that; this departure stands.")


class StaysOverlap(DomainError):
    code = "stays_overlap"
    message = _("Another stay covers this day.")


class LeftBeforeJoined(DomainError):
    code = "left_before_joined"
    message = _("This lies before the day they joined.")


class InTheFuture(InvalidInput):
    code = "in_the_future"
    message = _("This lies in the future.")


class OrderKnown(DomainError):
    code = "order_number_taken"
    message = _("This order of theirs is known already.")


class AlreadyCancelled(DomainError):
    code = "already_cancelled"
    message = _("This purchase was cancelled.")


class NotCancelled(DomainError):
    code = "not_cancelled"
    message = _("This purchase was not cancelled.")


class LessThanReturned(DomainError):
    code = "less_than_returned"
    message = _("More than that came back already.")


class StaleMoney(DomainError):
    code = "stale"
    message = _("Somebody else corrected this in the meantime.")


class NotAnOrder(DomainError):
    code = "not_an_order"
    message = _("Only an order can be cancelled or returned.")


class MoreThanBought(DomainError):
    code = "more_than_bought"
    message = _("More than was bought, counting what came back before.")


class StalePurchase(DomainError):
    code = "stale"
    message = _("Somebody else changed this purchase in the meantime.")


class CurrencyMismatch(InvalidInput):
    code = "currency_mismatch"
    message = _("One order and one charge have one currency.")


class UnknownLine(InvalidInput):
    code = "unknown_line"
    message = _("This purchase has no such line.")


class UnknownCharge(InvalidInput):
    code = "unknown_charge"
    message = _("This customer has no such charge.")


class ExternalIdTaken(DomainError):
    code = "external_id_taken"
    message = _("This id is known already.")


class NotEnoughPoints(DomainError):
    code = "not_enough_points"
    message = _("The customer does not have so many points.")


class KeyTaken(DomainError):
    code = "key_taken"
    message = _("An entry with this key says something else.")
