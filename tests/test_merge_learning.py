"""What was learned of two cases that become one: themes and corrective actions (domain, Complaint 9; A11)."""

from __future__ import annotations

import json
from datetime import date

import pytest
from django.test import Client

from complaints.actions import corrective, themes
from complaints.models import CaseTheme, Complaint, RootCause, Theme
from core import clock, trail
from core.actor import Actor
from tests.cast import MONDAY, Cast, make_cast
from tests.merged import HOUR, filed, merged, parted
from tests.tokens import bearer

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    return make_cast()


@pytest.fixture
def by(cast: Cast) -> Actor:
    return Actor.person(cast.agent)


def tagged(complaint: Complaint, by: Actor, *codes: str) -> None:
    themes.replace(complaint, codes, by=by, at=MONDAY)


def themes_of(complaint: Complaint) -> list[str]:
    return sorted(CaseTheme.objects.filter(complaint=complaint).values_list("theme__code", flat=True))


def five() -> list[str]:
    return list(Theme.objects.filter(is_active=True).order_by("code").values_list("code", flat=True)[:5])


def test_themes_come_along_and_go_back(cast: Cast, by: Actor) -> None:
    source, target = filed(cast), filed(cast)
    one, two, three, four, _five = five()
    tagged(source, by, one, two, three)
    tagged(target, by, three, four)
    merged(source, target, by, MONDAY + HOUR)
    assert themes_of(target) == sorted([one, two, three, four]) and themes_of(source) == sorted([one, two, three])
    copied = CaseTheme.objects.get(complaint=target, theme__code=one)
    assert (copied.by, copied.at) == (cast.agent, MONDAY)
    entry = trail.of(target).get(kind="complaint.merged_here")
    assert json.loads(entry.body)["themes"] == sorted([one, two])
    themes.untag(target, by=by, at=MONDAY + HOUR, code=two)  # decided on the joint case
    parted(source, by, MONDAY + 2 * HOUR)
    assert themes_of(target) == sorted([three, four]) and themes_of(source) == sorted([one, two, three])
    entry = trail.of(target).get(kind="complaint.unmerged_here")
    assert json.loads(entry.body)["themes"] == [one]
    assert not list(trail.verify(trail.of(target)))


def test_there_is_room_for_so_many(cast: Cast, by: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    source, target = filed(cast), filed(cast)
    one, two, three, four, _five = five()
    tagged(source, by, one, two)
    tagged(target, by, three, four)
    monkeypatch.setattr(themes, "MOST", 3)
    merged(source, target, by, MONDAY + HOUR)
    assert len(themes_of(target)) == 3
    parted(source, by, MONDAY + 2 * HOUR)
    assert themes_of(target) == sorted([three, four])


def test_the_page_says_what_is_changed(cast: Cast, by: Actor, django_assert_max_num_queries: object) -> None:
    """Of the case and of what was merged into it; as many queries as without."""
    source, target = filed(cast), filed(cast)
    client = Client()
    client.force_login(cast.agent)
    assert 'id="measures"' not in client.get(target.get_absolute_url()).content.decode()
    cause = RootCause.objects.exclude(code="unclassified").filter(parent__isnull=False).first()
    assert cause is not None
    lead = Actor.person(cast.lead)
    made = []
    for title, of in (("Pad the lamps", [source]), ("Ask the carrier", [source, target])):
        made.append(
            corrective.create(
                by=lead, at=clock.now(), title=title, root_cause=cause, owner=cast.lead, due_on=date(2030, 1, 1),
                complaints=of,
            )
        )  # fmt: skip
    merged(source, target, by, clock.now())
    with django_assert_max_num_queries(10):  # type: ignore[operator]
        page = client.get(target.get_absolute_url()).content.decode()
    assert page.count("Pad the lamps · Planned") == page.count("Ask the carrier · Planned") == 1
    for one in made:
        assert f'href="/learning/actions/{one.pk}/"' in page


def test_over_the_api(cast: Cast, by: Actor) -> None:
    source, target = filed(cast), filed(cast)
    tagged(source, by, *five()[:2])
    client, path = Client(headers=bearer(cast.agent)), f"/api/v1/complaints/{source.reference}/merge/"
    assert client.post(path, {"into": target.reference}, "application/json").status_code == 200
    assert themes_of(target) == sorted(five()[:2])
    assert client.get(f"/api/v1/complaints/?theme={five()[0]}&in_queue=true").json()["results"][0]["reference"] == (
        target.reference
    )
    assert client.delete(path).status_code in (200, 204)
    assert themes_of(target) == [] and themes_of(source) == sorted(five()[:2])
