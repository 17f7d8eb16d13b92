"""Addresses of remedies."""

from django.urls import path

import complaints.converters  # noqa: F401  registers <reference:...>
from complaints.api import remedies

_OF = "complaints/<reference:reference>/remedies/"
_ONE = _OF + "<int:pk>/"

urlpatterns = [
    path(_OF, remedies.RemediesOf.as_view(), name="api-complaint-remedies"),
    path(_ONE, remedies.OneRemedy.as_view(), name="api-complaint-remedy"),
    path(_ONE + "approval/", remedies.Approval.as_view(), name="api-remedy-approval"),
    path(_ONE + "rejection/", remedies.Rejection.as_view(), name="api-remedy-rejection"),
    path(_ONE + "withdrawal/", remedies.RequestWithdrawal.as_view(), name="api-remedy-withdrawal"),
    path(_ONE + "revocation/", remedies.Revocation.as_view(), name="api-remedy-revocation"),
    path("remedies/", remedies.Remedies.as_view(), name="api-remedies"),
    path("remedies/<int:pk>/", remedies.OneRemedy.as_view(), name="api-remedy"),
]
