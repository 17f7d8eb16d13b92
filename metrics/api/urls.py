from django.urls import include, path

from metrics.api import events

urlpatterns = [
    path("events/", events.EventStream.as_view(), name="api-event-stream"),
    path("", include("metrics.api.customer_urls")),
    path("", include("metrics.api.survey_urls")),
    path("", include("metrics.api.figure_urls")),
    path("", include("metrics.api.learning_urls")),
]
