"""`/drafts/`: the caller's own texts that are not sent yet, one for each place."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from rest_framework import serializers
from rest_framework.request import Request

from core.access import Access
from core.actions import drafts
from core.api.bodies import Strict
from core.api.fields import Text, Whole
from core.api.filters import SINCE
from core.api.views import ApiView, ListView, caller
from core.clock import now
from core.instants import iso
from core.models import Draft

ANYBODY = Access()


class UnsentBody(Strict):
    body = Text(max_length=drafts.LONGEST, allow_blank=True)
    revision = Whole(min_value=0, max_value=1_000_000_000, required=False)
    device = Text(max_length=40, required=False, allow_blank=True)


class UnsentShape(serializers.Serializer[Any]):
    place = serializers.CharField(help_text="`reply:` or `note:` and a reference, or `intake`.")
    body = serializers.CharField(allow_blank=True)
    revision = serializers.IntegerField(help_text="Send back the one you have read; another one is refused with 409.")
    device = serializers.CharField(allow_blank=True)
    updated_at = serializers.DateTimeField()


class Drafts(ListView):
    """The caller's own drafts."""

    access, resource = ANYBODY, "drafts"
    answer = UnsentShape
    filters: ClassVar = (SINCE,)
    ordering: ClassVar = {"updated_at": "updated_at"}
    default_ordering = "-updated_at"

    def rows(self, request: Request, *args: Any, **kwargs: Any) -> QuerySet[Draft]:
        return Draft.objects.filter(user=caller(request))

    def to_dict(self, row: Draft) -> dict[str, Any]:
        return _shown(row)


class OneDraft(ApiView):
    """One of the caller's drafts."""

    access, resource = ANYBODY, "drafts"
    body: ClassVar = {"PUT": UnsentBody}
    answer = UnsentShape

    def get(self, request: Request, place: str) -> HttpResponse:
        return self.reply(_shown(self.find(Draft.objects.filter(user=caller(request)), place=place)))

    def put(self, request: Request, place: str) -> HttpResponse:
        """Keep a text that is not sent yet. 409 `draft_changed` when another device saved a different one since
        `revision`."""
        if not drafts.PLACE.fullmatch(place):
            raise Http404
        kept = drafts.save(caller(request), place, at=now(), **self.read(request))
        return self.reply(_shown(kept)) if kept is not None else self.no_content()

    def delete(self, request: Request, place: str) -> HttpResponse:
        """Throw a draft away."""
        self.find(Draft.objects.filter(user=caller(request)), place=place)
        drafts.clear(caller(request), place)
        return self.no_content()


def _shown(row: Draft) -> dict[str, Any]:
    return {
        "place": row.place,
        "body": row.body,
        "revision": row.revision,
        "device": row.device,
        "updated_at": iso(row.updated_at),
    }
