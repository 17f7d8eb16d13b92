"""Surveys: the public page, their settings, and the calls that follow (interface.md, Pages)."""

from django.urls import URLPattern, URLResolver, path

from metrics.web import follow_ups, survey_new, survey_page, survey_settings, survey_stop

_CALL = "follow-ups/<int:call_id>/"
_SURVEY = "settings/surveys/<slug:code>/"

urlpatterns: list[URLPattern | URLResolver] = [
    path("survey/<str:token>/", survey_page.survey, name="survey"),
    path("survey/<str:token>/stop/", survey_stop.stop, name="survey_stop"),
    path("survey/<str:token>/stop/at-once/", survey_stop.at_once, name="survey_stop_at_once"),
    path("follow-ups/", follow_ups.index, name="follow_ups"),
    path(_CALL, follow_ups.one, name="follow_up"),
    path(_CALL + "call/", follow_ups.call, name="follow_up_call"),
    path(_CALL + "change/", follow_ups.change, name="follow_up_change"),
    path(_CALL + "cancellation/", follow_ups.cancel, name="follow_up_cancel"),
    path("customers/<int:customer_id>/follow-ups/new/", follow_ups.new, name="follow_up_new"),
    path("settings/surveys/", survey_settings.index, name="settings_surveys"),
    path("settings/surveys/new/", survey_new.new, name="settings_survey_new"),
    path(_SURVEY, survey_settings.survey, name="settings_survey"),
    path(_SURVEY + "words/", survey_settings.text, name="settings_survey_words"),
]
