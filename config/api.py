"""The REST API, `/api/v1/` (interface.md): every app's resources and the document that describes them."""

from django.urls import include, path

urlpatterns = [
    path("", include("core.api.urls")),
    path("", include("complaints.api.urls")),
    path("", include("retention.api.urls")),
    path("", include("metrics.api.urls")),
]
