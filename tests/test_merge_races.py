"""Merging while others do the same or something else: one of them waits, nothing is lost (PostgreSQL)."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connections

from complaints.actions import converse, merge
from complaints.models import Clock, Complaint, Merge, Message, Workload
from complaints.sla import rebuild
from complaints.sla.sweep import sweep
from core import clock, trail
from core.actor import Actor
from core.errors import DomainError
from tests.cast import Cast, make_cast

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True, serialized_rollback=True)]


@pytest.fixture
def cast() -> Cast:
    return make_cast()


def at_once(*works: Callable[[], Any]) -> list[Any]:
    """Run all of them together; what each returned, or the code it was refused with."""
    barrier = Barrier(len(works))

    def run(work: Callable[[], Any]) -> Any:
        try:
            barrier.wait()
            return work()
        except DomainError as refusal:
            return refusal.code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))


def whole() -> None:
    assert rebuild.rebuild(mend=False)["different"] == 0
    for one in Complaint.objects.all():
        assert not list(trail.verify(trail.of(one)))
    for row in Workload.objects.all():
        assert row.open_count == Complaint.objects.filter(owner=row.agent_id, in_queue=True).count()


def test_both_ways_at_once_one_wins(cast: Cast) -> None:
    by = Actor.person(cast.agent)
    for _round in range(5):
        one, other = cast.complaint(), cast.complaint()
        told = at_once(
            lambda a=one, b=other: merge.merge(a, into=b, by=by, at=clock.now()).status,
            lambda a=one, b=other: merge.merge(b, into=a, by=by, at=clock.now()).status,
        )
        assert sorted(str(word) for word in told) == ["merge_cycle", "merged"], told
        assert Merge.objects.filter(complaint__in=[one, other], undone_at=None).count() == 1
    whole()


def test_into_one_that_is_just_being_merged_leads_to_the_head(cast: Cast) -> None:
    by = Actor.person(cast.agent)
    for _round in range(5):
        first, second, third = cast.complaint(), cast.complaint(), cast.complaint()
        told = at_once(
            lambda a=first, b=second: merge.merge(a, into=b, by=by, at=clock.now()).status,
            lambda b=second, c=third: merge.merge(b, into=c, by=by, at=clock.now()).status,
        )
        assert told == ["merged", "merged"]
        heads = set(Complaint.objects.filter(pk__in=[first.pk, second.pk]).values_list("merged_into", flat=True))
        assert heads == {third.pk}
    whole()


def test_while_the_customer_answers(cast: Cast) -> None:
    by = Actor.person(cast.agent)
    for _round in range(5):
        source, target = cast.complaint(), cast.complaint()
        at_once(
            lambda a=source, b=target: merge.merge(a, into=b, by=by, at=clock.now()),
            lambda a=source: converse.incoming(a, by=Actor.customer(), at=clock.now(), body="Any news?"),
            lambda b=target: converse.message(b, by=by, at=clock.now(), body="We look into it."),
        )
        source.refresh_from_db()
        assert source.status == "merged"
        assert Message.objects.get(complaint=source, direction="in").body == "Any news?"
        assert Message.objects.filter(complaint=target, body="We look into it.").count() == 1
    whole()


def test_twice_at_once_and_while_swept(cast: Cast) -> None:
    by = Actor.person(cast.agent)
    source, target = cast.complaint(), cast.complaint()
    told = at_once(
        *[lambda: merge.merge(source, into=target, by=by, at=clock.now()).status for _number in range(4)], sweep
    )
    assert sorted(str(word) for word in told[:4]) == ["already_merged"] * 3 + ["merged"]
    told = at_once(*[lambda: merge.unmerge(source, by=by, at=clock.now()).status for _number in range(4)], sweep)
    assert sorted(str(word) for word in told[:4]) == ["new", "not_merged", "not_merged", "not_merged"]
    assert set(Clock.objects.filter(complaint__in=[source, target]).values_list("state", flat=True)) == {"running"}
    whole()
