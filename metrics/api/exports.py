"""`/api/v1/exports/`: a whole list as a file, written in the background (interface)."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import Http404, HttpResponse, HttpResponseBase, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request

from core.access import ADMIN, CASES, Access
from core.api.authentication import Token
from core.api.bodies import Strict
from core.api.fields import Code, Text
from core.api.filters import choice, since
from core.api.permissions import check_scope
from core.api.problem import FieldError, bad_input
from core.api.views import ApiView, FileView, ListView, caller
from core.clock import now
from core.downloads import download
from core.instants import iso
from metrics.actions import exports as actions
from metrics.exporting.resources import RESOURCES
from metrics.models import Export, ExportFormat, ExportState

EXPORTERS = Access(roles=frozenset((*CASES, ADMIN)))


class NewExport(Strict):
    """`filters`: those of the list, by name; one that may be repeated takes a list. `fields`: all without."""

    resource = Code(choices=[(name, name) for name in RESOURCES])
    format = Code(choices=ExportFormat.choices)
    filters = serializers.DictField(required=False)
    fields = serializers.ListField(  # type: ignore[assignment]  # a field: DRF takes it off the class
        child=Text(max_length=80), required=False, allow_empty=False, max_length=actions.MOST_FIELDS
    )


class ExportShape(serializers.Serializer[Any]):
    id = serializers.CharField()
    resource = serializers.ChoiceField(choices=list(RESOURCES))
    format = serializers.ChoiceField(choices=ExportFormat.choices)
    filters = serializers.DictField(child=serializers.ListField(child=serializers.CharField()))
    fields = serializers.ListField(child=serializers.CharField(), help_text="Empty: all.")  # type: ignore[assignment]  # a field: DRF takes it off the class
    state = serializers.ChoiceField(choices=ExportState.choices)
    total = serializers.IntegerField(help_text="Rows to look at, about; 0 until it has begun.")
    position = serializers.IntegerField(help_text="Rows looked at so far.")
    rows = serializers.IntegerField(help_text="Rows in the file so far.")
    size = serializers.IntegerField(help_text="Bytes of the finished file.")
    sha256 = serializers.CharField(allow_blank=True, help_text="Of the finished file, in hexadecimal; also its ETag.")
    failure = serializers.CharField(allow_blank=True)
    created_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)
    expires_at = serializers.DateTimeField(allow_null=True, help_text="The file is kept until then.")
    content_url = serializers.URLField(allow_null=True, help_text="The file, once it is done.")


def shown(row: Export, view: ApiView) -> dict[str, Any]:
    address = reverse("api-export-content", args=[row.pk])
    given = QueryDict(row.query)
    return {
        "id": str(row.pk),
        "resource": row.resource,
        "format": row.format,
        "filters": {name: given.getlist(name) for name in given},
        "fields": row.fields,
        "state": row.state,
        "total": row.total,
        "position": row.position,
        "rows": row.lines,
        "size": row.size,
        "sha256": row.sha256,
        "failure": row.failure,
        "created_at": iso(row.created_at),
        "started_at": iso(row.begun_at),
        "finished_at": iso(row.finished_at),
        "expires_at": iso(row.expires_at),
        "content_url": view.request.build_absolute_uri(address) if actions.is_ready(row, at=now()) else None,
    }


class Exports(ListView):
    """The caller's exports, the newest first. Nobody else sees them."""

    access, resource = EXPORTERS, "exports"
    body: ClassVar = {"POST": NewExport}
    answer = ExportShape
    success: ClassVar = {"POST": 202}
    filters = (
        choice("state", ExportState.values),
        choice("resource", list(RESOURCES)),
        since("created_at", "begun_at", "finished_at", "leased_until"),
    )
    default_ordering = "-id"

    def rows(self, request: Request, *args: Any, **kwargs: Any) -> QuerySet[Export]:
        return Export.objects.filter(by=caller(request))

    def to_dict(self, row: Export) -> dict[str, Any]:
        return shown(row, self)

    def post(self, request: Request) -> HttpResponse:
        """Ask for a whole list as a file; a job writes it soon. The file holds the rows that the list shows the caller,
        whole: no page, no cap, in the order of their ids; what is added while it is written is not part of it. A token
        needs the right to read the resource too."""
        values = self.read(request)
        refuse_unless_covered(request, values["resource"])
        values["filters"] = _texts(values.get("filters", {}))
        made = actions.start(values.pop("resource"), by=self.actor(request), at=now(), **values)
        return self.reply(shown(made, self), 202, location=reverse("api-export", args=[made.pk]))


class _Own(ApiView):
    """One export of the caller's own: for others it is not there."""

    access, resource = EXPORTERS, "exports"

    def own(self, request: Request, pk: int) -> Export:
        return self.find(Export.objects.filter(by=caller(request)), pk=pk)


class OneExport(_Own):
    """How far an export is."""

    answer: ClassVar = {"GET": ExportShape, "DELETE": ExportShape}
    success: ClassVar = {"DELETE": 200}

    def get(self, request: Request, pk: int) -> HttpResponse:
        return self.reply(shown(self.own(request, pk), self))

    def delete(self, request: Request, pk: int) -> HttpResponse:
        """Call an export off, or throw the finished file away."""
        row = actions.cancel(self.own(request, pk), by=self.actor(request), at=now())
        return self.reply(shown(row, self))


class ExportContent(_Own, FileView):
    """The finished file.

    A download that broke off goes on with `Range` (and `If-Range` with the ETag): 206, or 416 behind its end. 404
    before it is done and once it is no longer kept.
    """

    file_types = ("application/x-ndjson", "text/csv")

    def get(self, request: Request, pk: int) -> HttpResponseBase:
        row = self.own(request, pk)
        refuse_unless_covered(request, row.resource)
        if not actions.is_ready(row, at=now()):
            raise Http404
        return download(request._request, row, opened=lambda: actions.opened(row))


def refuse_unless_covered(request: Request, resource: str) -> None:
    """A token that may export must also be one that may read what it exports. Raises Refusal 403."""
    if isinstance(request.auth, Token):
        check_scope(request, request.auth, RESOURCES[resource].scope, "GET")


def _texts(filters: dict[str, Any]) -> dict[str, list[str]]:
    """Filters as a query string has them. Raises Refusal 400 for what could not stand in one."""
    found, wrong = {}, []
    for name, value in filters.items():
        values = value if isinstance(value, list) else [value]
        if not values or not all(isinstance(one, str | int) for one in values):
            said = _("Text, a number, true or false, or a list of them is expected.")
            wrong.append(FieldError(f"/filters/{name[:80]}", "invalid", said))
            continue
        found[name] = [("true" if one else "false") if isinstance(one, bool) else str(one) for one in values]
    if wrong:
        raise bad_input(wrong)
    return found
