"""The addresses of the API that belong to no other floor; `config/api.py` includes them under /api/v1/."""

from django.urls import path

from core.api import drafts, notifications
from core.api.docs import SchemaView, docs

urlpatterns = [
    path("schema/", SchemaView.as_view(), name="api-schema"),
    path("docs/", docs, name="api-docs"),
    path("notifications/", notifications.Notifications.as_view(), name="api-notifications"),
    path("notifications/read-all/", notifications.AllRead.as_view(), name="api-notifications-read"),
    path("notifications/preferences/", notifications.Preferences.as_view(), name="api-notification-preferences"),
    path("notifications/<int:pk>/read/", notifications.OneRead.as_view(), name="api-notification-read"),
    path("drafts/", drafts.Drafts.as_view(), name="api-drafts"),
    path("drafts/<str:place>/", drafts.OneDraft.as_view(), name="api-draft"),
]
