"""What complaints are sorted by, administered: types, root causes, channels and their order (mission A1, A3)."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings as house
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request

from complaints.actions import catalogue as actions
from complaints.actions import macros as macro_actions
from complaints.actions import themes as theme_actions
from complaints.api import catalogue as lists
from complaints.api import macros, present, themes
from complaints.api.shapes import CatalogueShape, ChannelShape
from complaints.models import Channel, ComplaintType, RootCause, Severity, Theme
from core.actions import settings
from core.actions.settings import version_of
from core.api.administering import SIGNED_IN, DirectionBody, SettingsView
from core.api.bodies import Strict
from core.api.fields import Code, Flag, Text
from core.clock import now
from core.errors import InvalidInput

LONGEST, HINT = 160, 200  # characters of a name, of a hint on the public form


def _words(longest: int, **how: Any) -> serializers.DictField:
    return serializers.DictField(child=Text(max_length=longest), help_text="By language.", **how)


class NewCause(Strict):
    """`names`: that of the house's own language is required. `parent`: the code of what stands above it."""

    code = serializers.SlugField(max_length=80, help_text="It never changes.")
    names = _words(LONGEST)
    parent = Text(max_length=80, required=False, allow_null=True)  # type: ignore[assignment]  # DRF takes it off
    is_active = Flag(required=False)
    example: ClassVar = {"code": "supplier-late", "names": {"en": "Supplier late"}, "parent": "delivery"}


class CausePatch(Strict):
    """What is left out stays. `names` replaces all names."""

    names = _words(LONGEST, required=False)
    parent = Text(max_length=80, required=False, allow_null=True)  # type: ignore[assignment]  # DRF takes it off
    is_active = Flag(required=False)


class NewType(NewCause):
    """A complaint type; `is_public`: offered on the public form, under names of its own."""

    is_public = Flag(required=False)
    public_names = _words(LONGEST, required=False)
    public_hints = _words(HINT, required=False)
    example: ClassVar = {"code": "billing-late-fee", "names": {"en": "Late fee"}, "parent": "billing"}


class TypePatch(CausePatch):
    """What is left out stays."""

    is_public = Flag(required=False)
    public_names = _words(LONGEST, required=False)
    public_hints = _words(HINT, required=False)


class RootCauseShape(serializers.Serializer[Any]):
    code = serializers.CharField()
    name = serializers.CharField(help_text="In the caller's language.")
    parent = serializers.CharField(allow_null=True)  # type: ignore[assignment]  # DRF takes it off the class
    is_active = serializers.BooleanField()
    names = serializers.DictField(child=serializers.CharField())


class ComplaintTypeShape(RootCauseShape):
    is_public = serializers.BooleanField()
    public_names = serializers.DictField(child=serializers.CharField())
    public_hints = serializers.DictField(child=serializers.CharField())


def shown(row: Any) -> dict[str, Any]:
    """A type or root cause, whole. The parent is loaded."""
    found = {**present.catalogue_row(row), "names": row.names}
    if isinstance(row, ComplaintType):
        found |= {"is_public": row.is_public, "public_names": row.public_names, "public_hints": row.public_hints}
    return found


class Types(lists.Types):
    """Complaint types, two levels."""

    body: ClassVar = {"POST": NewType}
    answer: ClassVar[Any] = {"GET": CatalogueShape, "POST": ComplaintTypeShape}
    success: ClassVar = {"POST": 201}
    model: ClassVar[Any] = ComplaintType
    address: ClassVar = "api-complaint-type"

    def post(self, request: Request) -> HttpResponse:
        """Make a complaint type (administrators)."""
        values = {"is_active": True, **_values(self.model, self.read(request))}
        made = actions.create(self.model(**values), by=self.actor(request), at=now())
        return self.reply(shown(made), 201, location=reverse(self.address, args=[made.code]), version=version_of(made))


class RootCauses(Types):
    """Root causes, two levels."""

    does: ClassVar = {"POST": "Make a root cause (administrators)."}
    resource = "root-causes"
    body: ClassVar = {"POST": NewCause}
    answer: ClassVar[Any] = {"GET": CatalogueShape, "POST": RootCauseShape}
    model: ClassVar[Any] = RootCause
    address: ClassVar = "api-root-cause"

    rows = lists.RootCauses.rows


class OneType(SettingsView):
    """One complaint type."""

    access, resource = SIGNED_IN, "complaint-types"
    body: ClassVar = {"PATCH": TypePatch}
    answer: ClassVar[Any] = ComplaintTypeShape
    model: ClassVar[Any] = ComplaintType

    def get(self, request: Request, code: str) -> HttpResponse:
        row = self._row(code)
        return self.reply(shown(row), version=version_of(row))

    def patch(self, request: Request, code: str) -> HttpResponse:
        """Change a complaint type (administrators, `If-Match` required). What was used is never deleted: take it out of
        use with `is_active`."""
        row, values = self._row(code), _values(self.model, self.read(request))
        changed = self.change(request, row, lambda **who: actions.change(row, values, **who))
        return self.reply(shown(changed), version=version_of(changed))

    def _row(self, code: str) -> Any:
        return self.find(self.model.objects.select_related("parent"), code=code)


class OneCause(OneType):
    """One root cause."""

    does: ClassVar = {
        "PATCH": (
            "Change a root cause (administrators, `If-Match` required). What was used is never deleted: take it "
            "out of use with `is_active`."
        )
    }
    resource = "root-causes"
    body: ClassVar = {"PATCH": CausePatch}
    answer: ClassVar[Any] = RootCauseShape
    model: ClassVar[Any] = RootCause


class TypePosition(SettingsView):
    """Let a type change places with its neighbour on the same level (administrators)."""

    access, resource = SIGNED_IN, "complaint-types"
    body = DirectionBody
    answer: ClassVar[Any] = ComplaintTypeShape
    model: ClassVar[Any] = ComplaintType

    def post(self, request: Request, code: str) -> HttpResponse:
        row = self.find(self.model.objects.select_related("parent"), code=code)
        self.moved(request, row, actions.move)
        return self.reply(shown(row), version=version_of(row))


class CausePosition(TypePosition):
    """Let a root cause change places with its neighbour on the same level (administrators)."""

    resource = "root-causes"
    answer: ClassVar[Any] = RootCauseShape
    model: ClassVar[Any] = RootCause


class ThemePosition(SettingsView):
    """Let a theme change places with its neighbour (administrators)."""

    access, resource = SIGNED_IN, "themes"
    body, answer = DirectionBody, themes.ThemeShape

    def post(self, request: Request, code: str) -> HttpResponse:
        row = self.find(Theme.objects.all(), code=code)
        self.moved(request, row, theme_actions.move)
        return self.reply(themes.theme_dict(row), version=version_of(row))


class MacroPosition(SettingsView):
    """Let a macro change places with its neighbour of the same circle."""

    access, resource = SIGNED_IN, "macros"
    body, answer = DirectionBody, macros.MacroShape

    def post(self, request: Request, pk: int) -> HttpResponse:
        row = self.find(macros.rows(request), pk=pk)
        self.moved(request, row, macro_actions.move)
        row = self.find(macros.rows(request), pk=pk)
        return self.reply(macros.shown(row), version=row.version)


class ChannelPatch(Strict):
    """What is left out stays."""

    is_active = Flag(required=False)
    default_severity = Code(choices=Severity.choices, required=False)
    example: ClassVar = {"is_active": False}


class OneChannel(SettingsView):
    """One channel."""

    access, resource = SIGNED_IN, "channels"
    body: ClassVar = {"PATCH": ChannelPatch}
    answer = ChannelShape

    def get(self, request: Request, code: str) -> HttpResponse:
        row = self.find(Channel.objects.all(), pk=code)
        return self.reply(lists.channel_dict(row), version=version_of(row))

    def patch(self, request: Request, code: str) -> HttpResponse:
        """Say whether a channel is in use and how serious its complaints begin (administrators, `If-Match`
        required)."""
        row, values = self.find(Channel.objects.all(), pk=code), self.read(request)
        changed = self.change(request, row, lambda **who: settings.change(row, values, **who))
        return self.reply(lists.channel_dict(changed), version=version_of(changed))


class ChannelPosition(SettingsView):
    """Let a channel change places with its neighbour (administrators)."""

    access, resource = SIGNED_IN, "channels"
    body, answer = DirectionBody, ChannelShape

    def post(self, request: Request, code: str) -> HttpResponse:
        row = self.find(Channel.objects.all(), pk=code)
        self.moved(request, row, actions.move_channel)
        return self.reply(lists.channel_dict(row), version=version_of(row))


def _values(model: Any, values: dict[str, Any]) -> dict[str, Any]:
    """The body as the actions want it. Raises InvalidInput required, unknown_language, unknown_parent."""
    known = {code for code, _name in house.LANGUAGES}
    for field in ("names", "public_names", "public_hints"):
        if strange := set(values.get(field, ())) - known:
            said = _("There is no language “%(code)s” here.") % {"code": sorted(strange)[0][:20]}
            raise InvalidInput(said, code="unknown_language", field=field)
    if "names" in values:
        values["names"] = {code: name.strip() for code, name in values["names"].items()}
        values["name"] = values["names"].get(house.LANGUAGE_CODE) or ""
        if not values["name"]:
            raise InvalidInput(_("A name in the house's own language is needed."), code="name_required", field="names")
    if values.get("parent") is not None:
        above = model.objects.filter(code=values["parent"]).first()
        if above is None:
            raise InvalidInput(_("There is nothing with this code."), code="unknown_parent", field="parent")
        values["parent"] = above
    return values
