from django.urls import URLPattern, URLResolver, path

from metrics.api import imports, invitations, surveys
from retention.api import follow_ups

_CALL = "follow-ups/<int:pk>/"

urlpatterns: list[URLPattern | URLResolver] = [
    path("surveys/", surveys.Surveys.as_view(), name="api-surveys"),
    path("surveys/<slug:code>/", surveys.OneSurvey.as_view(), name="api-survey"),
    path("surveys/<slug:code>/versions/", surveys.Versions.as_view(), name="api-survey-versions"),
    path("survey-settings/", surveys.TogetherSettings.as_view(), name="api-survey-settings"),
    path("survey-invitations/", invitations.Invitations.as_view(), name="api-survey-invitations"),
    path("survey-invitations/<int:pk>/", invitations.OneInvitation.as_view(), name="api-survey-invitation"),
    path("survey-responses/", surveys.Responses.as_view(), name="api-survey-responses"),
    path("survey-responses/<int:pk>/", surveys.OneResponse.as_view(), name="api-survey-response"),
    path("imports/", imports.Imports.as_view(), name="api-imports"),
    path("imports/<int:pk>/", imports.OneImport.as_view(), name="api-import"),
    path("imports/<int:pk>/commitment/", imports.Commitment.as_view(), name="api-import-commitment"),
    path("imports/<int:pk>/rejects/", imports.RejectedRecords.as_view(), name="api-import-rejects"),
    path("follow-ups/", follow_ups.FollowUps.as_view(), name="api-follow-ups"),
    path(_CALL, follow_ups.OneFollowUp.as_view(), name="api-follow-up"),
    path(_CALL + "attempts/", follow_ups.Attempts.as_view(), name="api-follow-up-attempts"),
    path(_CALL + "completion/", follow_ups.Completion.as_view(), name="api-follow-up-completion"),
    path(_CALL + "cancellation/", follow_ups.Cancellation.as_view(), name="api-follow-up-cancellation"),
]
