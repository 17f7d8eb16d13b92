"""`/api/v1/imports/`: bring files in, see how far they are (ux, Everywhere)."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from core.access import ADMIN, MANAGER, Access
from core.api.bodies import Nothing, Strict
from core.api.fields import Code, Text
from core.api.filters import choice, since
from core.api.parsing import FormParser, parse_field
from core.api.views import ApiView, FileView, ListView
from core.clock import now
from core.errors import InvalidInput
from core.instants import iso
from metrics.importing.uploads import KINDS, known_columns, rejected_lines, suggest
from retention.actions import uploads as actions
from retention.models import Upload, UploadState
from retention.models.uploads import AT_WORK

IN_CHARGE = Access(roles=frozenset((ADMIN, MANAGER)))
PRESETS = sorted({preset for kind in KINDS.values() for preset in kind.presets})


class NewImport(Strict):
    """multipart/form-data. `mapping`: a JSON object, their column -> ours; guessed without one."""

    file = serializers.FileField()
    kind = Code(choices=[(code, code) for code in KINDS])
    preset = Code(choices=[(code, code) for code in PRESETS], required=False)
    source = Text(max_length=40, trim=True, required=False)  # type: ignore[assignment]  # a field: DRF takes it off the class
    encoding = Code(choices=[(code, code) for code in actions.ENCODINGS], required=False)
    mapping = Text(max_length=20_000, required=False)


class ImportShape(serializers.Serializer[Any]):
    id = serializers.CharField()
    kind = serializers.ChoiceField(choices=list(KINDS))
    preset = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]  # a field: DRF takes it off the class
    file_name = serializers.CharField()
    state = serializers.ChoiceField(choices=UploadState.choices)
    mapping = serializers.JSONField(help_text="Their column -> ours, blank where it is left out.")
    total = serializers.IntegerField(help_text="Records; 0 until it was tried.")
    position = serializers.IntegerField(help_text="Records done so far.")
    created = serializers.IntegerField()
    updated = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    rejected = serializers.IntegerField()
    problems = serializers.JSONField(help_text="What was rejected: reason, count, first line.")
    failure = serializers.CharField(allow_blank=True)
    created_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True, help_text="The trial, or once it is committed the import.")
    finished_at = serializers.DateTimeField(allow_null=True)


def shown(row: Upload) -> dict[str, Any]:
    counts = ("total", "position", "created", "updated", "unchanged", "rejected")
    return {
        "id": str(row.pk),
        **{name: getattr(row, name) for name in ("kind", "preset", "source", "file_name", "state", "mapping", *counts)},
        "problems": [{"reason": reason, "count": count, "line": line} for reason, count, line in row.problems],
        "failure": row.failure,
        "created_at": iso(row.created_at),
        "started_at": iso(row.begun_at),
        "finished_at": iso(row.finished_at),
    }


class Imports(ListView):
    """Files brought in, the newest first."""

    access, resource = IN_CHARGE, "imports"
    parser_classes = [FormParser]
    body: ClassVar = {"POST": NewImport}
    answer = ImportShape
    success: ClassVar = {"POST": 201}
    filters = (
        choice("kind", list(KINDS)),
        choice("state", UploadState.values),
        since("created_at", "begun_at", "finished_at", "leased_until"),
    )
    default_ordering = "-id"

    def rows(self, request: Request, *args: Any, **kwargs: Any) -> QuerySet[Upload]:
        return Upload.objects.all()

    def to_dict(self, row: Upload) -> dict[str, Any]:
        return shown(row)

    def post(self, request: Request) -> HttpResponse:
        """Take a file and try it: nothing is written until it is committed. The body is multipart/form-data with one
        `file`."""
        values = self.read(request)
        kind, preset = values["kind"], values.get("preset", "generic")
        if preset not in KINDS[kind].presets:
            raise InvalidInput(_("There is no such preset for this kind."), code="unknown_preset", field="preset")
        mapping = _mapping(values["mapping"]) if "mapping" in values else None
        required, _optional = known_columns(kind, preset)
        made = actions.receive_matched(
            values["file"],
            (lambda header: suggest(header, kind, preset)) if mapping is None else (lambda _header: mapping),
            kind=kind,
            preset=preset,
            source=values.get("source", ""),
            encoding=values.get("encoding", "utf-8"),
            required=required,
            by=self.actor(request),
            at=now(),
        )
        return self.reply(shown(made), 201, location=reverse("api-import", args=[made.pk]))


class OneImport(ApiView):
    """How far an import is, and what was rejected."""

    access, resource = IN_CHARGE, "imports"
    answer: ClassVar = {"GET": ImportShape, "DELETE": ImportShape}
    success: ClassVar = {"DELETE": 200}

    def get(self, request: Request, pk: int) -> HttpResponse:
        return self.reply(shown(self.find(Upload.objects.all(), pk=pk)))

    def delete(self, request: Request, pk: int) -> HttpResponse:
        """Call an import off; what was recorded by then stays."""
        row = self.find(Upload.objects.all(), pk=pk)
        return self.reply(shown(actions.cancel(row, by=self.actor(request), at=now())))


class Commitment(ApiView):
    """Record what was tried."""

    access, resource = IN_CHARGE, "imports"
    body: ClassVar = Nothing
    answer = ImportShape

    def post(self, request: Request, pk: int) -> HttpResponse:
        self.read(request)
        row = self.find(Upload.objects.all(), pk=pk)
        return self.reply(shown(actions.commit(row, by=self.actor(request), at=now())))


class RejectedRecords(FileView):
    """What was rejected, as CSV: line, reason, the record as it came."""

    access, resource = IN_CHARGE, "imports"
    file_types = ("text/csv",)

    @extend_schema(responses={(200, "text/csv"): str})
    def get(self, request: Request, pk: int) -> Any:
        row = self.find(Upload.objects.all(), pk=pk)
        if row.state in AT_WORK or not actions.rejects_of(row).is_file():
            raise Http404
        return StreamingHttpResponse(rejected_lines(row), content_type="text/csv; charset=utf-8")


def _mapping(text: str) -> dict[str, str]:
    """Raises Refusal 400, InvalidInput."""
    found: dict[str, str] = parse_field(text, "mapping")
    if not all(isinstance(value, str) for value in found.values()):
        raise InvalidInput(_("A JSON object of strings is expected."), code="not_an_object", field="mapping")
    return found
