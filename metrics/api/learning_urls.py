"""Addresses of corrective actions."""

from django.urls import path

import complaints.converters  # noqa: F401  registers <reference:...>
from metrics.api import corrective

_ONE = "corrective-actions/<int:pk>/"

urlpatterns = [
    path("corrective-actions/", corrective.CorrectiveActions.as_view(), name="api-corrective-actions"),
    path(_ONE, corrective.OneCorrectiveAction.as_view(), name="api-corrective-action"),
    path(_ONE + "start/", corrective.Start.as_view(), name="api-corrective-start"),
    path(_ONE + "completion/", corrective.Completion.as_view(), name="api-corrective-completion"),
    path(_ONE + "dropping/", corrective.Dropping.as_view(), name="api-corrective-dropping"),
    path(_ONE + "verdict/", corrective.Verdict.as_view(), name="api-corrective-verdict"),
    path(_ONE + "complaints/", corrective.CorrectiveCases.as_view(), name="api-corrective-complaints"),
    path(
        _ONE + "complaints/<reference:reference>/",
        corrective.OneCorrectiveCase.as_view(),
        name="api-corrective-complaint",
    ),
]
