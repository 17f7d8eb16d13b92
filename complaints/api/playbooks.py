"""`/api/v1/playbooks/`: versioned procedures, their drafts, publications and readers (mission A6)."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import Prefetch, QuerySet
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from rest_framework.request import Request

from complaints.actions import playbooks as actions
from complaints.actions import readings
from complaints.api import playbook_shapes as shapes
from complaints.models import Playbook, PlaybookVersion
from complaints.playbooks import reading
from complaints.reference import catalogue, type_by_code
from core.access import ADMIN, CASES, LEAD, MANAGER, Access
from core.actions.settings import Stale
from core.api.filters import BadValue, Filter, flag, since
from core.api.pagination import whole_list
from core.api.problem import Refusal
from core.api.views import ApiView, ListView, caller
from core.clock import now
from core.errors import InvalidInput
from core.instants import iso

READS = Access(roles=frozenset((*CASES, ADMIN)))
WRITES = Access(roles=frozenset((MANAGER, ADMIN)))
SEES_READERS = Access(roles=frozenset((LEAD, MANAGER, ADMIN)))
HANDLES_CASES = Access(roles=frozenset(CASES))


def rows() -> QuerySet[Playbook]:
    """Playbooks with their versions, the newest first. Query cost: 2."""
    versions = PlaybookVersion.objects.order_by("-number")
    return Playbook.objects.select_related("type").prefetch_related(Prefetch("versions", versions, to_attr="newest"))


def shown(row: Any) -> dict[str, Any]:
    draft = next((one for one in row.newest if one.published_at is None), None)
    in_force = next((one for one in row.newest if one.published_at is not None), None)
    return {
        "id": str(row.pk),
        "name": row.label,
        "names": row.names,
        "type": row.type.code if row.type is not None else None,
        "is_active": row.is_active,
        "in_force": shapes.playbook_version(in_force) if in_force is not None else None,
        "draft": draft.number if draft is not None else None,
        "version": row.version,
    }


def steps_of(given: dict[str, Any]) -> dict[str, Any]:
    """What a body says of the draft, as the action takes it."""
    return {name: given[name] for name in ("steps", "customer_part", "blocks_resolving") if name in given}


class _One(ApiView):
    """Something of one playbook."""

    access, resource = READS, "playbooks"

    def row(self, pk: int) -> Playbook:
        return self.find(Playbook.objects.all(), pk=pk)

    def unless_stale(self, run: Any) -> Any:
        """What `run` gives; that somebody was faster is 412. Raises Refusal."""
        try:
            return run()
        except Stale as stale:
            raise Refusal(412, "precondition_failed", str(stale)) from None

    def whole(self, pk: int, status: int = 200) -> HttpResponse:
        row: Any = rows().get(pk=pk)
        location = reverse("api-playbook", args=[pk]) if status == 201 else ""
        return self.reply(shown(row), status, version=row.version, location=location)


def of_type(column: str) -> Filter:
    """`type`: any of some complaint types by their codes, in use or not; may be repeated."""

    def parse(code: str) -> str:
        if code not in catalogue().types:
            raise BadValue("unknown_type", _("There is no complaint type with this code."))
        return code

    return Filter("type", parse, lambda rows, codes: rows.filter(**{f"{column}__in": codes}), many=True)


class Playbooks(ListView):
    """All playbooks with what is in force."""

    access, resource = READS, "playbooks"
    body: ClassVar = {"POST": shapes.NewPlaybook}
    answer = shapes.PlaybookShape
    success: ClassVar = {"POST": 201}
    filters = (flag("is_active"), of_type("type__code"))
    ordering: ClassVar = {"name": "name", "id": "pk"}
    default_ordering = "id"

    def rows(self, request: Request, *args: Any, **kwargs: Any) -> QuerySet[Playbook]:
        return rows()

    def to_dict(self, row: Playbook) -> dict[str, Any]:
        return shown(row)

    def post(self, request: Request) -> HttpResponse:
        """Make a playbook with its first draft (managers and administrators)."""
        given = self.read(request)
        by, at = self.actor(request), now()
        chosen = type_by_code(given["type"]) if given.get("type") else None
        made = actions.create(given["names"], type=chosen, by=by, at=at)
        if draft := steps_of(given):
            actions.save_draft(made, **draft, by=by, at=at)
        row: Any = rows().get(pk=made.pk)
        location = reverse("api-playbook", args=[made.pk])
        return self.reply(shown(row), 201, version=row.version, location=location)


class OnePlaybook(_One):
    """One playbook."""

    body: ClassVar = {"PATCH": shapes.PlaybookPatch}
    answer = shapes.PlaybookShape

    def get(self, request: Request, pk: int) -> HttpResponse:
        row: Any = self.find(rows(), pk=pk)
        return self.reply(shown(row), version=row.version)

    def patch(self, request: Request, pk: int) -> HttpResponse:
        """Rename a playbook or take it out of use (managers and administrators, `If-Match` required)."""
        row = self.row(pk)
        self.require_match(request, row.version)
        values, seen = self.read(request), self.expected_version(request)
        self.unless_stale(lambda: actions.change(row, values, seen=seen, by=self.actor(request), at=now()))
        return self.whole(pk)


class Versions(ListView):
    """The published versions of a playbook, newest first. They never change."""

    access, resource = READS, "playbooks"
    answer = shapes.PlaybookVersionShape
    filters: ClassVar = (since("created_at", "published_at"),)
    ordering: ClassVar = {"number": "number"}
    default_ordering = "-number"

    def rows(self, request: Request, *args: Any, **kwargs: Any) -> QuerySet[PlaybookVersion]:
        one = self.find(Playbook.objects.all(), pk=kwargs["pk"])
        return PlaybookVersion.objects.filter(playbook=one, published_at__isnull=False)

    def to_dict(self, row: PlaybookVersion) -> dict[str, Any]:
        return shapes.playbook_version(row)


class Draft(_One):
    """Read the draft of a playbook's next version. 404 where there is none."""

    access = WRITES
    body: ClassVar = {"PUT": shapes.PlaybookDraftBody}
    answer: ClassVar = {"GET": shapes.PlaybookVersionShape, "PUT": shapes.PlaybookVersionShape}
    success: ClassVar = {"DELETE": 204}

    def get(self, request: Request, pk: int) -> HttpResponse:
        row = self.row(pk)
        draft = actions.draft_of(row)
        if draft is None:
            raise Http404
        return self.reply(shapes.playbook_version(draft), version=row.version)

    def put(self, request: Request, pk: int) -> HttpResponse:
        """Begin the draft as a copy of what is in force and change what is given. `If-Match` is heeded where it is
        sent."""
        row, given, seen = self.row(pk), self.read(request), self.expected_version(request)
        by = self.actor(request)
        draft = self.unless_stale(lambda: actions.save_draft(row, **steps_of(given), seen=seen, by=by, at=now()))
        return self.reply(shapes.playbook_version(draft), version=self.row(pk).version)

    def delete(self, request: Request, pk: int) -> HttpResponse:
        """Throw a playbook's draft away. The version in force stays. `If-Match` is heeded where it is sent."""
        row, seen = self.row(pk), self.expected_version(request)
        self.unless_stale(lambda: actions.discard_draft(row, seen=seen, by=self.actor(request), at=now()))
        return self.no_content()


class Publication(_One):
    """Put the draft in force; everybody who takes cases is told and confirms having read it."""

    access = WRITES
    body: ClassVar = {"POST": shapes.PublicationBody}
    answer = shapes.PlaybookVersionShape
    success: ClassVar = {"POST": 201}

    def post(self, request: Request, pk: int) -> HttpResponse:
        row, seen = self.row(pk), self.expected_version(request)
        words = self.read(request).get("what_changed", "")
        by = self.actor(request)
        made = self.unless_stale(lambda: actions.publish(row, what_changed=words, seen=seen, by=by, at=now()))
        return self.reply(shapes.playbook_version(made), 201, version=self.row(pk).version)


class Readings(_One):
    """Who has confirmed the playbook in force. Leads see the teams they lead."""

    access = READS
    body: ClassVar = {"POST": shapes.ConfirmationBody}
    answer: ClassVar = {"GET": shapes.ReadersShape, "POST": shapes.ConfirmationShape}

    def get(self, request: Request, pk: int) -> HttpResponse:
        refuse_unless_sees_readers(request)
        version = actions.newest(self.row(pk))
        if version is None:
            raise Http404
        standing = reading.standing(reading.PLAYBOOK, version.pk, caller(request))
        return self.reply(shapes.readers(standing, version.number))

    def post(self, request: Request, pk: int) -> HttpResponse:
        """Confirm that the caller has read the playbook in force."""
        versions = PlaybookVersion.objects.filter(playbook=self.row(pk), published_at__isnull=False)
        version = numbered(versions, self.read(request).get("number"))
        made = readings.confirm(version, by=self.actor(request), at=now())
        return self.reply({"number": version.number, "confirmed_at": iso(made.at)})


class ToRead(ApiView):
    """What the caller has to read, what is open first."""

    access, resource = HANDLES_CASES, "playbooks"
    answer = shapes.ToReadList

    def get(self, request: Request) -> HttpResponse:
        found = [
            {
                "kind": item.kind,
                "id": str(item.id),
                "number": item.number,
                "title": item.title,
                "what_changed": item.what_changed,
                "published_at": iso(item.published_at),
                "confirmed_at": iso(at) if at else None,
            }
            for item, at in reading.of(caller(request))
        ]
        return self.reply(whole_list(found))


def refuse_unless_sees_readers(request: Request) -> None:
    """Who has read what is for leads, managers and administrators. Raises Refusal 403."""
    if not SEES_READERS.permits(caller(request)):
        raise Refusal(403, "not_allowed", _("Leads, managers and administrators see who has read it."))


def numbered(versions: QuerySet[Any], number: str | None) -> Any:
    """The published version of that number, else the newest. Raises Http404 or InvalidInput invalid_number."""
    if number is None:
        found = versions.order_by("-number").first()
    elif number.isascii() and number.isdigit():
        found = versions.filter(number=int(number)).first()
    else:
        raise InvalidInput(_("This is not the number of a version."), code="invalid_number", field="number")
    if found is None:
        raise Http404
    return found


def types_of(codes: list[str]) -> list[Any]:
    """The types under these codes. Raises InvalidInput unknown_type."""
    known = catalogue().types
    if strange := [code for code in codes if code not in known]:
        message = _("There is no complaint type “%(code)s”.") % {"code": strange[0][:40]}
        raise InvalidInput(message, code="unknown_type", field="types")
    return [known[code] for code in dict.fromkeys(codes)]
