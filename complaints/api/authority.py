"""`/api/v1/authority/`: the limits in force, their versions, the draft, its publication, and "what if".

Managers read, administrators change; the actions are those of the browser. The revision of the draft is the ETag of the
draft and of each of its limits: PATCH demands it, the other changes heed it where it is sent.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from rest_framework.request import Request

from complaints.actions import authority as actions
from complaints.actions import remedy_asking
from complaints.api import authority_shapes as shapes
from complaints.api.present import user_brief
from complaints.api.remedies import value_of
from complaints.authority import drafts, foresee
from complaints.models import AuthorityLimit, AuthorityVersion
from core.access import ADMIN, MANAGER, Access
from core.api.bodies import Nothing
from core.api.filters import BadValue, Filter, since
from core.api.views import ApiView, ListView
from core.clock import now
from core.errors import DomainError, InvalidInput
from core.models import Team, User

IN_CHARGE = Access(roles=frozenset((ADMIN, MANAGER)))
BLANK: dict[str, Any] = {"role": "", "kind": "", "currency": ""}


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise BadValue("not_a_number", _("A whole number is expected."))
    return int(text)


class Limits(ListView):
    """The limits in force, in order. With `version` those of another version."""

    access, resource = IN_CHARGE, "authority"
    body: ClassVar = {"POST": shapes.LimitBody}
    answer: ClassVar = shapes.LimitShape
    success: ClassVar = {"POST": 201}
    ordering: ClassVar = {"position": "position"}
    default_ordering = "position"
    filters = (
        Filter(
            "version",
            _number,
            lambda rows, number: rows.filter(version__number=number),
            description="The number of a version, the draft's too.",
            schema={"type": "integer"},
        ),
    )

    def rows(self, request: Request, *args: Any, **kwargs: Any) -> QuerySet[AuthorityLimit]:
        rows = _limits()
        return rows if "version" in request.query_params else rows.filter(version=drafts.versions().in_force)

    def to_dict(self, row: AuthorityLimit) -> dict[str, Any]:
        return shapes.limit_dict(row)

    def post(self, request: Request) -> HttpResponse:
        """Add a limit to the open draft. It holds once the draft is published."""
        draft = _draft_or_refuse()
        values = _values(self.read(request))
        seen = self.expected_version(request)
        made = actions.add_limit(draft, values, by=self.actor(request), at=now(), seen=seen)
        return _one(self, made, status=201)


class OneLimit(ApiView):
    """One limit, of any version."""

    access, resource = IN_CHARGE, "authority"
    body: ClassVar = {"PATCH": shapes.LimitBody}
    answer: ClassVar = shapes.LimitShape

    def get(self, request: Request, limit_id: int) -> HttpResponse:
        return _one(self, self._found(limit_id))

    def patch(self, request: Request, limit_id: int) -> HttpResponse:
        """Change a limit of the draft. 409 `not_a_draft` for one of a published version."""
        one = self._found(limit_id)
        self.require_match(request, drafts.revision(one.version))
        values = _values(self.read(request, partial=True))
        seen = self.expected_version(request)
        return _one(self, actions.change_limit(one, values, by=self.actor(request), at=now(), seen=seen))

    def delete(self, request: Request, limit_id: int) -> HttpResponse:
        """Remove a limit from the draft. 409 `not_a_draft` for one of a published version."""
        one, seen = self._found(limit_id), self.expected_version(request)
        actions.remove_limit(one, by=self.actor(request), at=now(), seen=seen)
        return self.no_content()

    def _found(self, limit_id: int) -> AuthorityLimit:
        return self.find(_limits(), pk=limit_id)


class LimitPosition(ApiView):
    """Put a limit of the draft at a place; the order is for who reads it and decides nothing."""

    access, resource = IN_CHARGE, "authority"
    body: ClassVar = shapes.LimitPlaceBody
    answer: ClassVar = shapes.LimitShape

    def post(self, request: Request, limit_id: int) -> HttpResponse:
        one = self.find(_limits(), pk=limit_id)
        seen = self.expected_version(request)
        to = self.read(request)["position"]
        return _one(self, actions.move_limit(one, to=to, by=self.actor(request), at=now(), seen=seen))


class AuthorityVersions(ListView):
    """Every version, newest first; the draft has no `published_at`."""

    access, resource = IN_CHARGE, "authority"
    answer = shapes.AuthorityVersionShape
    filters: ClassVar = (since("created_at", "published_at"),)
    ordering: ClassVar = {"number": "number"}
    default_ordering = "-number"

    def rows(self, request: Request, *args: Any, **kwargs: Any) -> QuerySet[AuthorityVersion]:
        return AuthorityVersion.objects.select_related("created_by", "published_by")

    def to_dict(self, row: AuthorityVersion) -> dict[str, Any]:
        return shapes.version_dict(row)


class AuthorityDraft(ApiView):
    """The open draft of the limits and what it changes."""

    access, resource = IN_CHARGE, "authority"
    body: ClassVar = {"POST": Nothing}
    problems = (404,)
    answer: ClassVar = shapes.AuthorityDraftShape
    success: ClassVar = {"POST": 201}

    def get(self, request: Request) -> HttpResponse:
        return self._shown(_draft())

    def post(self, request: Request) -> HttpResponse:
        """Begin a draft of the limits as a copy of what is in force."""
        self.read(request)
        return self._shown(actions.begin_draft(by=self.actor(request), at=now()), status=201)

    def delete(self, request: Request) -> HttpResponse:
        """Discard the draft of the limits. What is in force stays."""
        one, seen = _draft(), self.expected_version(request)
        actions.discard_draft(one, by=self.actor(request), at=now(), seen=seen)
        return self.no_content()

    def _shown(self, draft: AuthorityVersion, status: int = 200) -> HttpResponse:
        revision = drafts.revision(draft)
        before, after = drafts.lines_of(drafts.versions().in_force), drafts.lines_of(draft)
        data = {
            **shapes.version_dict(draft),
            "revision": revision,
            "changes": [shapes.change_dict(one) for one in drafts.differences(before, after)],
            "limits": [shapes.limit_dict(one) for one in _limits().filter(version=draft).order_by("position", "pk")],
        }
        location = reverse("api-authority-draft") if status == 201 else ""
        return self.reply(data, status, version=revision, location=location)


class Publication(ApiView):
    """Put the draft in force; what was granted stays granted."""

    access, resource = IN_CHARGE, "authority"
    body: ClassVar = Nothing
    answer: ClassVar = shapes.AuthorityVersionShape

    def post(self, request: Request) -> HttpResponse:
        one, seen = _draft_or_refuse(), self.expected_version(request)
        self.read(request)
        return self.reply(shapes.version_dict(actions.publish(one, by=self.actor(request), at=now(), seen=seen)))


class Trial(ApiView):
    """What would happen to a remedy on a new complaint. Writes nothing."""

    access, resource = IN_CHARGE, "authority"
    body: ClassVar = shapes.TrialBody
    answer: ClassVar = shapes.TrialShape
    idempotent, asks_only = False, True

    def post(self, request: Request) -> HttpResponse:
        given = self.read(request)
        person = User.objects.active().filter(pk=given["person"]).first()
        if person is None:
            raise InvalidInput(_("There is no such person."), code="unknown_person", field="person")
        amount, currency = remedy_asking.checked(given["kind"], *value_of(given))
        version = _draft_or_refuse() if given.get("draft") else drafts.versions().in_force
        lines = drafts.lines_of(version)
        found = foresee.foresee(person, given["kind"], amount, currency, version.number if version else 0, lines)
        line = found.room.line
        limit = _limits().filter(pk=line.id).first() if line is not None else None
        return self.reply(
            {
                "answer": found.state,
                "limit": shapes.limit_dict(limit) if limit is not None else None,
                "approvers": [user_brief(one) for one in found.approvers],
            }
        )


def _limits() -> QuerySet[AuthorityLimit]:
    return AuthorityLimit.objects.select_related("version", "team", "person")


def _draft() -> AuthorityVersion:
    found = drafts.versions().draft
    if found is None:
        raise Http404
    return found


def _draft_or_refuse() -> AuthorityVersion:
    found = drafts.versions().draft
    if found is None:
        raise DomainError(_("There is no draft. Begin one first."), code="no_draft")
    return found


def _values(given: dict[str, Any]) -> dict[str, Any]:
    """The body as the action takes it: ids become rows, null becomes blank."""
    values = {name: BLANK[name] if value is None and name in BLANK else value for name, value in given.items()}
    if values.get("team") is not None:
        values["team"] = Team.objects.filter(pk=values["team"]).first()
        if values["team"] is None:
            raise InvalidInput(_("There is no such team."), code="unknown_team", field="team")
    if values.get("person") is not None:
        values["person"] = User.objects.filter(pk=values["person"]).first()
        if values["person"] is None:
            raise InvalidInput(_("There is no such person."), code="unknown_person", field="person")
    return values


def _one(view: ApiView, limit: AuthorityLimit, status: int = 200) -> HttpResponse:
    """A limit as it is now, of a draft with its revision as ETag."""
    row = _limits().get(pk=limit.pk)
    version = drafts.revision(row.version) if row.version.published_at is None else None
    location = reverse("api-authority-limit", args=[row.pk]) if status == 201 else ""
    return view.reply(shapes.limit_dict(row), status, version=version, location=location)
