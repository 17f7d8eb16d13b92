"""Files brought in through the browser."""

from django.urls import URLPattern, URLResolver, path

from metrics.web import imports

_ONE = "settings/imports/<int:upload_id>/"

urlpatterns: list[URLPattern | URLResolver] = [
    path("settings/imports/", imports.index, name="settings_imports"),
    path(_ONE, imports.one, name="settings_import"),
    path(_ONE + "live/", imports.live, name="settings_import_live"),
    path(_ONE + "rejects/", imports.rejects, name="settings_import_rejects"),
]
