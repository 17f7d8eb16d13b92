"""The queue (50 rows) as agent and as manager, and a case with 20 messages: real pages from the real server."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.test import Client

from complaints.actions import converse, views
from complaints.actions.file import Filing, file
from complaints.models import Complaint, SavedView
from core.actor import Actor
from core.clock import now
from core.models import User
from retention.actions.customers import Details
from tests.bench.queries import counted
from tests.bench.seed import WORDS, Company
from tests.bench.web import Call, Server

WARM, REQUESTS = 30, 150
QUEUE = "/complaints/"
SAVED: list[dict[str, str]] = [
    {"view": "all", "channel": "phone"},
    {"view": "all", "severity": "critical"},
    {"view": "all", "owner": "me", "due": "today"},
    {"view": "team", "type": "billing"},
    {"view": "all", "language": "ru"},
    {"view": "waiting", "channel": "email"},
    {"view": "all", "escalated": "yes"},
    {"view": "all", "draft": "yes"},
]


def measure_queue(people: Company, server: Server) -> dict[str, Any]:
    """Both views of the queue, one client at a time; then with eight saved views to count beside it, and one open."""
    agent, manager = people.agents[0], people.manager
    found = {"agent": page(QUEUE, agent, server), "manager": page(QUEUE, manager, server)}
    kept = [save(manager, number, query) for number, query in enumerate(SAVED)]
    try:
        found["agent, 8 saved views"] = page(QUEUE, agent, server)
        found["manager, 8 saved views"] = page(QUEUE, manager, server)
        found["manager, a saved view"] = page(f"{QUEUE}?view=saved-{kept[0].pk}", manager, server)
    finally:
        SavedView.objects.filter(pk__in=[one.pk for one in kept]).delete()
    return found


def save(manager: User, number: int, query: dict[str, str]) -> SavedView:
    """A view for everybody."""
    by = Actor.person(manager)
    return views.save(by=by, at=now(), name=f"View {number}", query=query, circle=views.ALL)


def measure_case(people: Company, server: Server) -> dict[str, Any]:
    """One case with 20 messages as its owner sees it."""
    complaint = conversation(people.agents[0])
    return {"owner": page(f"/complaints/{complaint.reference}/", people.agents[0], server)}


def conversation(owner: User) -> Complaint:
    """A complaint with ten messages from each side."""
    details = Details(name="Dana Whitlock", email="dana@mail.example", source="api")
    filing = Filing(channel="web", subject="The lamp", description=WORDS[0] * 3, details=details, owner=owner)
    complaint = file(filing, by=Actor.customer(), at=now())
    for number in range(10):
        text = f"{number}: {WORDS[number % 4]}. {WORDS[(number + 1) % 4]}."
        converse.message(complaint, by=Actor.person(owner), at=now(), body=text)
        converse.incoming(complaint, by=Actor.customer(), at=now(), body=text)
    return complaint


def page(path: str, user: User, server: Server) -> dict[str, Any]:
    """One page asked again and again by one client."""
    headers = headers_of(user)
    status, answer = server.get(path, headers)
    if status != 200:
        raise RuntimeError(f"{path} answers {status}")
    server.load(lambda n: Call("GET", path) if n < WARM else None, 4, headers)
    timing = server.load(lambda n: Call("GET", path) if n < REQUESTS else None, 1, headers)
    return {**timing.summary(), **_count(path, user), "kilobytes": round(len(answer) / 1000, 1)}


def headers_of(user: User) -> dict[str, str]:
    """Those of a browser that is signed in."""
    return {"Cookie": f"{settings.SESSION_COOKIE_NAME}={session_of(user)}", "Accept-Language": "en"}


def session_of(user: User) -> str:
    """A signed-in session, as the login page would make it."""
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return str(session.session_key)


def _count(path: str, user: User) -> dict[str, int]:
    client = Client(headers={"host": "127.0.0.1"})
    client.cookies[settings.SESSION_COOKIE_NAME] = session_of(user)
    for _ in range(2):
        with counted() as asked:
            client.get(path)
    return asked.summary()
