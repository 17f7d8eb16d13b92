"""The people of Halden & Moss: teams, agents, routing rules, and the logins to look around with."""

from __future__ import annotations

import json
import os
import secrets
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import transaction

from complaints.actions import staff
from complaints.models import RoutingRule
from core import cached
from core.actions import people
from core.actions import settings as rows_of_settings
from core.actor import Actor
from core.models import Organisation, Team, User

ORGANISATION = "Halden & Moss"
UNNAMED = "Amends"  # what a new installation calls itself
MAIL_DOMAIN = "haldenmoss.example"
SEEDER = Actor.system("seed_demo")
LOGINS_FILE = "demo-logins.json"


@dataclass(frozen=True, slots=True)
class Member:
    """One of us. `team` is a name; `leads` too. `login`: signs in with a password kept for the demo."""

    username: str
    name: str
    team: str = ""
    leads: str = ""
    languages: tuple[str, ...] = ("en",)
    capacity: int = 20
    language: str = ""
    deputy: str = ""
    is_agent: bool = True
    is_manager: bool = False
    is_admin: bool = False
    login: str = ""


LISBON, MADRID, MILAN, SHOP = "Lisbon desk", "Madrid desk", "Milan desk", "Web shop"
MEMBERS = (
    Member("lead", "Rita Lourenço", LISBON, LISBON, ("pt", "en", "es"), 10, login="lead"),
    Member("ada", "Ada Lindqvist", MADRID, MADRID, ("es", "en"), 12, "es"),
    Member("fabrizio", "Fabrizio Neri", MILAN, MILAN, ("it", "en"), 12, "it"),
    Member("yana", "Yana Volkova", SHOP, SHOP, ("ru", "en"), 12, "ru"),
    Member("agent", "Dana Whitlock", LISBON, "", ("en", "pt", "ru"), 20, login="agent"),
    Member("ivo", "Ivo Petkov", LISBON, "", ("en", "ru", "it"), 18, deputy="agent"),
    Member("ines", "Inês Caldeira", LISBON, "", ("pt", "es", "en"), 20, "pt", deputy="ivo"),
    Member("raul", "Raúl Espinosa", MADRID, "", ("es", "en"), 18, "es", deputy="ada"),
    Member("noelia", "Noelia Garrido", MADRID, "", ("es", "pt"), 16, "es", deputy="raul"),
    Member("silvia", "Silvia Conti", MILAN, "", ("it", "en"), 18, "it", deputy="fabrizio"),
    Member("maksim", "Maksim Orekhov", SHOP, "", ("ru", "en"), 18, "ru", deputy="yana"),
    Member("leonor", "Leonor Dias", SHOP, "", ("pt", "es", "it", "en"), 16, "pt", deputy="maksim"),
    Member("manager", "Henrik Moss", is_agent=False, is_manager=True, languages=("en", "pt"), login="manager"),
    Member("admin", "Ulla Halden", is_agent=False, is_admin=True, languages=("en",), login="admin"),
)
AWAY = "ines"  # on holiday now; Ivo stands in

# channel, language -> team; the first that matches. What the web form brings goes to Lisbon in every language.
RULES = (
    ("social", "", SHOP),
    ("chat", "", SHOP),
    ("web", "", LISBON),
    ("api", "", LISBON),
    ("", "es", MADRID),
    ("", "it", MILAN),
    ("", "ru", SHOP),
    ("", "", LISBON),
)


class NamesTaken(Exception):
    """Users with the demo's names are here already, and they are not the demo's."""


def users() -> dict[str, User]:
    """The demo's people by user name, as far as they are here. Query cost: 1."""
    ours = User.objects.filter(username__in=[m.username for m in MEMBERS], email__endswith=f"@{MAIL_DOMAIN}")
    return {user.username: user for user in ours}


@transaction.atomic
def make(*, at: datetime) -> dict[str, User]:
    """Make whoever is missing, as at `at`; returns all by user name. Raises NamesTaken."""
    found = users()
    missing = [member for member in MEMBERS if member.username not in found]
    taken = User.objects.filter(username__in=[m.username for m in missing]).values_list("username", flat=True)
    if taken:
        raise NamesTaken(", ".join(taken))
    for member in missing:
        found[member.username] = people.create_user(_values(member), by=SEEDER, at=at)
    if missing:
        User.objects.filter(pk__in=[user.pk for user in found.values()]).update(time_zone=settings.TIME_ZONE)
        _teams(found, at=at)
        _deputies(found, at=at)
        _rules(at=at)
        _organisation(found["manager"], at=at)
    cached.clear_all()
    return users()


def make_absence(members: dict[str, User], *, at: datetime, until_at: datetime) -> None:
    """One of them goes on holiday at `at`; the open cases go to the deputy."""
    staff.go_absent(members[AWAY], by=SEEDER, at=at, from_at=at, until_at=until_at, reason="Holiday", hand_over=True)


def _values(member: Member) -> dict[str, object]:
    return {
        "username": member.username,
        "name": member.name,
        "email": f"{member.username}@{MAIL_DOMAIN}",
        "is_agent": member.is_agent,
        "is_manager": member.is_manager,
        "is_admin": member.is_admin,
        "languages": list(member.languages),
        "capacity": member.capacity,
    }


def _teams(found: dict[str, User], *, at: datetime) -> None:
    teams = {}
    for member in MEMBERS:
        if member.leads:
            team = Team(name=member.leads, lead=found[member.username])
            teams[member.leads] = rows_of_settings.create(team, by=SEEDER, at=at)
    for member in MEMBERS:
        user = found[member.username]
        if member.team:
            people.change_user(user, {"team": teams[member.team]}, by=SEEDER, at=at)
        if member.language:
            people.change_own(user, {"language": member.language}, at=at)


def _deputies(found: dict[str, User], *, at: datetime) -> None:
    for member in MEMBERS:
        if member.deputy:
            people.change_user(found[member.username], {"deputy": found[member.deputy]}, by=SEEDER, at=at)


def _rules(*, at: datetime) -> None:
    teams = {team.name: team for team in Team.objects.filter(name__in={rule[2] for rule in RULES})}
    behind = RoutingRule.objects.count()
    for position, (channel, language, team) in enumerate(RULES, start=behind + 1):
        rule = RoutingRule(position=position * 10, channel=channel, language=language, team=teams[team])
        rows_of_settings.create(rule, by=SEEDER, at=at)


def _organisation(manager: User, *, at: datetime) -> None:
    row = Organisation.objects.get(pk=1)
    values: dict[str, object] = {}
    if row.default_owner_id is None:
        values["default_owner"] = manager
    if row.name == UNNAMED:
        values["name"] = ORGANISATION
    rows_of_settings.change(row, values, by=SEEDER, at=at)


def make_logins(folder: Path) -> Path:
    """Give the demo logins their passwords, made once and kept in `demo-logins.json` (mode 0600); returns the file.

    The slow hashes are made side by side: that lets other threads run.
    """
    path = folder / LOGINS_FILE
    known = _kept(path)
    members = users()
    logins, fresh = [], {}
    for member in MEMBERS:
        if member.login:
            user = members[member.username]
            password = known.get(member.username)
            if password is None or not user.has_usable_password():
                password = password or secrets.token_urlsafe(9)
                fresh[user] = password
            logins.append({"username": member.username, "password": password, "role": member.login})
    with ThreadPoolExecutor() as threads:
        for user, hashed in zip(fresh, threads.map(make_password, fresh.values()), strict=True):
            user.password = hashed
            user.save(update_fields=["password"])
    logins.sort(key=lambda login: ("agent", "lead", "manager", "admin").index(login["role"]))
    hidden = path.with_suffix(f".{os.getpid()}")
    hidden.touch(mode=0o600)
    hidden.write_text(json.dumps(logins, indent=2) + "\n")
    hidden.rename(path)
    return path


def _kept(path: Path) -> dict[str, str]:
    """Passwords made at an earlier start."""
    try:
        return {login["username"]: login["password"] for login in json.loads(path.read_text())}
    except (OSError, ValueError, KeyError, TypeError):
        return {}
