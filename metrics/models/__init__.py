from metrics.models.exports import Export, ExportFormat, ExportState
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
    "Export",
    "ExportFormat",
    "ExportState",
    "FigureTargets",
    "Invitation",
    "Suppression",
    "Survey",
    "SurveyKind",
    "SurveyResponse",
    "SurveySettings",
    "SurveyVersion",
]
