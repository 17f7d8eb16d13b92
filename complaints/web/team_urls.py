"""Addresses of the team's pages (names: workload, workload_balance, absences, absence_end)."""

from django.urls import path

from complaints.web import team

urlpatterns = [
    path("team/", team.index, name="workload"),
    path("team/balance/", team.balance, name="workload_balance"),
    path("team/absences/", team.absences, name="absences"),
    path("team/absences/<int:absence_id>/end/", team.end_absence, name="absence_end"),
]
