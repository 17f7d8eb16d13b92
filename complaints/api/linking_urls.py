"""Addresses of merging, duplicates and incidents."""

from django.urls import path

import complaints.converters  # noqa: F401  registers <reference:...>
from complaints.api import incidents, linking

_ONE, _INCIDENT = "complaints/<reference:reference>/", "incidents/<reference:reference>/"

urlpatterns = [
    path(_ONE + "merge/", linking.Merging.as_view(), name="api-merge"),
    path(_ONE + "duplicates/", linking.Duplicates.as_view(), name="api-duplicates"),
    path(_ONE + "duplicates/<reference:other>/refusal/", linking.Different.as_view(), name="api-not-duplicate"),
    path(_ONE + "incident/", incidents.IncidentOf.as_view(), name="api-incident-of"),
    path("incidents/", incidents.Incidents.as_view(), name="api-incidents"),
    path(_INCIDENT, incidents.OneIncident.as_view(), name="api-incident"),
    path(_INCIDENT + "closure/", incidents.IncidentClosure.as_view(), name="api-incident-closure"),
    path(_INCIDENT + "complaints/", incidents.IncidentCases.as_view(), name="api-incident-complaints"),
    path(
        _INCIDENT + "updates/<int:update_id>/",
        incidents.OneUpdate.as_view(),
        name="api-incident-update",
    ),
    path(_INCIDENT + "updates/", incidents.IncidentUpdates.as_view(), name="api-incident-updates"),
    path(
        _INCIDENT + "updates/<int:update_id>/sending/",
        incidents.IncidentSendings.as_view(),
        name="api-incident-sending",
    ),
]
