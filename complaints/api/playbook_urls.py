"""Addresses of playbooks, articles and what they have to do with one complaint; `complaints.api.urls` includes them."""

from django.urls import path

import complaints.converters  # noqa: F401  registers <reference:...>
from complaints.api import articles, case_playbook, playbooks

_ONE = "complaints/<reference:reference>/"

urlpatterns = [
    path(_ONE + "playbook/", case_playbook.CasePlaybook.as_view(), name="api-case-playbook"),
    path(_ONE + "playbook/steps/<slug:key>/", case_playbook.CaseStep.as_view(), name="api-case-step"),
    path(_ONE + "playbook/message/", case_playbook.CustomerMessage.as_view(), name="api-case-playbook-message"),
    path(_ONE + "articles/", case_playbook.Fitting.as_view(), name="api-case-articles"),
    path("playbooks/", playbooks.Playbooks.as_view(), name="api-playbooks"),
    path("playbooks/to-read/", playbooks.ToRead.as_view(), name="api-to-read"),
    path("playbooks/<int:pk>/", playbooks.OnePlaybook.as_view(), name="api-playbook"),
    path("playbooks/<int:pk>/versions/", playbooks.Versions.as_view(), name="api-playbook-versions"),
    path("playbooks/<int:pk>/draft/", playbooks.Draft.as_view(), name="api-playbook-draft"),
    path("playbooks/<int:pk>/publication/", playbooks.Publication.as_view(), name="api-playbook-publication"),
    path("playbooks/<int:pk>/readings/", playbooks.Readings.as_view(), name="api-playbook-readings"),
    path("articles/", articles.Articles.as_view(), name="api-articles"),
    path("articles/<int:pk>/", articles.OneArticle.as_view(), name="api-article"),
    path("articles/<int:pk>/versions/", articles.Versions.as_view(), name="api-article-versions"),
    path("articles/<int:pk>/draft/", articles.Draft.as_view(), name="api-article-draft"),
    path("articles/<int:pk>/publication/", articles.Publication.as_view(), name="api-article-publication"),
    path("articles/<int:pk>/readings/", articles.Readings.as_view(), name="api-article-readings"),
]
