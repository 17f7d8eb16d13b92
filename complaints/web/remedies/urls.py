"""Addresses of remedies: beside a case, the approvals, what was granted."""

from django.urls import URLPattern, URLResolver, path

import complaints.converters  # noqa: F401  registers <reference:...>
from complaints.web.remedies import approvals, doors, granted

_OF = "complaints/<reference:reference>/remedies/"
_ONE = _OF + "<int:remedy_id>/"

urlpatterns: list[URLPattern | URLResolver] = [
    path(_OF, doors.remedies, name="case_remedies"),
    path(_OF + "gauge/", doors.meter, name="case_remedy_gauge"),
    path(_ONE + "withdrawal/", doors.withdraw, name="case_remedy_withdrawal"),
    path(_ONE + "revocation/", doors.revoke, name="case_remedy_revocation"),
    path(_ONE + "approval/", doors.approve, name="case_remedy_approval"),
    path(_ONE + "rejection/", doors.reject, name="case_remedy_rejection"),
    path("remedies/", approvals.index, name="approvals"),
    path("remedies/granted/", granted.index, name="remedies_granted"),
]
