"""The catalogue by code and by key, from memory (core.cached): no query in the way of an action."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from complaints.models import Channel, ComplaintType, RootCause, Theme
from complaints.models.catalogue import UNCLASSIFIED
from core.cached import Cached
from core.errors import InvalidInput
from core.models import Organisation


@dataclass(frozen=True)
class Catalogue:
    """Everything complaints are sorted by, parents loaded."""

    types: dict[str, ComplaintType]
    types_by_id: dict[int, ComplaintType]
    causes: dict[str, RootCause]
    causes_by_id: dict[int, RootCause]
    channels: dict[str, Channel]


@Cached
def catalogue() -> Catalogue:
    """Query cost: three every few seconds per process."""
    types = list(ComplaintType.objects.select_related("parent"))
    causes = list(RootCause.objects.select_related("parent"))
    return Catalogue(
        types={row.code: row for row in types},
        types_by_id={row.pk: row for row in types},
        causes={row.code: row for row in causes},
        causes_by_id={row.pk: row for row in causes},
        channels={row.code: row for row in Channel.objects.all()},
    )


@Cached
def themes() -> dict[str, Theme]:
    """Themes by code, in their order. Query cost: one every few seconds per process."""
    return {row.code: row for row in Theme.objects.order_by("position", "name", "pk")}


@Cached
def organisation() -> Organisation:
    """The organisation's settings with the default owner loaded."""
    return Organisation.objects.select_related("default_owner").get(pk=1)


def type_by_code(code: str) -> ComplaintType:
    """The type in use under `code`. Raises InvalidInput unknown_type."""
    row = catalogue().types.get(code)
    if row is None or not row.is_active:
        raise InvalidInput(_("There is no complaint type with this code."), code="unknown_type", field="type")
    return row


def cause_by_code(code: str) -> RootCause:
    """The root cause in use under `code`. Raises InvalidInput unknown_root_cause."""
    row = catalogue().causes.get(code)
    if row is None or not row.is_active:
        raise InvalidInput(_("There is no root cause with this code."), code="unknown_root_cause", field="root_cause")
    return row


def unclassified() -> ComplaintType:
    return catalogue().types[UNCLASSIFIED]
