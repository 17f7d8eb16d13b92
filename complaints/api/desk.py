"""The workspace over the API: snooze, saved views, one action on many complaints (ux, Agent's desk 7 and 8)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpResponse, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request

from complaints.actions import bulk, snooze, views
from complaints.actions.bulk_acts import ACTS
from complaints.api import present, states
from complaints.api.act_values import OF_MANY
from complaints.api.changes import State
from complaints.api.complaints import HANDLES_CASES
from complaints.api.shapes import ComplaintShape
from complaints.models import BulkRow, BulkRun, BulkState, Complaint, SavedView
from complaints.web.many import queue, saved
from complaints.web.many.bulk import named
from core.actor import Actor
from core.api.bodies import ByAction, Nothing, Strict, Values
from core.api.fields import Code, Id, Instant, Text
from core.api.filters import choice, since
from core.api.problem import Refusal, below
from core.api.views import ApiView, ListView, caller
from core.clock import now
from core.errors import InvalidInput
from core.models import Team, User

DIRECTIONS = [("up", "up"), ("down", "down")]


class SnoozeBody(Strict):
    """`until` null: until the customer writes."""

    until = Instant(allow_null=True)


class Snooze(State):
    """Put the complaint aside until an instant, or until the customer writes; DELETE takes it back."""

    does: ClassVar = {
        "POST": """Put the complaint aside until an instant, or until the customer writes.

        Deadlines keep running, and it comes back by itself: at its hour, when the customer writes, or when a warning, a
        deadline or a promise rings.
        """,
        "GET": "Whether the complaint is put aside, until when, and by whom.",
    }
    body: ClassVar = {"POST": SnoozeBody}
    answer: ClassVar = {"POST": ComplaintShape, "GET": states.SnoozeShape, "DELETE": ComplaintShape}

    def told(self, complaint: Complaint) -> dict[str, Any]:
        return states.snooze(complaint)

    def act(self, complaint: Complaint, values: dict[str, Any], by: Actor) -> Complaint:
        return snooze.snooze(complaint, by=by, at=now(), until=values["until"])

    def delete(self, request: Request, reference: str) -> HttpResponse:
        """Take the complaint up again before the snooze ends."""
        return self.shown(snooze.wake(self.seen(request, reference), by=self.actor(request), at=now()))


class Question(serializers.DictField):
    """View, filters and order of the queue by the names in its address: {"view": "all", "channel": "phone"}."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(child=Text(max_length=views.LONGEST_VALUE), **kwargs)


class ViewBody(Strict):
    """`circle`: me, team (then `team` says which), all."""

    name = Text(max_length=views.LONGEST_NAME, trim=True)
    query = Question()
    circle = Code(choices=[(one, one) for one in views.CIRCLES], required=False)
    team = Id(required=False, allow_null=True)


class ViewPositionBody(Strict):
    direction = Code(choices=DIRECTIONS)


class ViewShape(serializers.Serializer[Any]):
    id = serializers.CharField()
    name = serializers.CharField()
    circle = serializers.ChoiceField(choices=[(one, one) for one in views.CIRCLES])
    team = serializers.CharField(allow_null=True)
    query = serializers.DictField(child=serializers.CharField())
    position = serializers.IntegerField()
    may_change = serializers.BooleanField()
    lost = serializers.ListField(
        child=serializers.CharField(), help_text="What of its query no longer exists, in words; the rest still holds."
    )
    version = serializers.IntegerField()


class Views(ListView):
    """The caller's saved views."""

    access, resource = HANDLES_CASES, "views"
    body: ClassVar = {"POST": ViewBody}
    answer = ViewShape
    success: ClassVar = {"POST": 201}
    filters = (since("created_at", trail=True),)
    ordering: ClassVar = {"id": "pk", "position": "position"}
    default_ordering = "position"

    def rows(self, request: Request, *args: Any, **kwargs: Any) -> QuerySet[SavedView]:
        found: QuerySet[SavedView] = saved.visible(caller(request))
        return found

    def to_dict(self, row: SavedView) -> dict[str, Any]:
        return shown(row, caller(self.request))

    def post(self, request: Request) -> HttpResponse:
        """Save a view: a question to the queue under a name."""
        values, user = self.read(request), caller(request)
        values["query"] = _plain(values["query"], user).plain()
        team = _team(values.pop("team", None))
        view = views.save(by=self.actor(request), at=now(), team=team, **values)
        place = reverse("api-view", args=[view.pk])
        return self.reply(shown(view, user), 201, location=place, version=view.version)


class OneView(ApiView):
    """One saved view."""

    access, resource = HANDLES_CASES, "views"
    body: ClassVar = {"PATCH": ViewBody}
    answer: ClassVar = {"GET": ViewShape, "PATCH": ViewShape}

    def get(self, request: Request, pk: int) -> HttpResponse:
        user = caller(request)
        row = self.find(saved.visible(user), pk=pk)
        return self.reply(shown(row, user), version=row.version)

    def patch(self, request: Request, pk: int) -> HttpResponse:
        """Change a saved view (`If-Match` required)."""
        user = caller(request)
        row = self.find(saved.visible(user), pk=pk)
        self.require_match(request, row.version)
        values = self.read(request, partial=True)
        if "query" in values:
            values["query"] = _plain(values["query"], user).plain()
        if "team" in values:
            values["team"] = _team(values["team"])
        seen = self.expected_version(request)
        try:
            row = views.change(row, values, by=self.actor(request), at=now(), version=seen)
        except views.Stale as stale:
            raise Refusal(412, "precondition_failed", str(stale)) from stale
        return self.reply(shown(row, user), version=row.version)

    def delete(self, request: Request, pk: int) -> HttpResponse:
        """Throw a saved view away; for a day `restoration/` brings it back."""
        views.remove(self.find(saved.visible(caller(request)), pk=pk), by=self.actor(request), at=now())
        return self.no_content()


class ViewPosition(ApiView):
    """Let a view change places with its neighbour in its circle; nothing happens at the end of it."""

    access, resource = HANDLES_CASES, "views"
    body: ClassVar = {"POST": ViewPositionBody}
    answer = ViewShape

    def post(self, request: Request, pk: int) -> HttpResponse:
        user = caller(request)
        row = self.find(saved.visible(user), pk=pk)
        views.move(row, up=self.read(request)["direction"] == "up", by=self.actor(request), at=now())
        return self.reply(shown(saved.visible(user).get(pk=pk), user))


class ViewRestoration(ApiView):
    """Bring back a view that was thrown away within the last day."""

    access, resource = HANDLES_CASES, "views"
    body: ClassVar = {"POST": Nothing}
    answer = ViewShape

    def post(self, request: Request, pk: int) -> HttpResponse:
        user = caller(request)
        row = self.find(saved.visible(user, removed=True), pk=pk)
        self.read(request)
        return self.reply(shown(views.restore(row, by=self.actor(request), at=now()), user))


class BulkBody(ByAction):
    """The complaints by `references`, or all that `query` lists; `values`: what the action needs, as for one."""

    rules: ClassVar = {"oneOf": [{"required": ["references"]}, {"required": ["query"]}]}

    action = Code(choices=[(key, str(key)) for key in ACTS])
    references = serializers.ListField(child=Text(max_length=16, trim=True), required=False, max_length=bulk.MOST)
    query = Question(required=False)
    values = Values(OF_MANY, required=False)


class BulkShape(serializers.Serializer[Any]):
    id = serializers.CharField()
    action = serializers.CharField()
    state = serializers.ChoiceField(choices=BulkState.choices)
    total = serializers.IntegerField()
    done = serializers.IntegerField()
    refused = serializers.IntegerField()
    undone = serializers.IntegerField()
    not_undone = serializers.IntegerField()
    missing = serializers.ListField(child=serializers.CharField(), help_text="References that are not there.")
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)
    undo_until = serializers.DateTimeField(allow_null=True, help_text="DELETE takes it back until then.")


class BulkRowShape(serializers.Serializer[Any]):
    reference = serializers.CharField(allow_null=True, help_text="null: no longer visible to the caller.")
    state = serializers.ChoiceField(choices=[(one, one) for one in ("waiting", "done", "refused", "undone", "kept")])
    code = serializers.CharField(allow_null=True, help_text="Why it was refused, or could not be undone.")
    message = serializers.CharField(allow_null=True)


class Bulks(ListView):
    """The caller's changes of many complaints, newest first."""

    access, resource = HANDLES_CASES, "complaints"
    body: ClassVar = {"POST": BulkBody}
    answer = BulkShape
    success: ClassVar = {"POST": 201}
    filters = (
        choice("state", BulkState.values),
        choice("action", tuple(ACTS)),
        since("created_at", "finished_at", "held_until"),
    )
    ordering: ClassVar = {"id": "pk"}
    default_ordering = "-id"

    def rows(self, request: Request, *args: Any, **kwargs: Any) -> QuerySet[BulkRun]:
        return BulkRun.objects.filter(by=caller(request))

    def to_dict(self, row: BulkRun) -> dict[str, Any]:
        return run_shown(row)

    def post(self, request: Request) -> HttpResponse:
        """Begin one change of many complaints, chosen by `references` or by `query`. Up to 25 are done when it answers,
        more soon after; each is allowed or refused by itself."""
        values, user, at = self.read(request), caller(request), now()
        references, question = values.get("references"), values.get("query")
        if (references is None) is (question is None):
            said = _("Give references or a query, not both.")
            raise InvalidInput(said, code="references_or_query", field="references")
        if question is not None:
            keys = [pk for pk, _reference in queue.matching(_plain(question, user), user, at, bulk.MOST + 1)]
            missing: list[str] = []
        else:
            keys, missing = named(list(dict.fromkeys(references or ())), user)
        by = self.actor(request)
        action, given = values["action"], values.get("values", {})
        with below("values", ACTS[action].fields):
            run = bulk.begin(by=by, at=at, action=action, values=given, complaints=keys, missing=missing)
        return self.reply(run_shown(_carried_on(run)), 201, location=reverse("api-bulk-run", args=[run.pk]))


class OneBulk(ApiView):
    """How far a change of many is."""

    access, resource = HANDLES_CASES, "complaints"
    answer: ClassVar = {"GET": BulkShape, "DELETE": BulkShape}
    success: ClassVar = {"DELETE": 200}

    def get(self, request: Request, pk: int) -> HttpResponse:
        return self.reply(run_shown(self.own(request, pk)))

    def delete(self, request: Request, pk: int) -> HttpResponse:
        """Undo a change of many where that is possible, until `undo_until`."""
        run = bulk.undo(self.own(request, pk), by=self.actor(request), at=now())
        return self.reply(run_shown(_carried_on(run)))

    def own(self, request: Request, pk: int) -> BulkRun:
        return self.find(BulkRun.objects.select_related("by").filter(by=caller(request)), pk=pk)


class BulkRows(ListView):
    """What came of each complaint of a change of many."""

    access, resource = HANDLES_CASES, "complaints"
    answer = BulkRowShape
    filters = ()
    ordering: ClassVar = {"id": "pk"}
    default_ordering = "id"

    def rows(self, request: Request, *args: Any, **kwargs: Any) -> QuerySet[BulkRow]:
        run = self.find(BulkRun.objects.filter(by=caller(request)), pk=kwargs["pk"])
        return BulkRow.objects.filter(run=run).select_related("complaint")

    def to_dicts(self, rows: list[Any]) -> list[dict[str, Any]]:
        """A case that left the caller's sight is not named any more. Query cost: 1 a page."""
        keys = [row.complaint_id for row in rows]
        seen = Complaint.objects.visible_to(caller(self.request)).filter(pk__in=keys)
        visible = set(seen.values_list("pk", flat=True))
        return [row_shown(row, row.complaint_id in visible) for row in rows]


def _plain(question: dict[str, str], user: User) -> queue.Asked:
    """What a query asks the queue. Raises InvalidInput invalid_query for what makes no sense."""
    params = QueryDict(mutable=True)
    params.update(question)
    asked = queue.ask(params, user)
    if asked.problems:
        raise InvalidInput(" ".join(asked.problems), code="invalid_query", field="query")
    return asked


def _team(key: int | None) -> Team | None:
    if key is None:
        return None
    team = Team.objects.filter(pk=key).first()
    if team is None:
        raise InvalidInput(_("There is no team with this id."), code="unknown_team", field="team")
    return team


def _carried_on(run: BulkRun) -> BulkRun:
    if bulk.is_small(run):
        bulk.carry_on(run, seconds=20)
        run.refresh_from_db()
    return run


def shown(row: SavedView, user: User) -> dict[str, Any]:
    one = saved.Saved.of(row, user)
    return {
        "id": str(row.pk),
        "name": one.name,
        "circle": one.circle,
        "team": str(one.team_id) if one.team_id else None,
        "query": one.query,
        "position": row.position,
        "may_change": one.may_change,
        "lost": queue.read(one.query, user).problems,
        "version": one.version,
    }


def run_shown(run: BulkRun) -> dict[str, Any]:
    """Query cost: 1."""
    how = bulk.progress(run)
    return {
        "id": str(run.pk),
        "action": run.action,
        "state": run.state,
        "total": how.total,
        "done": how.done,
        "refused": how.refused,
        "undone": how.undone,
        "not_undone": how.kept,
        "missing": run.missing,
        "created_at": present.instant(run.created_at),
        "finished_at": present.instant(run.finished_at),
        "undo_until": present.instant(_undo_until(run)),
    }


def _undo_until(run: BulkRun) -> datetime | None:
    return run.undo_until if bulk.undoable(run, at=now()) else None


def row_shown(row: BulkRow, visible: bool) -> dict[str, Any]:
    state = "waiting"
    if row.code:
        state = "refused"
    elif row.undone_at is not None:
        state = "undone"
    elif row.undo_code:
        state = "kept"
    elif row.done_at is not None:
        state = "done"
    return {
        "reference": row.complaint.reference if visible else None,
        "state": state,
        "code": row.code or row.undo_code or None,
        "message": row.message or None,
    }
