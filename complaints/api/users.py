"""`/api/v1/users/`: who works here, in which role; switching an account off moves its cases (mission D3)."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings as house
from django.db.models import QuerySet
from django.http import HttpResponse
from django.urls import reverse
from rest_framework import serializers
from rest_framework.request import Request

from complaints.actions import staff
from complaints.api import present
from complaints.api.shapes import Reference
from complaints.web.settings.user_parts import password_link
from core.actions import people
from core.actions.settings import version_of
from core.api.administering import ADMINISTRATORS, SettingsView, team_by_id, user_by_id
from core.api.bodies import Nothing, Strict
from core.api.fields import Code, Email, Flag, Id, Text, Whole
from core.api.filters import flag, key, since, text
from core.api.views import ListView
from core.clock import now
from core.models import User

LANGUAGES = [(code, code) for code, _name in house.LANGUAGES]


class UserPatch(Strict):
    """What is left out stays; `team`, `deputy` null: none."""

    username = Text(max_length=80, trim=True, required=False)
    name = Text(max_length=120, trim=True, required=False)
    email = Email(required=False, allow_blank=True)
    is_agent = Flag(required=False)
    is_manager = Flag(required=False)
    is_admin = Flag(required=False)
    team = Id(required=False, allow_null=True)
    languages = serializers.ListField(child=Code(choices=LANGUAGES), required=False, max_length=len(LANGUAGES))
    capacity = Whole(min_value=1, max_value=10_000, required=False, help_text="Open complaints at a time.")
    deputy = Id(required=False, allow_null=True)
    example: ClassVar[dict[str, Any]] = {"is_agent": True, "capacity": 25}


class NewUser(UserPatch):
    """Without a password: `password-link` mails the link to set one."""

    username = Text(max_length=80, trim=True)
    name = Text(max_length=120, trim=True)
    example: ClassVar = {"username": "mvidal", "name": "Marta Vidal", "email": "m@house.example", "is_agent": True}


class UserShape(serializers.Serializer[Any]):
    id = serializers.CharField()
    username = serializers.CharField()
    name = serializers.CharField()
    email = serializers.CharField(allow_blank=True)
    is_active = serializers.BooleanField()
    is_agent = serializers.BooleanField()
    is_manager = serializers.BooleanField()
    is_admin = serializers.BooleanField()
    team = Reference(allow_null=True)
    languages = serializers.ListField(child=serializers.CharField())
    capacity = serializers.IntegerField()
    deputy = Reference(allow_null=True)


class DeactivationShape(serializers.Serializer[Any]):
    user = UserShape()
    moved = serializers.IntegerField(help_text="How many open complaints somebody else has now.")


def shown(row: User) -> dict[str, Any]:
    """A user as administrators see one. Team and deputy are loaded."""
    team = row.team
    return {
        "id": str(row.pk),
        "username": row.username,
        "name": row.name,
        "email": row.email,
        "is_active": row.is_active,
        "is_agent": row.is_agent,
        "is_manager": row.is_manager,
        "is_admin": row.is_admin,
        "team": {"id": str(team.pk), "name": team.name} if team else None,
        "languages": row.languages,
        "capacity": row.capacity,
        "deputy": present.user_brief(row.deputy) if row.deputy else None,
    }


class Users(ListView):
    """Users by name."""

    access, resource = ADMINISTRATORS, "users"
    body: ClassVar = {"POST": NewUser}
    answer = UserShape
    success: ClassVar = {"POST": 201}
    filters = (
        flag("is_active"),
        flag("is_agent"),
        flag("is_manager"),
        flag("is_admin"),
        key("team"),
        text("username"),
        since("created_at", trail=True),
    )
    ordering: ClassVar = {"name": "name", "username": "username"}
    default_ordering = "name"

    def rows(self, request: Request, *args: Any, **kwargs: Any) -> QuerySet[User]:
        return User.objects.select_related("team", "deputy")

    def to_dict(self, row: User) -> dict[str, Any]:
        return shown(row)

    def post(self, request: Request) -> HttpResponse:
        """Make a user."""
        made = staff.create_user(_values(self.read(request)), by=self.actor(request), at=now())
        return self.reply(shown(made), 201, location=reverse("api-user", args=[made.pk]), version=version_of(made))


class OneUser(SettingsView):
    """One user."""

    access, resource = ADMINISTRATORS, "users"
    body: ClassVar = {"PATCH": UserPatch}
    answer = UserShape

    def get(self, request: Request, pk: int) -> HttpResponse:
        row = self.find(User.objects.select_related("team", "deputy"), pk=pk)
        return self.reply(shown(row), version=version_of(row))

    def patch(self, request: Request, pk: int) -> HttpResponse:
        """Change a user (`If-Match` required). Whoever may own no complaints any more hands the open ones over at
        once."""
        row, values = self.find(User.objects.all(), pk=pk), _values(self.read(request))
        changed, _moved = self.change(request, row, lambda **who: staff.change_user(row, values, **who))
        return self.reply(shown(changed), version=version_of(changed))


class Deactivation(SettingsView):
    """Switch an account off: its tokens end, its open complaints go to somebody else in the same moment. DELETE
    switches it on again; what was handed over stays where it is."""

    access, resource = ADMINISTRATORS, "users"
    body: ClassVar = {"POST": Nothing}
    answer: ClassVar = {"POST": DeactivationShape, "DELETE": UserShape}

    def post(self, request: Request, pk: int) -> HttpResponse:
        """Switch an account off: its tokens end, its open complaints go to somebody else in the same moment."""
        self.read(request)
        user, moved = staff.deactivate(self.find(User.objects.all(), pk=pk), by=self.actor(request), at=now())
        return self.reply({"user": shown(user), "moved": moved}, version=version_of(user))

    def delete(self, request: Request, pk: int) -> HttpResponse:
        """Switch an account on again; what was handed over stays where it is."""
        user = staff.reactivate(self.find(User.objects.all(), pk=pk), by=self.actor(request), at=now())
        return self.reply(shown(user), version=version_of(user))


class PasswordLink(SettingsView):
    """Mail a user the link to set a password; a minute has to pass between two."""

    access, resource = ADMINISTRATORS, "users"
    body: ClassVar = {"POST": Nothing}
    success: ClassVar = {"POST": 204}

    def post(self, request: Request, pk: int) -> HttpResponse:
        self.read(request)
        row = self.find(User.objects.all(), pk=pk)
        people.send_link(row, link=password_link(row), by=self.actor(request), at=now())
        return self.no_content()


def _values(values: dict[str, Any]) -> dict[str, Any]:
    if values.get("team") is not None:
        values["team"] = team_by_id(values["team"])
    if values.get("deputy") is not None:
        values["deputy"] = user_by_id(values["deputy"], "deputy")
    return values
