"""Addresses of purchases, charges, payments, points, offers, referrals and stays."""

from django.urls import URLPattern, URLResolver, path

from retention.web import charges, corrections, loyalty, offers, purchases, referrals, tenures

_CUSTOMER, _PURCHASE = "customers/<int:customer_id>/", "purchases/<int:purchase_id>/"
_OFFER, _REFERRAL = "offers/<int:offer_id>/", "referrals/<int:referral_id>/"

urlpatterns: list[URLPattern | URLResolver] = [
    path(_CUSTOMER + "purchases/", purchases.index, name="customer_purchases"),
    path(_CUSTOMER + "purchases/new/", purchases.new, name="customer_purchase_new"),
    path(_PURCHASE, purchases.one, name="purchase"),
    path(_PURCHASE + "cancellation/", purchases.cancellation, name="purchase_cancellation"),
    path(_PURCHASE + "restoration/", purchases.restoration, name="purchase_restoration"),
    path(_PURCHASE + "lines/<int:line_id>/correction/", corrections.line, name="purchase_line_correction"),
    path(_PURCHASE + "returns/", purchases.returns, name="purchase_returns"),
    path(_PURCHASE + "incentive/", purchases.incentive, name="purchase_incentive"),
    path(_CUSTOMER + "charges/", charges.charges, name="customer_charges"),
    path(_CUSTOMER + "charges/new/", charges.new_charge, name="customer_charge_new"),
    path(_CUSTOMER + "payments/", charges.payments, name="customer_payments"),
    path(_CUSTOMER + "payments/new/", charges.new_payment, name="customer_payment_new"),
    path("charges/<int:charge_id>/correction/", corrections.charge, name="charge_correction"),
    path("payments/<int:payment_id>/correction/", corrections.payment, name="payment_correction"),
    path(_CUSTOMER + "points/", loyalty.ledger, name="customer_points"),
    path(_CUSTOMER + "points/new/", loyalty.new, name="customer_points_new"),
    path(_CUSTOMER + "points/redemption/", loyalty.redemption, name="customer_points_redemption"),
    path(_CUSTOMER + "points/correction/", loyalty.correction, name="customer_points_correction"),
    path("offers/", offers.index, name="offers"),
    path(_CUSTOMER + "offers/", offers.of_customer, name="customer_offers"),
    path(_CUSTOMER + "offers/new/", offers.new, name="customer_offer_new"),
    path(_OFFER, offers.one, name="offer"),
    path(_OFFER + "acceptance/", offers.acceptance, name="offer_acceptance"),
    path(_OFFER + "refusal/", offers.refusal, name="offer_refusal"),
    path(_OFFER + "answer/undo/", offers.answer_undo, name="offer_answer_undo"),
    path(_CUSTOMER + "referrals/", referrals.of_customer, name="customer_referrals"),
    path(_CUSTOMER + "referrals/new/", referrals.new, name="customer_referral_new"),
    path(_CUSTOMER + "referrer/new/", referrals.referrer, name="customer_referrer_new"),
    path(_REFERRAL + "withdrawal/", referrals.withdrawal, name="referral_withdrawal"),
    path(_REFERRAL + "incentive/", referrals.incentive, name="referral_incentive"),
    path(_CUSTOMER + "departure/", tenures.departure, name="customer_departure"),
    path(_CUSTOMER + "departure/undo/", tenures.departure_undo, name="customer_departure_undo"),
    path(_CUSTOMER + "return/", tenures.comeback, name="customer_return"),
    path(_CUSTOMER + "joining/", tenures.joining, name="customer_joining"),
]
