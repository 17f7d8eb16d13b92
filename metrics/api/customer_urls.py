"""What the API does with customers over all floors."""

from django.urls import URLPattern, URLResolver, path

from metrics.api import merges, story

urlpatterns: list[URLPattern | URLResolver] = [
    path("customers/<int:pk>/events/", story.CustomerEvents.as_view(), name="api-customer-events"),
    path("customers/<int:pk>/merge/", merges.Merge.as_view(), name="api-customer-merge"),
]
