"""Addresses of payouts."""

from django.urls import URLPattern, URLResolver, path

from complaints.web.payouts import doors, page

urlpatterns: list[URLPattern | URLResolver] = [
    path("payouts/", page.index, name="payouts"),
    path("payouts/exports/", doors.export, name="payout_export"),
    path("payouts/exports/<int:number>/", doors.download, name="payout_file"),
    path("payouts/confirmations/", doors.confirmations, name="payout_confirmations"),
    path("payouts/<int:payout_id>/confirmation/", doors.confirmation, name="payout_confirmation"),
    path("payouts/<int:payout_id>/failure/", doors.failure, name="payout_failure"),
    path("payouts/<int:payout_id>/return/", doors.returned, name="payout_return"),
]
