"""Addresses of the team's pages (names: workload, workload_balance, absences, absence_end, case_mentionable)."""

from django.urls import path

import complaints.converters  # noqa: F401  registers <reference:...>
from complaints.web import absences, team
from complaints.web.one import mentioning

urlpatterns = [
    path("complaints/<reference:reference>/mentionable/", mentioning.mentionable, name="case_mentionable"),
    path("team/", team.index, name="workload"),
    path("team/balance/", team.balance, name="workload_balance"),
    path("team/absences/", absences.index, name="absences"),
    path("team/absences/<int:absence_id>/end/", absences.end_absence, name="absence_end"),
]
