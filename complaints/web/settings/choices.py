"""What can be chosen in settings forms: people, teams, types, languages."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db.models import Q
from django.utils.translation import gettext as _

from complaints.models import ComplaintType
from core import languages
from core.models import Team, User

Choices = list[tuple[str, Any]]


def spoken(also: list[str] | None = None) -> Choices:
    """The five languages and those already set, by code, with their names for the reader."""
    codes = [code for code, _name in settings.LANGUAGES]
    codes += [code for code in also or [] if code not in codes]
    return [(code, languages.language_name(code).capitalize()) for code in codes]


def people(*, blank: str = "", keep: int | None = None, without: int | None = None) -> Choices:
    """Active users by name (and the one set now, even if not active). Query cost: 1."""
    found = User.objects.order_by("name", "username").values_list("pk", "name", "username", "is_active")
    shown: Choices = [("", blank)] if blank else []
    for pk, name, username, active in found:
        if (active or pk == keep) and pk != without:
            label = f"{name or username} ({username})" if name and name != username else username
            shown.append((str(pk), label if active else _("%(name)s, not active") % {"name": label}))
    return shown


def managers(*, blank: str, keep: int | None = None) -> Choices:
    """Active managers by name (and the one set now, whatever became of them). Query cost: 1."""
    found = User.objects.filter(Q(is_manager=True, is_active=True) | Q(pk=keep)).order_by("name", "username")
    return [("", blank), *((str(one.pk), str(one)) for one in found)]


def teams(*, blank: str = "", keep: int | None = None) -> Choices:
    """Teams in use (and the one set now). Query cost: 1."""
    shown: Choices = [("", blank)] if blank else []
    for pk, name, active in Team.objects.order_by("name").values_list("pk", "name", "is_active"):
        if active or pk == keep:
            shown.append((str(pk), name if active else _("%(name)s, not in use") % {"name": name}))
    return shown


def types(*, blank: str) -> Choices:
    """Types in use with their path, by key. Query cost: 1."""
    rows = list(ComplaintType.objects.select_related("parent"))
    shown: Choices = [("", blank)]
    for top in (row for row in rows if row.parent_id is None and row.is_active):
        shown.append((str(top.pk), top.label))
        shown += [(str(row.pk), row.path) for row in rows if row.parent_id == top.pk and row.is_active]
    return shown


def anything(choices: Any) -> Choices:
    """Choices with "any" before them: blank matches anything."""
    return [("", _("any")), *choices]
