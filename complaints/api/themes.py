"""`/api/v1/themes/` and the themes of one complaint (mission A11)."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request

from complaints.actions import themes as actions
from complaints.api.complaints import HANDLES_CASES
from complaints.models import CaseTheme, Complaint, Theme
from core.access import Access
from core.actions.settings import Stale
from core.api.bodies import Strict
from core.api.fields import Text
from core.api.filters import flag, text
from core.api.problem import Refusal
from core.api.views import ApiView, ListView, caller
from core.clock import now
from core.errors import InvalidInput

SIGNED_IN = Access()


class NewTheme(Strict):
    """`names`: by language; that of the house's own language is required."""

    code = serializers.SlugField(max_length=80)
    names = serializers.DictField(child=Text(max_length=actions.LONGEST))


class ThemePatch(Strict):
    """What is left out stays. `names` replaces all names."""

    names = serializers.DictField(child=Text(max_length=actions.LONGEST), required=False)
    is_active = serializers.BooleanField(required=False)


class ThemeBody(Strict):
    """`theme`: its code."""

    theme = Text(max_length=80)


class ThemesBody(Strict):
    """`themes`: the codes of all the complaint shall have."""

    themes = serializers.ListField(child=Text(max_length=80), max_length=actions.MOST)


class ThemeShape(serializers.Serializer[Any]):
    code = serializers.CharField()
    name = serializers.CharField(help_text="In the caller's language.")
    names = serializers.DictField(child=serializers.CharField())
    is_active = serializers.BooleanField()


class TagsShape(serializers.Serializer[Any]):
    reference = serializers.CharField()
    themes = ThemeShape(many=True)
    version = serializers.IntegerField(help_text="Of the complaint.")


def theme_dict(row: Theme) -> dict[str, Any]:
    return {"code": row.code, "name": row.label, "names": row.names, "is_active": row.is_active}


class Themes(ListView):
    """Themes in their order."""

    access, resource = SIGNED_IN, "themes"
    body: ClassVar = {"POST": NewTheme}
    answer = ThemeShape
    success: ClassVar = {"POST": 201}
    filters = (flag("is_active"), text("code"))
    ordering: ClassVar = {"position": "position", "code": "code"}
    default_ordering = "position"

    def rows(self, request: Request, *args: Any, **kwargs: Any) -> QuerySet[Theme]:
        return Theme.objects.all()

    def to_dict(self, row: Theme) -> dict[str, Any]:
        return theme_dict(row)

    def post(self, request: Request) -> HttpResponse:
        """Make a theme (administrators)."""
        values = _values(self.read(request))
        made = actions.create(Theme(**values), by=self.actor(request), at=now())
        return self.reply(
            theme_dict(made), 201, location=reverse("api-theme", args=[made.code]), version=actions.version_of(made)
        )


class OneTheme(ApiView):
    """One theme."""

    access, resource = SIGNED_IN, "themes"
    body: ClassVar = {"PATCH": ThemePatch}
    answer = ThemeShape

    def get(self, request: Request, code: str) -> HttpResponse:
        row = self.find(Theme.objects.all(), code=code)
        return self.reply(theme_dict(row), version=actions.version_of(row))

    def patch(self, request: Request, code: str) -> HttpResponse:
        """Change a theme's names, or take it out of use (administrators, `If-Match` required)."""
        row = self.find(Theme.objects.all(), code=code)
        self.require_match(request, actions.version_of(row))
        values, seen = _values(self.read(request, partial=True)), self.expected_version(request)
        try:
            changed = actions.change(row, values, version=seen, by=self.actor(request), at=now())
        except Stale as stale:
            raise Refusal(412, "precondition_failed", str(stale)) from None
        return self.reply(theme_dict(changed), version=actions.version_of(changed))


class ThemesOf(ApiView):
    """The themes of a complaint."""

    access, resource = HANDLES_CASES, "complaints"
    body: ClassVar = {"POST": ThemeBody, "PUT": ThemesBody}
    answer = TagsShape

    def get(self, request: Request, reference: str) -> HttpResponse:
        return self._shown(_seen(self, request, reference))

    def post(self, request: Request, reference: str) -> HttpResponse:
        """Add one theme to a complaint."""
        complaint, code = _seen(self, request, reference), self.read(request)["theme"]
        by = self.actor(request)
        return self._shown(actions.tag(complaint, theme=actions.theme_by_code(code), by=by, at=now()))

    def put(self, request: Request, reference: str) -> HttpResponse:
        """Say which themes a complaint has; those not named go."""
        complaint, codes = _seen(self, request, reference), self.read(request)["themes"]
        return self._shown(actions.replace(complaint, codes, by=self.actor(request), at=now()))

    def _shown(self, complaint: Complaint) -> HttpResponse:
        return self.reply(tags_dict(complaint), version=complaint.version)


class OneThemeOf(ApiView):
    """Take one theme away from a complaint, also one that is out of use."""

    access, resource = HANDLES_CASES, "complaints"
    answer = TagsShape

    def delete(self, request: Request, reference: str, code: str) -> HttpResponse:
        complaint = _seen(self, request, reference)
        self.find(CaseTheme.objects.filter(complaint=complaint), theme__code=code)
        complaint = actions.untag(complaint, code=code, by=self.actor(request), at=now())
        return self.reply(tags_dict(complaint), version=complaint.version)


def tags_dict(complaint: Complaint) -> dict[str, Any]:
    """Query cost: 1."""
    found = CaseTheme.objects.filter(complaint=complaint).select_related("theme").order_by("theme__position", "theme")
    return {
        "reference": complaint.reference,
        "themes": [theme_dict(one.theme) for one in found],
        "version": complaint.version,
    }


def _seen(view: ApiView, request: Request, reference: str) -> Complaint:
    return view.find(Complaint.objects.visible_to(caller(request)), reference=reference)


def _values(values: dict[str, Any]) -> dict[str, Any]:
    """With the name in the house's own language, where names are given. Raises InvalidInput name_required."""
    if "names" in values:
        values["names"] = {code: name.strip() for code, name in values["names"].items()}
        values["name"] = values["names"].get(settings.LANGUAGE_CODE) or ""
        if not values["name"]:
            raise InvalidInput(_("A name in the house's own language is needed."), code="name_required", field="names")
    return values
