"""Addresses of the dashboard (names: interface.md, Pages)."""

from django.urls import URLPattern, URLResolver, path

from metrics.web import target_settings
from metrics.web.dashboard import deadlines, figure, page, rows

urlpatterns: list[URLPattern | URLResolver] = [
    path("dashboard/", page.dashboard, name="dashboard"),
    path("dashboard/deadlines/", deadlines.deadlines, name="dashboard_deadlines"),
    path("dashboard/<slug:code>/", figure.figure_page, name="dashboard_figure"),
    path("dashboard/<slug:code>/rows/", rows.rows_page, name="dashboard_rows"),
    path("settings/targets/", target_settings.targets, name="settings_targets"),
]
