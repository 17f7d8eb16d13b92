from django.urls import URLPattern, URLResolver, path

from metrics.api import surveys
from retention.api import follow_ups

_CALL = "follow-ups/<int:pk>/"

urlpatterns: list[URLPattern | URLResolver] = [
    path("surveys/", surveys.Surveys.as_view(), name="api-surveys"),
    path("surveys/<slug:code>/", surveys.OneSurvey.as_view(), name="api-survey"),
    path("surveys/<slug:code>/versions/", surveys.Versions.as_view(), name="api-survey-versions"),
    path("survey-responses/", surveys.Responses.as_view(), name="api-survey-responses"),
    path("survey-responses/<int:pk>/", surveys.OneResponse.as_view(), name="api-survey-response"),
    path("follow-ups/", follow_ups.FollowUps.as_view(), name="api-follow-ups"),
    path(_CALL, follow_ups.OneFollowUp.as_view(), name="api-follow-up"),
    path(_CALL + "attempts/", follow_ups.Attempts.as_view(), name="api-follow-up-attempts"),
    path(_CALL + "completion/", follow_ups.Completion.as_view(), name="api-follow-up-completion"),
    path(_CALL + "cancellation/", follow_ups.Cancellation.as_view(), name="api-follow-up-cancellation"),
]
