"""Addresses of playbooks and knowledge: beside a case, to read, and in the settings."""

from django.urls import URLPattern, URLResolver, path

import complaints.converters  # noqa: F401  registers <reference:...>
from complaints.web.handbook import case_knowledge, knowledge, playbook_doors
from complaints.web.settings import article_pages, playbook_pages, playbook_steps, readings

_CASE = "complaints/<reference:reference>/"
_BOOKS, _BOOK = "settings/playbooks/", "settings/playbooks/<int:playbook_id>/"
_STEP = _BOOK + "steps/<slug:key>/"
_ARTICLES, _ARTICLE = "settings/knowledge/", "settings/knowledge/<int:article_id>/"

urlpatterns: list[URLPattern | URLResolver] = [
    path(_CASE + "playbook/", playbook_doors.show, name="case_playbook"),
    path(_CASE + "playbook/steps/<slug:key>/", playbook_doors.tick, name="case_step"),
    path(_CASE + "playbook/steps/<slug:key>/removal/", playbook_doors.untick, name="case_step_removal"),
    path(_CASE + "playbook/message/", playbook_doors.message, name="case_playbook_message"),
    path(_CASE + "knowledge/", case_knowledge.find, name="case_knowledge"),
    path(_CASE + "knowledge/<int:article_id>/", case_knowledge.article, name="case_article"),
    path("knowledge/", knowledge.index, name="knowledge"),
    path("knowledge/to-read/", knowledge.to_read, name="knowledge_to_read"),
    path("knowledge/articles/<int:article_id>/", knowledge.article, name="knowledge_article"),
    path("knowledge/articles/<int:article_id>/reading/", knowledge.confirm_article, name="knowledge_article_reading"),
    path("knowledge/playbooks/<int:playbook_id>/", knowledge.playbook, name="knowledge_playbook"),
    path(
        "knowledge/playbooks/<int:playbook_id>/reading/", knowledge.confirm_playbook, name="knowledge_playbook_reading"
    ),
    path(_BOOKS, playbook_pages.index, name="settings_playbooks"),
    path(_BOOKS + "new/", playbook_pages.new, name="settings_playbook_new"),
    path(_BOOK, playbook_pages.playbook, name="settings_playbook"),
    path(_BOOK + "name/", playbook_pages.name, name="settings_playbook_name"),
    path(_BOOK + "draft/", playbook_pages.begin, name="settings_playbook_draft"),
    path(_BOOK + "draft/removal/", playbook_pages.discard, name="settings_playbook_discard"),
    path(_BOOK + "texts/", playbook_pages.texts, name="settings_playbook_texts"),
    path(_BOOK + "publication/", playbook_pages.publish, name="settings_playbook_publish"),
    path(_BOOK + "readings/", readings.playbook, name="settings_playbook_readings"),
    path(_BOOK + "steps/new/", playbook_steps.new, name="settings_step_new"),
    path(_STEP, playbook_steps.step, name="settings_step"),
    path(_STEP + "position/", playbook_steps.move, name="settings_step_move"),
    path(_STEP + "removal/", playbook_steps.remove, name="settings_step_remove"),
    path(_ARTICLES, article_pages.index, name="settings_knowledge"),
    path(_ARTICLES + "new/", article_pages.new, name="settings_article_new"),
    path(_ARTICLE, article_pages.article, name="settings_article"),
    path(_ARTICLE + "texts/", article_pages.texts, name="settings_article_texts"),
    path(_ARTICLE + "draft/removal/", article_pages.discard, name="settings_article_discard"),
    path(_ARTICLE + "publication/", article_pages.publish, name="settings_article_publish"),
    path(_ARTICLE + "readings/", readings.article, name="settings_article_readings"),
]
