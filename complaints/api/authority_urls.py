"""Addresses of the limits of authority in the API."""

from django.urls import path

from complaints.api import authority

urlpatterns = [
    path("authority/", authority.Limits.as_view(), name="api-authority"),
    path("authority/<int:limit_id>/", authority.OneLimit.as_view(), name="api-authority-limit"),
    path("authority/<int:limit_id>/position/", authority.LimitPosition.as_view(), name="api-authority-limit-position"),
    path("authority/versions/", authority.AuthorityVersions.as_view(), name="api-authority-versions"),
    path("authority/draft/", authority.AuthorityDraft.as_view(), name="api-authority-draft"),
    path("authority/draft/publication/", authority.Publication.as_view(), name="api-authority-publication"),
    path("authority/trial/", authority.Trial.as_view(), name="api-authority-trial"),
]
