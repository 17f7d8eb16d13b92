"""The words of a survey's version in the reader's language."""

from __future__ import annotations

from django.conf import settings

from core import languages
from metrics.models import SurveyVersion

_HOUSE = languages.code(settings.LANGUAGE_CODE)
ASKED = ("question", "low", "high")
PROMPTS = ("prompt_low", "prompt_middle", "prompt_high")
PARTS = (*ASKED, *PROMPTS, "thanks")


def words(version: SurveyVersion, language: str) -> dict[str, str]:
    """Every part in `language`; what is missing there is said in the house's language, then in English. No query."""
    known = [version.texts.get(code) or {} for code in (languages.code(language), _HOUSE, "en")]
    return {name: next((texts[name] for texts in known if texts.get(name)), "") for name in PARTS}
