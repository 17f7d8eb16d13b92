"""Survey answers of another system go in and give the scores that others computed (B2; reference.json; case F32)."""

from __future__ import annotations

import csv
import gzip
import json
import random
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db.models import Count, Q

from core import trail
from core.models import OutboxMessage, TrailEntry
from metrics.models import SurveyResponse
from retention.models import Customer, FollowUp

pytestmark = pytest.mark.django_db
FILE, PRESET = "nps_garden_centres.csv.gz", "nps-garden-centres"
HEAD = "external_id,kind,score,comment,answered_at,customer_external_id\n"
LINE = "r1,nps,9,Splendid,2026-01-05T10:00:00Z,c1\n"


def load(capsys: pytest.CaptureFixture[str], path: Path, preset: str = "generic", **options: Any) -> dict[str, int]:
    call_command("import_survey_responses", str(path), preset=preset, json=True, **options)
    return json.loads(capsys.readouterr().out.strip().splitlines()[-1])


def counts(created: int = 0, updated: int = 0, unchanged: int = 0, rejected: int = 0) -> dict[str, int]:
    return {"created": created, "updated": updated, "unchanged": unchanged, "rejected": rejected}


def shares(by: str) -> dict[str, tuple[int, int, int]]:
    """Answers, promoters and detractors by label."""
    answered = SurveyResponse.objects.filter(source=PRESET, score__isnull=False).values(by)
    found = answered.annotate(
        n=Count("pk"), up=Count("pk", filter=Q(score__gte=9)), down=Count("pk", filter=Q(score__lte=6))
    )
    return {one[by]: (one["n"], one["up"], one["down"]) for one in found if one[by]}


def test_the_whole_file_equals_the_reference(reference_data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    expected = json.loads((reference_data / "reference.json").read_text())["nps_garden_centres"]
    assert load(capsys, reference_data / FILE, PRESET) == counts(created=13_954)
    answers = SurveyResponse.objects.filter(source=PRESET)
    assert answers.filter(score=None).count() == expected["blank"]
    given = answers.exclude(score=None)
    assert {str(k): n for k, n in given.values_list("score").annotate(n=Count("pk"))} == expected["scores"]
    assert shares("period_label") == {
        t: (one["n"], one["promoters"], one["detractors"]) for t, one in expected["by_t"].items()
    }
    assert shares("segment") == {
        band: (one["n"], one["promoters"], one["detractors"]) for band, one in expected["by_visits"].items()
    }
    assert given.filter(period_label="").count() == expected["t_blank"]
    assert answers.exclude(comment="").count() == expected["with_comment"]
    assert not answers.filter(comment__regex="[\x80-\x9f]").exists()  # the bytes of cp850 are letters again
    assert answers.filter(comment__contains="changé en espérant").exists()
    assert not OutboxMessage.objects.exists() and not FollowUp.objects.exists()
    assert load(capsys, reference_data / FILE, PRESET) == counts(unchanged=13_954)
    assert TrailEntry.objects.filter(subject_kind="surveyresponse").count() == 13_954


def test_any_subset_in_any_order(reference_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    draw = random.Random(3)
    with gzip.open(reference_data / FILE, "rt", encoding="latin-1", newline="") as file:
        rows = draw.sample(list(csv.DictReader(file)), 900)

    def write(name: str) -> Path:
        path = tmp_path / name
        with path.open("w", encoding="latin-1", newline="") as out:
            writer = csv.DictWriter(out, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        return path

    assert load(capsys, write("a.csv"), PRESET) == counts(created=900)
    slow = Counter(row["nps"] for row in rows if row["nps"] != "NA")
    found = SurveyResponse.objects.exclude(score=None).values_list("score").annotate(n=Count("pk"))
    assert {str(score): n for score, n in found} == slow
    draw.shuffle(rows)
    assert load(capsys, write("b.csv"), PRESET) == counts(unchanged=900)
    assert not list(trail.verify(TrailEntry.objects.order_by("subject_kind", "subject_id", "seq")))


def test_generic_takes_all_three_kinds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "f.csv"
    path.write_text(HEAD + LINE + "r2,csat,5,,,\n,ces,7,,2026-01-05,\n,ces,7,,2026-01-05,\nr3,nps,,,,c1\n")
    assert load(capsys, path, source="tool") == counts(created=5)
    one = SurveyResponse.objects.get(external_id="r1")
    assert (one.kind, one.score, one.comment, one.source) == ("nps", 9, "Splendid", "tool")
    assert one.answered_at == datetime(2026, 1, 5, 10, tzinfo=UTC)
    assert one.customer == Customer.objects.get() == SurveyResponse.objects.get(external_id="r3").customer
    assert SurveyResponse.objects.filter(kind="ces").count() == 2  # equal lines are two answers
    assert load(capsys, path, source="tool") == counts(unchanged=5)
    path.write_text(HEAD + LINE.replace(",9,", ",3,"))
    assert load(capsys, path, source="tool") == counts(updated=1)
    one.refresh_from_db()
    assert (one.score, one.version) == (3, 2)
    assert [entry.kind for entry in trail.of(one)] == ["surveyresponse.recorded", "surveyresponse.record_changed"]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (LINE.replace(",9,", ",11,"), "0 to 10"),
        (LINE.replace(",9,", ",9.5,"), "score"),
        (LINE.replace("nps,9", "csat,0"), "1 to 5"),
        (LINE.replace("nps", "stars"), "kind"),
        (LINE.replace("2026-01-05", "2199-01-05"), "future"),
        (LINE.replace("2026-01-05", "2026-13-05"), "answered_at"),
    ],
)
def test_an_answer_that_cannot_be_is_rejected(
    line: str, why: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, rejects = tmp_path / "f.csv", tmp_path / "r.csv"
    path.write_text(HEAD + LINE.replace("r1", "r0") + line)
    assert load(capsys, path, rejects=rejects) == counts(created=1, rejected=1)
    assert why in rejects.read_text(encoding="utf-8").splitlines()[1]
