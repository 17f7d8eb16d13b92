from metrics.models.surveys import (
    Invitation,
    Suppression,
    Survey,
    SurveyKind,
    SurveyResponse,
    SurveySettings,
    SurveyVersion,
)
from metrics.models.targets import FigureTargets

__all__ = [
    "FigureTargets",
    "Invitation",
    "Suppression",
    "Survey",
    "SurveyKind",
    "SurveyResponse",
    "SurveySettings",
    "SurveyVersion",
]
