from retention.models.care import (
    Consent,
    ConsentPurpose,
    CustomerMerge,
    FollowUp,
    FollowUpOutcome,
    FollowUpReason,
)
from retention.models.customers import ContactPoint, Customer, ExternalId, Tenure
from retention.models.loyalty import LoyaltyAccount, LoyaltyEntry, LoyaltyKind
from retention.models.offers import Offer, OfferKind, OfferState, Referral
from retention.models.purchases import Charge, Payment, Purchase, PurchaseKind, PurchaseLine
from retention.models.uploads import Upload, UploadState

__all__ = [
    "Charge",
    "Consent",
    "ConsentPurpose",
    "ContactPoint",
    "Customer",
    "CustomerMerge",
    "ExternalId",
    "FollowUp",
    "FollowUpOutcome",
    "FollowUpReason",
    "LoyaltyAccount",
    "LoyaltyEntry",
    "LoyaltyKind",
    "Offer",
    "OfferKind",
    "OfferState",
    "Payment",
    "Purchase",
    "PurchaseKind",
    "PurchaseLine",
    "Referral",
    "Tenure",
    "Upload",
    "UploadState",
]
