"""Addresses of what stands on the top floor: the customer's whole story, surveys and calls, the dashboard."""

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("metrics.web.story_urls")),
    path("", include("metrics.web.survey_urls")),
    path("", include("metrics.web.import_urls")),
    path("", include("metrics.web.export_urls")),
    path("", include("metrics.web.dashboard_urls")),
    path("", include("metrics.web.learning_urls")),
]
