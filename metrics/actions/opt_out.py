"""Whoever was asked may say that they want no more surveys, by a link, and take it back (B1; case F12)."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from core.actor import Actor
from core.errors import DomainError
from metrics.models import Invitation
from retention.actions.consent import consent
from retention.models import Consent, ConsentPurpose, Customer


def whose(invitation: Invitation) -> Customer | None:
    """The customer who was asked, since a merge the survivor. Query cost: 1 for each merge."""
    customer = invitation.customer
    while customer is not None and customer.merged_into is not None:
        customer = customer.merged_into
    return customer


def wants_surveys(customer: Customer) -> bool:
    """Whether the invitation job may still ask them. Query cost: 1."""
    return not Consent.objects.filter(customer=customer, purpose=ConsentPurpose.SURVEYS, given=False).exists()


def set_wanted(invitation: Invitation, *, wanted: bool, by: Actor, at: datetime) -> Consent:
    """Note the customer's word on surveys; invitations that have not left stay here (metrics.actions.invite).

    The same word again changes nothing. Raises DomainError nobody_asked, MergedAway. Query cost: 6.
    """
    customer = whose(invitation)
    if customer is None:
        raise DomainError(_("Nobody was asked."), code="nobody_asked")
    with translation.override(settings.LANGUAGE_CODE):  # colleagues read it
        how = _("by the link in a survey mail")
    return consent(customer, purpose=ConsentPurpose.SURVEYS, given=wanted, by=by, at=at, how=how)
