"""The two editions of a case file, the forms it comes in, and the language it is in unless said otherwise."""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import pgettext_lazy

from complaints.models import Complaint
from core import languages


class Edition(TextChoices):
    """Codes are part of the API. INTERNAL: everything; COMPLAINANT: what the complainant may read."""

    INTERNAL = "internal", pgettext_lazy("edition of a case file", "For our own use")
    COMPLAINANT = "complainant", pgettext_lazy("edition of a case file", "For the complainant")


class Form(TextChoices):
    PDF = "pdf", "PDF"
    JSON = "json", "JSON"


TYPES = {Form.PDF: "application/pdf", Form.JSON: "application/json"}


def default_language(complaint: Complaint, edition: str) -> str:
    """The complainant reads theirs in the language of the complaint, we ours in the language of the moment."""
    return languages.code(complaint.language if edition == Edition.COMPLAINANT else None)
