"""The refusals of actions on customers. `code` is part of the API."""

from django.utils.translation import gettext_lazy as _

from core.errors import DomainError


class StaleCustomer(DomainError):
    code = "stale"
    message = _("Somebody else changed this customer in the meantime.")


class MergedAway(DomainError):
    code = "merged_away"
    message = _("This record was merged into another one.")


class IntoItself(DomainError):
    code = "merge_into_itself"
    message = _("A customer cannot be merged into themselves.")


class NotMerged(DomainError):
    code = "not_merged"
    message = _("This record is not merged into another one.")


class SurvivorMerged(DomainError):
    code = "survivor_merged"
    message = _("The record it was merged into was itself merged later: take that back first.")
