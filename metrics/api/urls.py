from django.urls import include, path

from metrics.api import events, exports

urlpatterns = [
    path("events/", events.EventStream.as_view(), name="api-event-stream"),
    path("events/<int:pk>/", events.OneEvent.as_view(), name="api-event"),
    path("exports/", exports.Exports.as_view(), name="api-exports"),
    path("exports/<int:pk>/", exports.OneExport.as_view(), name="api-export"),
    path("exports/<int:pk>/content/", exports.ExportContent.as_view(), name="api-export-content"),
    path("", include("metrics.api.customer_urls")),
    path("", include("metrics.api.survey_urls")),
    path("", include("metrics.api.figure_urls")),
    path("", include("metrics.api.learning_urls")),
]
