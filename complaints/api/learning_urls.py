"""Addresses of themes."""

from django.urls import path

import complaints.converters  # noqa: F401  registers <reference:...>
from complaints.api import themes

_ONE = "complaints/<reference:reference>/"

urlpatterns = [
    path("themes/", themes.Themes.as_view(), name="api-themes"),
    path("themes/<slug:code>/", themes.OneTheme.as_view(), name="api-theme"),
    path(_ONE + "themes/", themes.ThemesOf.as_view(), name="api-themes-of"),
    path(_ONE + "themes/<slug:code>/", themes.OneThemeOf.as_view(), name="api-theme-of"),
]
