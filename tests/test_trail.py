"""The hash-chained trail and `verify_trail` (domain, Trail)."""

from __future__ import annotations

import io
import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from core import clock, trail, trail_subjects
from core.actor import Actor
from core.models import TrailEntry, User
from tests.cast import MONDAY, make_user

pytestmark = pytest.mark.django_db
BY = Actor.system("tests")


@pytest.fixture
def subject(db: None) -> User:
    TrailEntry.objects.all().delete()
    user = make_user()
    for number in range(4):
        note(user, number)
    return user


def note(user: User, number: int) -> TrailEntry:
    with clock.frozen(MONDAY + timedelta(minutes=number)):
        return trail.append(
            user,
            "user.noted",
            by=BY,
            at=clock.now(),
            changes={"n": number, "größe": ["a", "é"]},
            private={"text": f"Zoë {number}"},
        )


def verify(*arguments: str) -> tuple[int, dict[str, Any]]:
    out = io.StringIO()
    try:
        call_command("verify_trail", *arguments, "--json", stdout=out)
    except SystemExit as end:
        return int(end.code or 0), json.loads(out.getvalue())
    return 0, json.loads(out.getvalue())


def test_an_honest_trail_verifies(subject: User) -> None:
    assert verify() == (0, {"entries": 4, "faults": []})
    assert [entry.seq for entry in trail.of(subject)] == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("seq", "change", "problem"),
    [
        (2, {"body": '{"n":9}'}, "altered"),
        (2, {"actor_label": "somebody"}, "altered"),
        (2, {"kind": "user.other"}, "altered"),
        (2, {"customer_id": 7}, "altered"),
        (3, {"at": MONDAY}, "altered"),
        (3, {"recorded_at": MONDAY + timedelta(microseconds=1)}, "altered"),
        (3, {"private": '{"text":"other"}'}, "text altered"),
        (3, {"private_digest": "0" * 64}, "altered"),
        (4, {"hash": bytes(32)}, "altered"),
    ],
)
def test_the_first_altered_entry_is_named(subject: User, seq: int, change: dict[str, Any], problem: str) -> None:
    entry = trail.of(subject).get(seq=seq)
    TrailEntry.objects.filter(pk=entry.pk).update(**change)
    code, report = verify()
    assert code == 1
    told = {"problem": problem, "code": problem.replace(" ", "_")}
    assert report["faults"] == [{"subject": f"user:{subject.pk}", "seq": seq, "entry_id": entry.pk, **told}]


def test_a_missing_entry_is_named(subject: User) -> None:
    trail.of(subject).get(seq=2).delete()
    code, report = verify(f"user:{subject.pk}")
    assert (code, report["entries"]) == (1, 3)
    assert report["faults"][0]["problem"] == "entry 2 is missing"


def test_erased_text_leaves_the_chain_whole(subject: User) -> None:
    trail.of(subject).update(private="", salt="")
    assert verify()[0] == 0


def test_a_cut_off_end_shows_by_its_anchor(subject: User) -> None:
    assert trail.anchor(at=MONDAY + timedelta(minutes=4)) is None  # too fresh
    sealed = trail.anchor(at=MONDAY + timedelta(hours=1))
    assert sealed is not None
    assert sealed.entries == 4
    assert trail.anchor(at=MONDAY + timedelta(hours=2)) is None
    assert verify()[0] == 0
    trail.of(subject).get(seq=4).delete()
    assert verify(f"user:{subject.pk}")[0] == 0
    code, report = verify()
    assert code == 1
    assert "1 of 4 entries are gone" in report["faults"][0]["problem"]


def test_a_name_that_means_nothing_is_an_error(subject: User) -> None:
    for name in ("AM-NOWHERE", "user:", "user:x"):
        with pytest.raises(CommandError):
            call_command("verify_trail", name)


def test_floors_above_register_their_names(subject: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trail_subjects, "_resolvers", [])

    def resolver(name: str) -> trail_subjects.Subject | None:
        return ("user", subject.pk) if name == "the one" else None

    trail_subjects.register(resolver)
    trail_subjects.register(resolver)
    assert len(trail_subjects._resolvers) == 1
    assert verify("the one") == (0, {"entries": 4, "faults": []})
    out = io.StringIO()
    call_command("verify_trail", "the one", stdout=out)
    assert out.getvalue() == "4 entries, 0 faults\n"
