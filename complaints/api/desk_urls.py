"""Addresses of the workspace in the API."""

from django.urls import path

from complaints.api import desk

_ONE = "complaints/<reference:reference>/"

urlpatterns = [
    path(_ONE + "snooze/", desk.Snooze.as_view(), name="api-snooze"),
    path("complaints/bulk/", desk.Bulks.as_view(), name="api-bulk-runs"),
    path("complaints/bulk/<int:pk>/", desk.OneBulk.as_view(), name="api-bulk-run"),
    path("complaints/bulk/<int:pk>/rows/", desk.BulkRows.as_view(), name="api-bulk-rows"),
    path("views/", desk.Views.as_view(), name="api-views"),
    path("views/<int:pk>/", desk.OneView.as_view(), name="api-view"),
    path("views/<int:pk>/position/", desk.ViewPosition.as_view(), name="api-view-position"),
    path("views/<int:pk>/restoration/", desk.ViewRestoration.as_view(), name="api-view-restoration"),
]
