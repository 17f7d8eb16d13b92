"""Addresses of payouts."""

from django.urls import path

from complaints.api import payouts

urlpatterns = [
    path("payouts/", payouts.Payouts.as_view(), name="api-payouts"),
    path("payouts/exports/", payouts.PayoutExports.as_view(), name="api-payout-exports"),
    path("payouts/exports/<int:number>/", payouts.OneExport.as_view(), name="api-payout-export"),
    path("payouts/<int:pk>/", payouts.OnePayout.as_view(), name="api-payout"),
    path("payouts/<int:pk>/confirmation/", payouts.PayoutConfirmation.as_view(), name="api-payout-confirmation"),
    path("payouts/<int:pk>/failure/", payouts.PayoutFailure.as_view(), name="api-payout-failure"),
    path("payouts/<int:pk>/return/", payouts.PayoutReturned.as_view(), name="api-payout-return"),
]
