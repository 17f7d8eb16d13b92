"""Addresses of what is learned from complaints."""

from django.urls import URLPattern, URLResolver, path

from metrics.web.learning import corrective, listing, page

_ACTION = "learning/actions/<int:action_id>/"

urlpatterns: list[URLPattern | URLResolver] = [
    path("learning/", page.learning, name="learning"),
    path("learning/export/", page.export, name="learning_export"),
    path("learning/actions/", listing.index, name="learning_actions"),
    path("learning/actions/new/", corrective.new, name="learning_action_new"),
    path(_ACTION, corrective.page, name="learning_action"),
    path(_ACTION + "edit/", corrective.edit, name="learning_action_edit"),
    path(_ACTION + "begin/", corrective.begin, name="learning_action_begin"),
    path(_ACTION + "completion/", corrective.completion, name="learning_action_completion"),
    path(_ACTION + "dropping/", corrective.dropping, name="learning_action_dropping"),
    path(_ACTION + "verdict/", corrective.verdict, name="learning_action_verdict"),
    path(_ACTION + "complaints/", corrective.cases, name="learning_action_complaints"),
]
