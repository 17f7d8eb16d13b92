from metrics.models.surveys import (
    Invitation,
    Suppression,
    Survey,
    SurveyKind,
    SurveyResponse,
    SurveySettings,
    SurveyVersion,
)

__all__ = [
    "Invitation",
    "Suppression",
    "Survey",
    "SurveyKind",
    "SurveyResponse",
    "SurveySettings",
    "SurveyVersion",
]
