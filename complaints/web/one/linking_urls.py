"""Addresses of cases that belong together: duplicates, merging side by side, incidents."""

from django.urls import URLPattern, URLResolver, path

import complaints.converters  # noqa: F401  registers <reference:...>
from complaints.web.incidents import incident_pages, incident_sending
from complaints.web.one import related

_CASE, _INCIDENT = "complaints/<reference:reference>/", "incidents/<reference:reference>/"

urlpatterns: list[URLPattern | URLResolver] = [
    path("complaints/new/same/", related.intake, name="intake_same"),
    path(_CASE + "related/", related.panel, name="case_related"),
    path(_CASE + "related/<reference:other>/refusal/", related.different, name="case_not_duplicate"),
    path(_CASE + "compare/<reference:other>/", related.compare, name="case_compare"),
    path("incidents/", incident_pages.index, name="incidents"),
    path("incidents/new/", incident_pages.new, name="incident_new"),
    path(_INCIDENT, incident_pages.page, name="incident"),
    path(_INCIDENT + "edit/", incident_pages.edit, name="incident_edit"),
    path(_INCIDENT + "closure/", incident_pages.closure, name="incident_closure"),
    path(_INCIDENT + "updates/new/", incident_sending.write, name="incident_update_new"),
    path(_INCIDENT + "updates/<int:update_id>/", incident_sending.show, name="incident_update"),
    path(_INCIDENT + "updates/<int:update_id>/sending/", incident_sending.send, name="incident_update_send"),
    path(_INCIDENT + "updates/<int:update_id>/stop/", incident_sending.stop, name="incident_update_stop"),
    path(_INCIDENT + "updates/<int:update_id>/removal/", incident_sending.discard, name="incident_update_discard"),
]
