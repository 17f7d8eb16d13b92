"""The whole case as one file: `/api/v1/complaints/{reference}/case-file/` (mission E1)."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request

from complaints.api.case_file_shapes import CaseFileShape
from complaints.api.complaints import HANDLES_CASES
from complaints.casefile.editions import TYPES, Edition, Form, default_language
from complaints.casefile.making import CaseFile, make
from complaints.models import Complaint
from core.api.problem import bad_parameter
from core.api.rendering import JsonOnly
from core.api.views import ApiView, caller
from core.clock import now

LANGUAGES = [code for code, _name in settings.LANGUAGES]
QUERY: Any = OpenApiParameter.QUERY


class JsonOrPdf(JsonOnly):
    """The API speaks JSON; here also PDF, to whoever accepts nothing else."""

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        if _wants_pdf(request):
            return renderers[0], renderers[0].media_type
        return super().select_renderer(request, renderers, format_suffix)


def _wants_pdf(request: Request) -> bool:
    """`Accept` names PDF, and names it before JSON if that too."""
    named = [part.partition(";")[0].strip().lower() for part in request.META.get("HTTP_ACCEPT", "").split(",")]
    known = [one for one in named if one in TYPES.values()]
    return bool(known) and known[0] == TYPES[Form.PDF]


def response_of(file: CaseFile) -> HttpResponse:
    """The file, to be saved, kept by nobody on the way."""
    response = HttpResponse(file.content, content_type=file.content_type)
    response["Content-Disposition"] = content_disposition_header(True, file.name) or "attachment"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response


class CaseFileOf(ApiView):
    """The whole case as JSON or PDF, in an edition for ourselves or for the complainant.

    Each call is noted on the trail of the case (`complaint.case_file_made`). 409 `case_file_too_large` above 20,000
    messages and trail entries; 503 while as many as may are being made.
    """

    access, resource, answer = HANDLES_CASES, "complaints", CaseFileShape
    content_negotiation_class = JsonOrPdf
    http_method_names = ["get", "options"]
    parameters = ("edition", "language", "format")
    is_file = True

    @extend_schema(
        parameters=[
            OpenApiParameter(
                "edition",
                str,
                QUERY,
                enum=Edition.values,
                default=str(Edition.INTERNAL),
                description="complainant: without notes and staff-only facts.",
            ),
            OpenApiParameter(
                "language",
                str,
                QUERY,
                enum=LANGUAGES,
                description="Of titles and words; left out: the caller's, for the complainant the complaint's.",
            ),
            OpenApiParameter(
                "format", str, QUERY, enum=Form.values, description="Goes before Accept; left out: JSON unless PDF is."
            ),
        ],
        responses={
            (200, "application/json"): CaseFileShape,
            (200, "application/pdf"): OpenApiResponse(OpenApiTypes.BINARY, description="PDF/A, tagged."),
        },
    )
    def get(self, request: Request, reference: str) -> HttpResponse:
        complaint = self.find(
            Complaint.objects.visible_to(caller(request)).select_related("narrative"), reference=reference
        )
        edition = _one_of(request, "edition", Edition.values, str(Edition.INTERNAL))
        language = _one_of(request, "language", LANGUAGES, default_language(complaint, edition))
        form = _one_of(request, "format", Form.values, str(Form.PDF if _wants_pdf(request) else Form.JSON))
        file = make(complaint, by=self.actor(request), at=now(), edition=edition, language=language, form=form)
        return response_of(file)


def _one_of(request: Request, name: str, values: list[str], otherwise: str) -> str:
    given = request.query_params.get(name)
    if given is None:
        return otherwise
    if given not in values:
        raise bad_parameter(name, "unknown_code", _("This is not one of: %(known)s.") % {"known": ", ".join(values)})
    return given
