"""`/api/v1/rule-packs/`: statutory rules as data, shipped and installed (domain, Regulated handling)."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request

from complaints.actions import packs as actions
from complaints.api.present import instant, user_brief
from complaints.api.shapes import Reference
from complaints.models import ChannelCode, RulePack
from complaints.sla import pack_files
from complaints.sla.pack_files import PackFile
from complaints.sla.packs import said
from core.access import ADMIN, MANAGER, Access
from core.api.bodies import Nothing, Strict
from core.api.fields import Code, Id, Instant, Text
from core.api.filters import flag, since
from core.api.pagination import whole_list
from core.api.views import ApiView, ListView
from core.clock import now
from core.errors import InvalidInput
from core.models import Calendar

IN_CHARGE = Access(roles=frozenset((ADMIN, MANAGER)))
MOST, CODE = 200, 40


class ConditionsBody(Strict):
    """Which complaints a pack governs; what is left out matches any."""

    types = serializers.ListField(child=Text(max_length=80), required=False, max_length=MOST)
    channels = serializers.ListField(child=Code(choices=ChannelCode.choices), required=False, max_length=MOST)
    tiers = serializers.ListField(child=Text(max_length=CODE, trim=True), required=False, max_length=MOST)
    teams = serializers.ListField(child=Id(), required=False, max_length=MOST)


class PackGivenBody(Strict):
    """What the house fills into the texts of a pack."""

    referral_body = Text(max_length=actions.LONGEST, trim=True, required=False, allow_blank=True)


class InstallBody(Strict):
    """A shipped pack by its code. Its business days are counted in `calendar`, else in a new one without the public
    holidays of `country`, in `time_zone` (default: the country's), else in the calendar of the last policy. Complaints
    count that are written down from then on and were received since `in_force_at` (default: the day of the law)."""

    code = Text(max_length=CODE, trim=True)
    calendar = Id(required=False)
    country = Text(max_length=8, trim=True, required=False)
    time_zone = Text(max_length=60, trim=True, required=False)
    conditions = ConditionsBody(required=False)
    in_force_at = Instant(required=False)
    given = PackGivenBody(required=False)


class ClockOfPack(serializers.Serializer[Any]):
    code = serializers.CharField()
    name = serializers.CharField()
    target = serializers.JSONField()
    starts = serializers.CharField(help_text="received or acknowledged")
    until = serializers.CharField(help_text="acknowledged or resolved")
    extended = serializers.JSONField(allow_null=True)
    window = serializers.BooleanField(help_text="Passing it breaks no rule.")


class PackShape(serializers.Serializer[Any]):
    code = serializers.CharField()
    edition = serializers.CharField(help_text="The date from which its rules hold.")
    name = serializers.CharField()
    about = serializers.CharField()
    source = serializers.JSONField(help_text="law, section, in_force_on, url", required=False)  # type: ignore[assignment]
    countries = serializers.ListField(child=serializers.CharField())
    clocks = ClockOfPack(many=True)
    texts = serializers.JSONField()
    requires = serializers.JSONField()


class InstalledShape(PackShape):
    id = serializers.CharField()
    calendar = Reference()
    conditions = serializers.JSONField()
    given = serializers.JSONField()
    in_force_at = serializers.DateTimeField(help_text="Complaints received from then on have its clocks.")
    installed_at = serializers.DateTimeField()
    installed_by = Reference(allow_null=True)
    removed_at = serializers.DateTimeField(allow_null=True)
    newer_edition = serializers.CharField(allow_null=True)


def of_definition(definition: Any) -> dict[str, Any]:
    """What a pack says, its names in the caller's language."""
    return {
        "code": definition["code"],
        "edition": definition["edition"],
        "name": said(definition["name"]),
        "about": said(definition["about"]),
        "source": definition["source"],
        "countries": list(definition.get("countries", ())),
        "clocks": [
            {
                "code": f"{definition['code']}.{one['code']}",
                "name": said(one["name"]),
                "target": one["target"],
                "starts": one.get("from", "received"),
                "until": one.get("until", "resolved"),
                "extended": one.get("extended"),
                "window": bool(one.get("window")),
            }
            for one in definition["rules"]
        ],
        "texts": [
            {
                "key": f"{definition['code']}.{one['code']}",
                "name": said(one["name"]),
                "body": said(one["body"]),
                "for": one["for"],
            }
            for one in definition.get("texts", ())
        ],
        "requires": definition.get("requires", {}),
    }


def shown(row: RulePack) -> dict[str, Any]:
    """An installed pack; the caller has calendar and installer loaded."""
    shipped = pack_files.find(row.code)
    newer = shipped.edition if shipped and shipped.edition > row.edition and row.removed_at is None else None
    return {
        **of_definition(row.definition),
        "id": str(row.pk),
        "calendar": {"id": str(row.calendar_id), "name": row.calendar.name},
        "conditions": {
            name: [str(one) for one in values] if name == "teams" else values for name, values in row.conditions.items()
        },
        "given": row.definition.get("given", {}),
        "in_force_at": instant(row.in_force_at),
        "installed_at": instant(row.installed_at),
        "installed_by": user_brief(row.installed_by) if row.installed_by else None,
        "removed_at": instant(row.removed_at),
        "newer_edition": newer,
    }


class Packs(ListView):
    """Installed packs, removed ones too, the oldest first."""

    access, resource = IN_CHARGE, "rule-packs"
    body: ClassVar = {"POST": InstallBody}
    answer = InstalledShape
    success: ClassVar = {"POST": 201}
    filters = (flag("installed", "removed_at__isnull"), since("installed_at", "removed_at"))

    def rows(self, request: Request, *args: Any, **kwargs: Any) -> QuerySet[RulePack]:
        return RulePack.objects.select_related("calendar", "installed_by")

    def to_dict(self, row: RulePack) -> dict[str, Any]:
        return shown(row)

    def post(self, request: Request) -> HttpResponse:
        """Install a pack, for complaints written down from then on."""
        values = self.read(request)
        row = actions.install(
            file_of(values["code"]),
            calendar=_calendar(values.get("calendar")),
            country=values.get("country", ""),
            time_zone=values.get("time_zone", ""),
            conditions=values.get("conditions"),
            in_force_at=values.get("in_force_at"),
            given=values.get("given"),
            by=self.actor(request),
            at=now(),
        )
        return self.reply(shown(row), 201, location=reverse("api-rule-pack", args=[row.pk]))


class OnePack(ApiView):
    """One installed pack."""

    access, resource = IN_CHARGE, "rule-packs"
    answer = InstalledShape

    def get(self, request: Request, pack_id: int) -> HttpResponse:
        return self.reply(shown(self._found(pack_id)))

    def delete(self, request: Request, pack_id: int) -> HttpResponse:
        """Remove a pack: clocks that run go on, no new ones begin."""
        return self.reply(shown(actions.remove(self._found(pack_id), by=self.actor(request), at=now())))

    def _found(self, pack_id: int) -> RulePack:
        return self.find(RulePack.objects.select_related("calendar", "installed_by"), pk=pack_id)


class Edition(OnePack):
    """Replace an installed pack by the newest edition, for complaints received since its rules hold."""

    body: ClassVar = Nothing
    success: ClassVar = {"POST": 201}
    http_method_names = ["post", "head", "options"]

    def post(self, request: Request, pack_id: int) -> HttpResponse:
        self.read(request)
        row = self._found(pack_id)
        newer = pack_files.find(row.code)
        if newer is None:
            raise actions.NothingNewer
        fresh = actions.update(row, newer, by=self.actor(request), at=now())
        return self.reply(shown(fresh), 201, location=reverse("api-rule-pack", args=[fresh.pk]))


class Shipped(ApiView):
    """The packs that come with the product, each in its newest edition."""

    access, resource = IN_CHARGE, "rule-packs"
    answer = PackShape
    whole_list = True

    def get(self, request: Request) -> HttpResponse:
        results = [of_definition(one.definition) for one in pack_files.shipped()]
        return self.reply(whole_list(results))


def file_of(code: str) -> PackFile:
    """The newest shipped edition. Raises InvalidInput unknown_pack."""
    found = pack_files.find(code)
    if found is None:
        raise InvalidInput(_("There is no rule pack with this code."), code="unknown_pack", field="code")
    return found


def _calendar(key: int | None) -> Calendar | None:
    if key is None:
        return None
    found = Calendar.objects.filter(pk=key).first()
    if found is None:
        raise InvalidInput(_("There is no such calendar."), code="unknown_calendar", field="calendar")
    return found
