"""Addresses of who has a complaint, workload and absences; `complaints.api.urls` includes them."""

from django.urls import path

from complaints.api import ownership, team

_ONE = "complaints/<reference:reference>/"

urlpatterns = [
    path(_ONE + "hand-over/", ownership.HandOvers.as_view(), name="api-hand-over"),
    path(_ONE + "hand-over/acceptance/", ownership.Acceptance.as_view(), name="api-hand-over-acceptance"),
    path(_ONE + "hand-over/refusal/", ownership.Refusal.as_view(), name="api-hand-over-refusal"),
    path(_ONE + "escalation/", ownership.Escalations.as_view(), name="api-escalation"),
    path(_ONE + "escalation/answer/", ownership.EscalationAnswer.as_view(), name="api-escalation-answer"),
    path(_ONE + "watchers/", ownership.Watchers.as_view(), name="api-watchers"),
    path(_ONE + "watchers/<int:pk>/", ownership.OneWatcher.as_view(), name="api-watcher"),
    path("teams/<int:pk>/workload/", team.Workload.as_view(), name="api-team-workload"),
    path("teams/<int:pk>/balance/", team.Balance.as_view(), name="api-team-balance"),
    path("absences/", team.Absences.as_view(), name="api-absences"),
    path("absences/<int:pk>/end/", team.AbsenceEnd.as_view(), name="api-absence-end"),
]
