"""Addresses of search and of the palette."""

from django.urls import URLPattern, path

from complaints.web.many import jumping, searching

urlpatterns: list[URLPattern] = [
    path("search/", searching.page, name="search"),
    path("search/jump/", jumping.options, name="search_jump"),
]
