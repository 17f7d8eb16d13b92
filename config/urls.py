"""Every address of the product (names: interface.md). Deny by default: a view says itself who may open it
(core.access)."""

from django.urls import include, path

urlpatterns = [
    path("api/v1/", include("config.api")),  # first: the others are asked one by one, which costs 0.2 ms a request
    path("", include("core.health")),
    path("", include("core.web.urls")),
    path("", include("complaints.web.public_urls")),
    path("", include("complaints.web.urls")),
    path("", include("complaints.web.settings_urls")),
    path("", include("retention.web.urls")),
    path("", include("metrics.web.urls")),
]

handler400 = "core.web.errors.bad_request"
handler403 = "core.web.errors.forbidden"
handler404 = "core.web.errors.not_found"
handler500 = "core.web.errors.server_error"
