"""What the API does with customers over all floors."""

from django.urls import URLPattern, URLResolver, path

from metrics.api import merges

urlpatterns: list[URLPattern | URLResolver] = [
    path("customers/<int:pk>/merge/", merges.Merge.as_view(), name="api-customer-merge"),
]
