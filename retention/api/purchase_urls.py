"""Purchases, charges, payments, points, offers, referrals and stays in the API.

A state change is a resource of its own (house.md).
"""

from django.urls import URLPattern, URLResolver, path

from retention.api import charges, loyalty, offers, purchases, referrals, tenures

_CUSTOMER, _PURCHASE = "customers/<int:pk>/", "purchases/<int:pk>/"
_OFFER, _REFERRAL = "offers/<int:pk>/", "referrals/<int:pk>/"

urlpatterns: list[URLPattern | URLResolver] = [
    path(_CUSTOMER + "tenures/", tenures.Tenures.as_view(), name="api-customer-tenures"),
    path(_CUSTOMER + "departure/", tenures.Departure.as_view(), name="api-departure"),
    path(_CUSTOMER + "return/", tenures.Return.as_view(), name="api-return"),
    path(_CUSTOMER + "joining/", tenures.Joining.as_view(), name="api-joining"),
    path(_CUSTOMER + "purchases/", purchases.PurchasesOfCustomer.as_view(), name="api-customer-purchases"),
    path(_CUSTOMER + "charges/", charges.ChargesOfCustomer.as_view(), name="api-customer-charges"),
    path(_CUSTOMER + "payments/", charges.PaymentsOfCustomer.as_view(), name="api-customer-payments"),
    path(_CUSTOMER + "offers/", offers.OffersToCustomer.as_view(), name="api-customer-offers"),
    path(_CUSTOMER + "referrals/", referrals.ReferralsOfCustomer.as_view(), name="api-customer-referrals"),
    path("purchases/", purchases.Purchases.as_view(), name="api-purchases"),
    path(_PURCHASE, purchases.OnePurchase.as_view(), name="api-purchase"),
    path(_PURCHASE + "cancellation/", purchases.Cancellation.as_view(), name="api-purchase-cancellation"),
    path(_PURCHASE + "restoration/", purchases.Restoration.as_view(), name="api-purchase-restoration"),
    path(_PURCHASE + "lines/<int:line>/", purchases.OneLine.as_view(), name="api-purchase-line"),
    path(_PURCHASE + "returns/", purchases.Returns.as_view(), name="api-purchase-returns"),
    path("charges/", charges.Charges.as_view(), name="api-charges"),
    path("charges/<int:pk>/", charges.OneCharge.as_view(), name="api-charge"),
    path("payments/", charges.Payments.as_view(), name="api-payments"),
    path("payments/<int:pk>/", charges.OnePayment.as_view(), name="api-payment"),
    path("loyalty-entries/", loyalty.LoyaltyEntries.as_view(), name="api-loyalty-entries"),
    path("loyalty-entries/<int:pk>/", loyalty.OneLoyaltyEntry.as_view(), name="api-loyalty-entry"),
    path("offers/", offers.Offers.as_view(), name="api-offers"),
    path(_OFFER, offers.OneOffer.as_view(), name="api-offer"),
    path(_OFFER + "acceptance/", offers.OfferAcceptance.as_view(), name="api-offer-acceptance"),
    path(_OFFER + "refusal/", offers.OfferRefusal.as_view(), name="api-offer-refusal"),
    path("referrals/", referrals.Referrals.as_view(), name="api-referrals"),
    path(_REFERRAL, referrals.OneReferral.as_view(), name="api-referral"),
    path(_REFERRAL + "withdrawal/", referrals.ReferralWithdrawal.as_view(), name="api-referral-withdrawal"),
    path(_REFERRAL + "incentive/", referrals.ReferralIncentive.as_view(), name="api-referral-incentive"),
]
