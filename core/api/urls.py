"""The addresses of the API that belong to no resource; `config/api.py` includes them under /api/v1/."""

from django.urls import path

from core.api import drafts
from core.api.docs import SchemaView, docs

urlpatterns = [
    path("schema/", SchemaView.as_view(), name="api-schema"),
    path("docs/", docs, name="api-docs"),
    path("drafts/", drafts.Drafts.as_view(), name="api-drafts"),
    path("drafts/<str:place>/", drafts.OneDraft.as_view(), name="api-draft"),
]
