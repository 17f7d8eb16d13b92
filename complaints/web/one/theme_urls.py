"""Addresses of a case's themes."""

from django.urls import URLPattern, path

import complaints.converters  # noqa: F401  registers <reference:...>
from complaints.web.one import theme_doors

_CASE = "complaints/<reference:reference>/"

urlpatterns: list[URLPattern] = [
    path(_CASE + "themes/", theme_doors.add, name="case_themes"),
    path(_CASE + "themes/removal/", theme_doors.remove, name="case_theme_removal"),
]
