"""Addresses of a customer's whole story, and of merging records (interface.md, Pages)."""

from django.urls import URLPattern, URLResolver, path

from metrics.web import merging, story

_ONE = "customers/<int:customer_id>/"

urlpatterns: list[URLPattern | URLResolver] = [
    path(_ONE, story.page, name="customer"),
    path(_ONE + "story/", story.story, name="customer_story"),
    path(_ONE + "merge/", merging.choose, name="customer_merge"),
    path(_ONE + "merge/<int:other_id>/", merging.confirm, name="customer_merge_confirm"),
    path(_ONE + "unmerge/", merging.undo, name="customer_unmerge"),
    path("customers/duplicates/", merging.duplicates, name="customer_duplicates"),
]
