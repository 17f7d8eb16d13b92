"""Why a remedy is not given (case F26, F33). `code` is part of the API."""

from django.utils.translation import gettext_lazy as _

from core.errors import DomainError, InvalidInput, NotAllowed


class CapReached(DomainError):
    code = "cap_reached"
    message = _("This is more than may be given here in all, whoever grants it.")


class AlreadyDecided(DomainError):
    code = "already_decided"
    message = _("This remedy has been decided already.")


class NotGranted(DomainError):
    code = "not_granted"
    message = _("Only a remedy that was granted can be taken back.")


class AboveAuthority(NotAllowed):
    code = "above_authority"
    message = _("This is above what you may grant.")


class OwnRequest(NotAllowed):
    code = "own_request"
    message = _("You asked for this remedy: somebody else decides it.")


class CustomerRequired(DomainError):
    code = "customer_required"
    message = _("Points need a known customer to be credited to.")


class PaidOut(DomainError):
    code = "already_paid_out"
    message = _("Finance has this amount already; it cannot be taken back any more.")


class OtherCurrency(InvalidInput):
    code = "other_currency"
    message = _("This is not the currency that was charged.")


class AboveOrderValue(InvalidInput):
    code = "above_order_value"
    message = _("Together with what was given back before, this is more than was charged.")


class UnknownCharge(InvalidInput):
    code = "unknown_charge"
    message = _("This customer has no such charge.")
