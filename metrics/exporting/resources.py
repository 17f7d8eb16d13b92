"""What can be exported: the lists of the API, row for row as they show them to whoever asks (interface).

An export asks the list itself: its rows (so that nobody gets more than the list shows), its filters, its dicts. The
doors stand above the actions, so each list is named here and looked up when it is needed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers

from core.api import filters as filtering
from core.api.problem import FieldError, Refusal, bad_input
from core.models import User

UNBOUNDED = ("search",)  # a search gives its best matches, not all: no filter for a file that is to be whole
Column = tuple[str, ...]


@dataclass(frozen=True)
class Resource:
    """One list. `view`: where it stands; `scope`: the resource whose read scope a token needs."""

    name: str
    view: str
    title: Promise
    scope: str

    @cached_property
    def listed(self) -> Any:
        """The class of the list."""
        return import_string(self.view)

    @cached_property
    def filters(self) -> Sequence[filtering.Narrowing]:
        return [one for one in self.listed.filters if getattr(one, "name", "") not in UNBOUNDED]

    @cached_property
    def fields(self) -> dict[str, Any]:
        """What a row of the list has, as its shape declares it; not what only `expand` brings."""
        answer = self.listed.answer
        shape: serializers.Serializer[Any] = (answer["GET"] if isinstance(answer, Mapping) else answer)()
        only = {name for name, one in self.listed.expansions.items() if one.only}
        return {name: field for name, field in shape.fields.items() if name not in only}

    def permits(self, user: User) -> bool:
        """Whether `user` may open the list."""
        return bool(self.listed.access.permits(user))


@dataclass(frozen=True, slots=True)
class Asker:
    """What a list takes for a request: who asks, and what is in the query string."""

    user: User
    query_params: QueryDict
    auth: None = None
    method: str = "GET"
    path: str = ""


class Listing:
    """The rows of a resource as `user` sees them, narrowed by `query` (a query string)."""

    def __init__(self, resource: Resource, user: User, query: str) -> None:
        self.resource = resource
        self.asker = Asker(user, QueryDict(query))
        self.view = resource.listed()
        self.view.request, self.view.args, self.view.kwargs = self.asker, (), {}

    def rows(self) -> QuerySet[Any]:
        """Raises Refusal 400, each error with the place of its filter (`/filters/status`)."""
        try:
            return filtering.narrow(self.view.rows(self.asker), self.asker.query_params, self.resource.filters)
        except Refusal as refusal:
            raise bad_input(
                error._replace(pointer=f"/filters/{error.pointer.removeprefix('?')}") for error in refusal.errors
            ) from None

    def dicts(self, rows: list[Any]) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.view.to_dicts(rows)
        return found


RESOURCES: Mapping[str, Resource] = {
    name: Resource(name, view, title, scope or name)
    for name, view, title, scope in (
        ("complaints", "complaints.api.complaints.Complaints", gettext_lazy("Complaints"), ""),
        ("messages", "complaints.api.exported.AllMessages", gettext_lazy("Messages"), "complaints"),
        ("notes", "complaints.api.exported.AllNotes", gettext_lazy("Notes"), "complaints"),
        ("promises", "complaints.api.promises.Promises", gettext_lazy("Promises"), ""),
        ("remedies", "complaints.api.remedies.Remedies", gettext_lazy("Remedies"), ""),
        ("payouts", "complaints.api.payouts.Payouts", gettext_lazy("Payouts"), ""),
        ("customers", "retention.api.customers.Customers", gettext_lazy("Customers"), ""),
        ("purchases", "retention.api.purchases.Purchases", gettext_lazy("Purchases"), ""),
        ("charges", "retention.api.charges.Charges", gettext_lazy("Charges"), ""),
        ("payments", "retention.api.charges.Payments", gettext_lazy("Payments"), ""),
        ("loyalty-entries", "retention.api.loyalty.LoyaltyEntries", gettext_lazy("Loyalty points"), ""),
        ("offers", "retention.api.offers.Offers", gettext_lazy("Offers"), ""),
        ("referrals", "retention.api.referrals.Referrals", gettext_lazy("Referrals"), ""),
        ("follow-ups", "retention.api.follow_ups.FollowUps", gettext_lazy("Follow-up calls"), ""),
        ("survey-responses", "metrics.api.surveys.Responses", gettext_lazy("Survey answers"), ""),
        ("events", "metrics.api.exported.AllEvents", gettext_lazy("Events"), ""),
    )
}


def columns(resource: Resource, fields: Sequence[str]) -> list[Column]:
    """The columns of a sheet: the fields, nested ones by their path. A list of things is one column, as JSON."""
    known = resource.fields
    return [path for name in fields or known for path in _paths(known[name], (name,))]


def _paths(field: Any, path: Column) -> Iterator[Column]:
    if isinstance(field, serializers.Serializer):
        for name, below in field.fields.items():
            yield from _paths(below, (*path, name))
    else:
        yield path


def refuse_unknown_fields(resource: Resource, fields: Sequence[str]) -> None:
    """Raises Refusal 400."""
    known = resource.fields
    wrong = [
        FieldError(f"/fields/{place}", "unknown_field", _("There is no field “%(name)s”.") % {"name": name[:40]})
        for place, name in enumerate(fields)
        if name not in known
    ]
    if wrong:
        raise bad_input(wrong)
