"""Real files go in by the commands; every figure of `reference.json` comes out (issue 3, done when).

Those of the largest files are asked where their imports are tested (`published`).
"""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.management import call_command

from core import cached
from core.models import User
from metrics.figures import asking, figures
from tests.cast import ensure_default_owner
from tests.figures.published import by_key, rounded

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture
def manager() -> User:
    cached.clear_all()
    return ensure_default_owner()


@pytest.fixture(scope="session")
def reference(reference_data: Path) -> Any:
    return json.loads((reference_data / "reference.json").read_text())


def load(command: str, path: Path, preset: str, **options: Any) -> None:
    call_command(command, str(path), preset=preset, stdout=StringIO(), **options)


def test_telco(reference_data: Path, reference: Any, manager: User) -> None:
    load("import_customers", reference_data / "telco_churn.csv.gz", "telco", as_of="2026-01-31")
    known, churn = reference["telco_churn"], figures["churn-rate"]
    scope = asking.scope_of({"as_of": "2026-01-31"}, manager, churn)
    found = churn.measure(scope)
    assert (rounded(found.value), found.numerator, found.n) == (
        known["churn_rate_pct"],
        known["churned"],
        known["rows"],
    )
    assert rounded(churn.measure(asking.scope_of({}, manager, churn)).value) == known["churn_rate_pct"]
    for group in churn.groups(scope, "plan"):
        row = known["by_contract"][group.key]
        found = group.measure
        assert (rounded(found.value), found.numerator, found.n) == (row["churn_pct"], row["churned"], row["n"])


def test_garden_centres(reference_data: Path, reference: Any, manager: User) -> None:
    load("import_survey_responses", reference_data / "nps_garden_centres.csv.gz", "nps-garden-centres")
    known, nps = reference["nps_garden_centres"], figures["nps"]
    scope = asking.scope_of({}, manager, nps)
    found = nps.measure(scope)
    assert (found.n, rounded(found.value)) == (13_612, 53.4161)
    assert dict(found.values or {}) == {name: known["overall"][name] for name in nps.parts}
    labels = by_key(nps.groups(scope, "period_label"))
    assert labels.keys() - {"-"} == known["by_t"].keys()
    for key, row in known["by_t"].items():
        assert (labels[key].measure.n, rounded(labels[key].measure.value)) == (row["n"], row["nps"])
    segments = by_key(nps.groups(scope, "segment"))
    for key, row in known["by_visits"].items():
        assert (segments[key].measure.n, rounded(segments[key].measure.value)) == (row["n"], row["nps"])


def test_zone_names_are_known_to_the_database(manager: User) -> None:
    """Buckets are cut by the database: its zone data must know the names we accept."""
    for name in ("Europe/Lisbon", "America/New_York", "Pacific/Auckland", "Asia/Kathmandu"):
        scope = asking.scope_of({"time_zone": name}, manager, figures["nps"])
        assert scope.zone == ZoneInfo(name)
        assert figures["nps"].groups(scope, "month") == []
