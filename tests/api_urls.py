"""Views that exist only for tests of core.api: one of everything, and nothing of the product's."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import include, path
from rest_framework import serializers
from rest_framework.request import Request

from core import access, health
from core.api.bodies import Nothing, Strict
from core.api.fields import Code, Day, Email, Flag, Id, Instant, Text, Whole
from core.api.filters import SINCE, between, choice, flag, key, text
from core.api.views import ApiView, ListView
from core.errors import DomainError
from core.models import OutboxMessage, Team

SIGNED_IN = access.Access()


class Person(Strict):
    name = Text(max_length=20, trim=True)
    email = Email(required=False)


class Everything(Strict):
    text = Text(max_length=50)
    short = Text(max_length=5, required=False, allow_blank=True)
    email = Email(required=False)
    code = Code(choices=[("a", "A"), ("b", "B")], required=False)
    flag = Flag(required=False)
    number = Whole(min_value=1, max_value=9, required=False)
    id = Id(required=False)
    at = Instant(required=False, not_future=True)
    day = Day(required=False)
    person = Person(required=False, allow_null=True)


class Echo(ApiView):
    """Takes everything and gives it back."""

    access, resource = SIGNED_IN, "complaints"
    body: ClassVar = {"POST": Everything, "PATCH": Everything}

    def get(self, request: Request) -> HttpResponse:
        return self.reply({"version": 7}, version=7)

    def post(self, request: Request) -> HttpResponse:
        return self.reply(self.read(request), 201, location="/api/v1/echo/")

    def patch(self, request: Request) -> HttpResponse:
        self.require_match(request, 7)
        return self.reply({"expected": self.expected_version(request), **self.read(request, partial=True)})


class TeamBody(Strict):
    name = Text(max_length=80)


class TeamShape(serializers.Serializer[Any]):
    id = serializers.CharField()
    name = serializers.CharField()


class Teams(ListView):
    """Teams; POST makes one."""

    access, resource = SIGNED_IN, "teams"
    body: ClassVar = {"POST": TeamBody}
    answer: ClassVar = TeamShape
    success: ClassVar = {"POST": 201}
    filters: ClassVar = (flag("is_active"), text("name"), key("lead"))
    ordering: ClassVar = {"name": "name", "id": "pk"}
    default_ordering = "name"

    def rows(self, request: Request, *args: Any, **kwargs: Any) -> QuerySet[Team]:
        return Team.objects.all()

    def to_dict(self, row: Team) -> dict[str, Any]:
        return {"id": str(row.pk), "name": row.name}

    def post(self, request: Request) -> HttpResponse:
        name = self.read(request)["name"]
        if Team.objects.filter(name=name).exists():
            raise DomainError("There is such a team.", code="already_there", field="name")
        team = Team.objects.create(name=name, lead=request.user)
        return self.reply(self.to_dict(team), 201, location=f"/api/v1/teams/{team.pk}/")


class Mails(ListView):
    access, resource = SIGNED_IN, "events"
    filters: ClassVar = (choice("channel", ("mail", "sms")), between("due_at"), SINCE)
    ordering: ClassVar = {"due_at": "due_at"}
    default_ordering = "-due_at"

    def rows(self, request: Request, *args: Any, **kwargs: Any) -> QuerySet[OutboxMessage]:
        return OutboxMessage.objects.all()

    def to_dict(self, row: OutboxMessage) -> dict[str, Any]:
        return {"key": row.key, "due_at": row.due_at}


class Managers(ApiView):
    access, resource = access.Access(roles=frozenset({"manager"})), "metrics"
    body: ClassVar = Nothing

    def post(self, request: Request) -> HttpResponse:
        return self.reply({"by": self.actor(request).label, **self.read(request)})


class Missing(ApiView):
    access, resource = SIGNED_IN, "teams"

    def get(self, request: Request, pk: int) -> HttpResponse:
        if pk == 500:
            raise RuntimeError("secret detail")
        return self.reply({"name": self.find(Team.objects.filter(name="mine"), pk=pk).name})


class Undeclared(ApiView):
    def get(self, request: Request) -> HttpResponse:
        return self.reply({})


class Unscoped(ApiView):
    access = SIGNED_IN

    def get(self, request: Request) -> HttpResponse:
        return self.reply({})


def undeclared(request: HttpRequest) -> HttpResponse:
    return HttpResponse("never")


@access.public
def open_page(request: HttpRequest) -> HttpResponse:
    from django.utils import timezone, translation

    return HttpResponse(f"{translation.get_language()} {timezone.get_current_timezone_name()}")


@access.allow()
def own_page(request: HttpRequest) -> HttpResponse:
    return open_page(request)


@access.allow("manager")
def managers_page(request: HttpRequest) -> HttpResponse:
    return HttpResponse("managers")


@access.public
def form_page(request: HttpRequest) -> HttpResponse:
    return HttpResponse(request.POST.get("text", "") or "-")


@access.public
def broken_page(request: HttpRequest) -> HttpResponse:
    from django.db import OperationalError

    raise OperationalError("database is locked")


@access.public
def lost_page(request: HttpRequest) -> HttpResponse:
    raise Http404


def by_class() -> Any:
    return Echo.as_view()


API = [
    path("", include("core.api.urls")),
    path("echo/", by_class()),
    path("teams/", Teams.as_view()),
    path("teams/<int:pk>/", Missing.as_view()),
    path("mails/", Mails.as_view()),
    path("managers/", Managers.as_view()),
    path("undeclared/", Undeclared.as_view()),
    path("unscoped/", Unscoped.as_view()),
    path("plain/", own_page),
]
urlpatterns = [
    path("api/v1/", include(API)),
    path("", include(health.urlpatterns)),
    path("login/", open_page, name="login"),
    path("", own_page, name="home"),
    path("undeclared/", undeclared),
    path("open/", open_page),
    path("own/", own_page),
    path("managers/", managers_page),
    path("form/", form_page),
    path("broken/", broken_page),
    path("lost/", lost_page),
]
handler400 = "core.web.errors.bad_request"
handler403 = "core.web.errors.forbidden"
handler404 = "core.web.errors.not_found"
handler500 = "core.web.errors.server_error"
