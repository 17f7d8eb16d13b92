"""The people and things tests are about: plain `make_*` helpers and a named cast. Everything goes through the actions.

    team = make_team("Lisbon desk")            # with a lead of its own
    agent = make_agent(team, languages=["pt"])
    complaint = make_complaint(owner=agent, subject="Two lamps, one parcel")

`cast()` makes the usual company at once; tests take it by fixture (see `tests/conftest.py` or their own module).
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from complaints.actions.file import Filing, file
from complaints.models import Complaint, ComplaintType, SlaPolicy
from complaints.reference import catalogue
from core import cached, clock
from core.actor import Actor
from core.models import Organisation, Team, User
from retention.actions import customers
from retention.models import Customer

PASSWORD = "a long enough pass phrase"
MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)  # a working day without holiday, an hour into the day in Europe
_numbers = itertools.count(1)


def make_user(name: str = "", *, password: str | None = PASSWORD, **fields: Any) -> User:
    """A person without any role. Names and addresses are made up where not given."""
    number = next(_numbers)
    username = fields.pop("username", f"user{number}")
    email = fields.pop("email", f"{username}@house.example")
    fields.setdefault("time_zone", "UTC")
    fields.setdefault("take_back_seconds", 0)  # replies leave at once; tests/test_pending.py is about those that wait
    return User.objects.create_user(username, email, password, name=name or f"Person {number}", **fields)


def make_team(name: str = "", *, lead: User | None = None) -> Team:
    """A team with a lead, who is an agent of it too. Routing sends nothing to it unless a rule says so."""
    number = next(_numbers)
    lead = lead or make_user(f"Lead {number}", username=f"lead{number}", is_agent=True)
    team = Team.objects.create(name=name or f"Team {number}", lead=lead)
    if lead.team_id is None:
        User.objects.filter(pk=lead.pk).update(team=team)
        lead.team = team
    forget(lead)
    cached.clear_all()
    return team


def make_agent(team: Team | None = None, name: str = "", **fields: Any) -> User:
    """An agent, in `team` (a new one unless given; `team=None` with `alone=True`: in none)."""
    alone = fields.pop("alone", False)
    if team is None and not alone:
        team = make_team()
    fields.setdefault("languages", ["en"])
    return make_user(name, is_agent=True, team=team, **fields)


def make_lead(team: Team | None = None, name: str = "", **fields: Any) -> User:
    """Somebody who leads `team` (a new one unless given) and is no agent."""
    lead = make_user(name, **fields)
    if team is None:
        make_team(lead=lead)
        User.objects.filter(pk=lead.pk).update(team=None)
        lead.team = None
    else:
        Team.objects.filter(pk=team.pk).update(lead=lead)
    cached.clear_all()
    return forget(lead)


def make_manager(name: str = "", **fields: Any) -> User:
    return make_user(name, is_manager=True, **fields)


def make_admin(name: str = "", **fields: Any) -> User:
    """An administrator: settings and people, no cases."""
    return make_user(name, is_admin=True, **fields)


def make_customer(name: str = "Dana Whitlock", email: str = "", phone: str = "", **fields: Any) -> Customer:
    """A customer with an e-mail of their own unless one is given (`email=None`: without)."""
    address = f"customer{next(_numbers)}@mail.example" if email == "" else (email or "")
    details = customers.Details(name=name, email=address, phone=phone, **fields)
    return customers.create(details, by=Actor.system("test"), at=clock.now())


def make_complaint(*, by: Actor | None = None, at: datetime | None = None, **filing: Any) -> Complaint:
    """A complaint filed through the action. Keywords are those of `Filing`; `type` also takes a code.

    Without an owner it is given to one, or routed where `owner=None` is said. By default the complainant filed it on
    the web form.
    """
    filing.setdefault("channel", "web")
    filing.setdefault("subject", "Two lamps, one parcel")
    filing.setdefault("description", "I ordered two lamps. One parcel came.")
    filing.setdefault("language", "en")
    if "owner" not in filing and not filing.get("quarantine"):
        filing["owner"] = make_agent()
    if isinstance(filing.get("type"), str):
        filing["type"] = type_of(filing["type"])
    if filing.get("quarantine") or filing.get("owner") is None:
        ensure_default_owner()
    return file(Filing(**filing), by=by or Actor.customer(), at=at or clock.now())


def type_of(code: str) -> ComplaintType:
    return catalogue().types[code]


def ensure_default_owner() -> User:
    """The default owner of the installation, made if there is none."""
    organisation = Organisation.objects.get(pk=1)
    if organisation.default_owner is None:
        organisation.default_owner = make_manager("Default Owner")
        organisation.save(update_fields=["default_owner"])
        cached.clear_all()
    return organisation.default_owner


def forget(user: User) -> User:
    """Drop what the instance remembers of its roles, after they changed."""
    user.__dict__.pop("roles", None)
    user.__dict__.pop("led_team_ids", None)
    return user


@dataclass(slots=True)
class Cast:
    """Who plays: `agent` and `colleague` in `team` led by `lead`; `stranger` in another team; `manager`; `admin`."""

    team: Team
    other_team: Team
    agent: User
    colleague: User
    stranger: User
    lead: User
    manager: User
    admin: User
    customer: Customer

    def complaint(self, **filing: Any) -> Complaint:
        """A complaint of the customer that `agent` owns, unless said otherwise."""
        filing.setdefault("owner", self.agent)
        if "details" not in filing:
            filing.setdefault("customer", self.customer)
        return make_complaint(**filing)

    def people(self) -> dict[str, User]:
        """By the role they play in tests of access."""
        return {
            "agent": self.agent,
            "colleague": self.colleague,
            "stranger": self.stranger,
            "lead": self.lead,
            "manager": self.manager,
            "admin": self.admin,
        }


def make_cast() -> Cast:
    """The whole company; the default owner is the manager."""
    lead = make_user("Lena Lead", username="lena")
    team = make_team("Lisbon desk", lead=lead)
    User.objects.filter(pk=lead.pk).update(team=None)
    lead.team = None
    other_team = make_team("Oslo desk")
    manager = make_manager("Maria Manager", username="maria")
    Organisation.objects.filter(pk=1).update(default_owner=manager)
    cached.clear_all()
    return Cast(
        team=team,
        other_team=other_team,
        agent=make_agent(team, "Ana Agent", username="ana", languages=["en", "pt"]),
        colleague=make_agent(team, "Cole Colleague", username="cole", languages=["en", "ru"]),
        stranger=make_agent(other_team, "Sven Stranger", username="sven"),
        lead=forget(lead),
        manager=manager,
        admin=make_admin("Ada Admin", username="ada"),
        customer=make_customer("Dana Whitlock", email="dana@mail.example", phone="+351 912 345 678"),
    )


def two_clocks_only() -> None:
    """Policies as plain as can be: acknowledge and resolve, nobody warned, owner and lead told of a breach."""
    for policy in SlaPolicy.objects.all():
        policy.ladder = []
        policy.targets = {kind: policy.targets[kind] for kind in ("acknowledge", "resolve")}
        policy.save(update_fields=["ladder", "targets"])
    cached.clear_all()
