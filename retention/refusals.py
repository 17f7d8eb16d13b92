"""The refusals of stays, purchases, charges, payments, points, offers and referrals. `code` is part of the API."""

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


class NoOffers(DomainError):
    """They refused offers, or never agreed to any."""

    code = "no_consent"
    message = _("This customer does not want offers.")


class StillWaiting(DomainError):
    code = "open_complaint"
    message = _("They wait for an answer to a complaint: until it is decided, only win them back.")


class AlreadyAnswered(DomainError):
    code = "already_answered"
    message = _("This offer was answered already.")


class NotAnswered(DomainError):
    code = "not_answered"
    message = _("This offer was not answered.")


class OfferLapsed(DomainError):
    code = "offer_lapsed"
    message = _("The offer no longer held on that day.")


class UnknownPurchase(InvalidInput):
    code = "unknown_purchase"
    message = _("This customer has no such order.")


class BoughtBefore(InvalidInput):
    code = "bought_before"
    message = _("They bought this before the offer was made.")


class ReferredThemselves(DomainError):
    code = "referred_themselves"
    message = _("Nobody brings themselves.")


class AlreadyReferred(DomainError):
    code = "already_referred"
    message = _("Somebody brought this customer already.")


class ReferralCircle(DomainError):
    code = "referral_circle"
    message = _("They cannot have brought each other.")


class ReferralWithdrawn(DomainError):
    code = "already_withdrawn"
    message = _("This referral was withdrawn.")


class AlreadyRewarded(DomainError):
    code = "already_rewarded"
    message = _("Points were credited for this referral already.")


class StaleReferral(DomainError):
    code = "stale"
    message = _("Somebody else changed this referral in the meantime.")
