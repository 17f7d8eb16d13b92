"""`/api/v1/sla-policies/`: what is in force, its versions, the draft, what publishing it would do, and "what if".

Managers read, administrators change; the actions are those of the browser. The revision of the draft is the ETag of the
draft and of each of its policies: PATCH demands it, the other changes heed it where it is sent.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from rest_framework.request import Request

from complaints.actions import policies as actions
from complaints.actions import sla_edits
from complaints.api import policy_shapes as shapes
from complaints.models import Complaint, SlaEdit, SlaEditRow, SlaPolicy, SlaVersion
from complaints.reference import catalogue, type_by_code
from complaints.sla import drafts, policies, simulate
from complaints.sla.covering import Covered, covered
from core.access import ADMIN, MANAGER, Access
from core.actions import calendars
from core.api.bodies import Nothing
from core.api.filters import BadValue, Filter, choice, flag, since
from core.api.views import ApiView, ListView, caller
from core.clock import now
from core.errors import DomainError, InvalidInput
from core.models import Calendar, Team, User

IN_CHARGE = Access(roles=frozenset((ADMIN, MANAGER)))
BLANK = {"channel": "", "severity": "", "tier": "", "type": None, "team": None}


class Policies(ListView):
    """The policies in force, in order. With `version` those of another version."""

    access, resource = IN_CHARGE, "sla-policies"
    body: ClassVar = {"POST": shapes.NewPolicyBody}
    answer: ClassVar = shapes.PolicyShape
    success: ClassVar = {"POST": 201}
    ordering: ClassVar = {"position": "position"}
    default_ordering = "position"

    @staticmethod
    def _number(text: str) -> int:
        if not (text.isascii() and text.isdigit() and len(text) < 10):
            raise BadValue("not_a_number", _("A whole number is expected."))
        return int(text)

    filters = (
        Filter(
            "version",
            lambda text: Policies._number(text),
            lambda rows, number: rows.filter(version__number=number),
            description="The number of a version, the draft's too.",
            schema={"type": "integer"},
        ),
    )

    def rows(self, request: Request, *args: Any, **kwargs: Any) -> QuerySet[SlaPolicy]:
        rows = SlaPolicy.objects.select_related("version", "calendar", "team")
        return rows if "version" in request.query_params else rows.filter(version=drafts.versions().in_force)

    def to_dict(self, row: SlaPolicy) -> dict[str, Any]:
        return shapes.policy_dict(row, _hidden(row.version))

    def to_dicts(self, rows: list[Any]) -> list[dict[str, Any]]:
        hidden = _hidden(rows[0].version) if rows else {}
        return [shapes.policy_dict(row, hidden) for row in rows]

    def post(self, request: Request) -> HttpResponse:
        """Add a policy to the open draft. It holds once the draft is published."""
        draft = drafts.versions().draft
        if draft is None:
            raise DomainError(_("There is no draft. Begin one first."), code="no_draft")
        values = _values(self.read(request))
        seen = self.expected_version(request)
        made = actions.add_policy(draft, values, by=self.actor(request), at=now(), seen=seen)
        return _one(self, made, status=201)


class OnePolicy(ApiView):
    """One policy, of any version."""

    access, resource = IN_CHARGE, "sla-policies"
    body: ClassVar = {"PATCH": shapes.NewPolicyBody}
    answer: ClassVar = shapes.PolicyShape

    def get(self, request: Request, policy_id: int) -> HttpResponse:
        return _one(self, self._found(policy_id))

    def patch(self, request: Request, policy_id: int) -> HttpResponse:
        """Change a policy of the draft. 409 `not_a_draft` for one of a published version."""
        one = self._found(policy_id)
        self.require_match(request, drafts.revision(one.version))
        values = _values(self.read(request, partial=True))
        seen = self.expected_version(request)
        return _one(self, actions.change_policy(one, values, by=self.actor(request), at=now(), seen=seen))

    def delete(self, request: Request, policy_id: int) -> HttpResponse:
        """Remove a policy from the draft; the last one stays."""
        one, seen = self._found(policy_id), self.expected_version(request)
        actions.remove_policy(one, by=self.actor(request), at=now(), seen=seen)
        return self.no_content()

    def _found(self, policy_id: int) -> SlaPolicy:
        return self.find(SlaPolicy.objects.select_related("version", "calendar", "team"), pk=policy_id)


class Position(ApiView):
    """Put a policy of the draft at a place; the last one stays last."""

    access, resource = IN_CHARGE, "sla-policies"
    body: ClassVar = shapes.PositionBody
    answer: ClassVar = shapes.PolicyShape

    def post(self, request: Request, policy_id: int) -> HttpResponse:
        one = self.find(SlaPolicy.objects.select_related("version"), pk=policy_id)
        seen = self.expected_version(request)
        to = self.read(request)["position"]
        return _one(self, actions.move_policy(one, to=to, by=self.actor(request), at=now(), seen=seen))


class Versions(ListView):
    """Every version of the list, newest first; the draft has no `published_at`."""

    access, resource = IN_CHARGE, "sla-policies"
    answer = shapes.PolicyListVersion
    filters: ClassVar = (since("created_at", "published_at"),)
    ordering: ClassVar = {"number": "number"}
    default_ordering = "-number"

    def rows(self, request: Request, *args: Any, **kwargs: Any) -> QuerySet[SlaVersion]:
        return SlaVersion.objects.select_related("created_by")

    def to_dict(self, row: SlaVersion) -> dict[str, Any]:
        return shapes.version_dict(row)


class Draft(ApiView):
    """The open draft of the policies and what it changes."""

    access, resource = IN_CHARGE, "sla-policies"
    body: ClassVar = {"POST": Nothing}
    problems = (404,)
    answer: ClassVar = shapes.DraftShape
    success: ClassVar = {"POST": 201}

    def get(self, request: Request) -> HttpResponse:
        return self._shown(self._found())

    def post(self, request: Request) -> HttpResponse:
        """Begin a draft of the policies as a copy of what is in force."""
        self.read(request)
        made = actions.begin_draft(by=self.actor(request), at=now())
        return self._shown(made, status=201)

    def delete(self, request: Request) -> HttpResponse:
        """Discard the draft of the policies. What is in force stays."""
        one, seen = self._found(), self.expected_version(request)
        actions.discard_draft(one, by=self.actor(request), at=now(), seen=seen)
        return self.no_content()

    def _found(self) -> SlaVersion:
        found = drafts.versions().draft
        if found is None:
            raise Http404
        return found

    def _shown(self, draft: SlaVersion, status: int = 200) -> HttpResponse:
        rows = list(
            SlaPolicy.objects.filter(version=draft).select_related("version", "calendar", "team").order_by("position")
        )
        hidden, revision = covered(rows), drafts.revision(draft)
        changes = drafts.differences(policies.book().policies, rows, drafts.origins(draft))
        data = {
            **shapes.version_dict(draft),
            "revision": revision,
            "changes": [shapes.change_dict(one) for one in changes],
            "policies": [shapes.policy_dict(one, hidden) for one in rows],
        }
        location = reverse("api-sla-draft") if status == 201 else ""
        return self.reply(data, status, version=revision, location=location)


class Edits(ListView):
    """Previews and applied changes of the policies and of calendars, newest first."""

    access, resource = IN_CHARGE, "sla-policies"
    body: ClassVar = {"POST": shapes.PreviewBody}
    answer: ClassVar = shapes.EditShape
    success: ClassVar = {"POST": 201}
    filters = (choice("status", SlaEdit.Status.values), since("created_at", "finished_at"))
    ordering: ClassVar = {"id": "pk"}
    default_ordering = "-id"

    def rows(self, request: Request, *args: Any, **kwargs: Any) -> QuerySet[SlaEdit]:
        return _edits()

    def to_dict(self, row: SlaEdit) -> dict[str, Any]:
        return self.to_dicts([row])[0]

    def to_dicts(self, rows: list[Any]) -> list[dict[str, Any]]:
        visible, at = _visible(caller(self.request), rows), now()
        return [shapes.edit_dict(row, visible, at) for row in rows]

    def post(self, request: Request) -> HttpResponse:
        """Preview what publishing the draft would do to open complaints. Nothing is changed before `application/`."""
        given = self.read(request)
        draft = _draft_of(given)
        made = sla_edits.preview(**draft, mode=given["mode"], by=self.actor(request), at=now())
        location = reverse("api-sla-edit", args=[made.pk])
        return self.reply(self.to_dict(_edits().get(pk=made.pk)), 201, location=location)


class OneEdit(ApiView):
    """How far a preview or an applied change is."""

    access, resource = IN_CHARGE, "sla-policies"
    answer: ClassVar = shapes.EditShape

    def get(self, request: Request, edit_id: int) -> HttpResponse:
        return self.reply(_edit(self, self.find(_edits(), pk=edit_id)))

    def delete(self, request: Request, edit_id: int) -> HttpResponse:
        """Drop a preview; the draft stays."""
        sla_edits.drop(self.find(_edits(), pk=edit_id), by=self.actor(request), at=now())
        return self.no_content()


class EditRows(ListView):
    """The deadlines behind the counts of an edit, of complaints you may see."""

    access, resource = IN_CHARGE, "sla-policies"
    answer = shapes.EditRowShape
    filters = (flag("late"), choice("what", shapes.WHATS))
    ordering: ClassVar = {"id": "pk"}
    default_ordering = "id"

    def rows(self, request: Request, *args: Any, **kwargs: Any) -> QuerySet[SlaEditRow]:
        one = self.find(SlaEdit.objects.all(), pk=kwargs["edit_id"])
        found = SlaEditRow.objects.filter(edit=one).select_related("complaint")
        return found.filter(complaint__in=Complaint.objects.visible_to(caller(request)))

    def to_dict(self, row: SlaEditRow) -> dict[str, Any]:
        return shapes.row_dict(row)


class Application(ApiView):
    """Publish what was previewed and take the open complaints along.

    409 `draft_changed`, `in_force_changed` or `preview_outdated` (more than an hour old, or open complaints would fare
    otherwise than was counted): make the preview anew.
    """

    access, resource = IN_CHARGE, "sla-policies"
    body: ClassVar = Nothing
    answer: ClassVar = shapes.EditShape

    def post(self, request: Request, edit_id: int) -> HttpResponse:
        self.read(request)
        one = sla_edits.apply(self.find(_edits(), pk=edit_id), by=self.actor(request), at=now())
        return self.reply(_edit(self, _edits().get(pk=one.pk)))


class Simulate(ApiView):
    """What would happen to a complaint that nobody files. Writes nothing."""

    access, resource = IN_CHARGE, "sla-policies"
    body: ClassVar = shapes.SimulateBody
    answer: ClassVar = shapes.SimulationShape
    idempotent, asks_only = False, True

    def post(self, request: Request) -> HttpResponse:
        given = self.read(request)
        if "team" in given and given["team"] is not None and not Team.objects.filter(pk=given["team"]).exists():
            raise InvalidInput(_("There is no such team."), code="unknown_team", field="team")
        channel = catalogue().channels.get(given["channel"])
        question = simulate.Question(
            type_id=type_by_code(given["type"]).pk,
            channel=given["channel"],
            severity=given.get("severity") or (channel.default_severity if channel else "moderate"),
            received_at=_received_at(given),
            tier=given.get("tier", ""),
            team_id=given.get("team"),
            routed="team" not in given,
            language=given.get("language", ""),
        )
        return self.reply(shapes.simulation_dict(simulate.simulate(question, _book(draft=given.get("draft", False)))))


def _book(*, draft: bool) -> policies.Book:
    if not draft:
        return policies.book()
    version = drafts.versions().draft
    if version is None:
        raise DomainError(_("There is no draft. Begin one first."), code="no_draft")
    return policies.book_of(version)


def _received_at(given: dict[str, Any]) -> Any:
    if "local_time" in given:
        if "received_at" in given:
            said = _("Send received_at or local_time, not both.")
            raise InvalidInput(said, code="ambiguous", field="local_time")
        if "time_zone" not in given:
            said = _("Say on a clock in which time zone.")
            raise InvalidInput(said, code="required", field="time_zone")
        return simulate.instant_of(given["local_time"], given["time_zone"])
    if "time_zone" in given:
        raise InvalidInput(_("A time zone belongs to local_time."), code="required", field="local_time")
    return given.get("received_at") or now()


def _values(given: dict[str, Any]) -> dict[str, Any]:
    """The body as the action takes it: codes and ids become rows, null becomes blank."""
    values: dict[str, Any] = {
        name: BLANK[name] if value is None and name in BLANK else value for name, value in given.items()
    }
    if values.get("type"):
        values["type"] = type_by_code(values["type"])
    if "calendar" in values:
        values["calendar"] = Calendar.objects.filter(pk=values["calendar"]).first()
        if values["calendar"] is None:
            raise InvalidInput(_("There is no calendar with this id."), code="unknown_calendar", field="calendar")
    if values.get("team"):
        values["team"] = Team.objects.filter(pk=values["team"]).first()
        if values["team"] is None:
            raise InvalidInput(_("There is no such team."), code="unknown_team", field="team")
    return values


def _one(view: ApiView, policy: SlaPolicy, status: int = 200) -> HttpResponse:
    """A policy as it is now, of a draft with its revision as ETag."""
    row = SlaPolicy.objects.select_related("version", "calendar", "team").get(pk=policy.pk)
    version = drafts.revision(row.version) if row.version.published_at is None else None
    location = reverse("api-sla-policy", args=[row.pk]) if status == 201 else ""
    return view.reply(shapes.policy_dict(row, _hidden(row.version)), status, version=version, location=location)


def _hidden(version: SlaVersion) -> dict[int, Covered]:
    """Which policies of a version are never reached. Query cost: 1."""
    return covered(list(SlaPolicy.objects.filter(version=version).order_by("position")))


def _edit(view: ApiView, one: SlaEdit) -> dict[str, Any]:
    return shapes.edit_dict(one, _visible(caller(view.request), [one]), now())


def _edits() -> QuerySet[SlaEdit]:
    return SlaEdit.objects.select_related("calendar_version__calendar", "sla_version", "created_by")


def _draft_of(given: dict[str, Any]) -> dict[str, Any]:
    """The draft that a body means, of its calendar or of the policies. Raises InvalidInput or DomainError no_draft."""
    if "calendar" not in given:
        draft = drafts.versions().draft
        if draft is None:
            raise DomainError(_("There is no draft. Begin one first."), code="no_draft")
        return {"sla_version": draft}
    calendar = Calendar.objects.filter(pk=given["calendar"]).first()
    if calendar is None:
        raise InvalidInput(_("There is no calendar with this id."), code="unknown_calendar", field="calendar")
    version = calendars.draft_of(calendar)
    if version is None:
        raise calendars.NoDraft
    return {"calendar_version": version}


def _visible(user: User, edits: Iterable[SlaEdit]) -> frozenset[str]:
    """Which complaints among the examples the caller may see. Query cost: 1."""
    wanted = {example["reference"] for one in edits for example in one.found.get("examples", ())}
    if not wanted:
        return frozenset()
    rows = Complaint.objects.visible_to(user).filter(reference__in=wanted)
    return frozenset(rows.values_list("reference", flat=True))
