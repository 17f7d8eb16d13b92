"""Whole lists as files."""

from django.urls import URLPattern, URLResolver, path

from metrics.web import exports

_ONE = "settings/exports/<int:export_id>/"

urlpatterns: list[URLPattern | URLResolver] = [
    path("settings/exports/", exports.index, name="settings_exports"),
    path(_ONE, exports.one, name="settings_export"),
    path(_ONE + "live/", exports.live, name="settings_export_live"),
    path(_ONE + "content/", exports.content, name="settings_export_content"),
]
