"""What finance sends back about payouts, as a file: read whole or refused, row by row (A7; F15)."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from complaints import payout_files
from complaints.actions import payout_answers
from complaints.models import AuthorityLimit, Payout
from core import clock
from core.actor import Actor
from retention.models import Payment
from tests.authority import publish
from tests.cast import Cast, make_cast
from tests.payouts import code_of, granted, handed, today

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    made = make_cast()
    publish(AuthorityLimit(holder="role", role="manager"))
    return made


def upload(user: Any, text: str | bytes) -> tuple[int, str]:
    client = Client()
    client.force_login(user)
    raw = text.encode() if isinstance(text, str) else text
    sent = SimpleUploadedFile("back.csv", raw, "text/csv")
    answer = client.post("/payouts/confirmations/", {"file": sent})
    return answer.status_code, answer.content.decode()


def test_what_finance_sends_back(cast: Cast) -> None:
    """Line by line; those of no use are named, and the same file once more changes nothing."""
    first, second, third, due = (granted(cast, amount) for amount in ("10.00", "20.00", "30.00", "40.00"))
    Payout.objects.filter(pk=due.pk).update(state="cancelled")
    made = handed(cast)
    Payout.objects.filter(pk=due.pk).update(state="due")
    text = "".join(payout_files.written(payout_files.lines_of(made)))
    assert [one.is_silent for one in payout_files.read(text.encode())] == [True] * 3
    day = today()
    lines = [
        "payout;amount;currency;paid_on;reference;failure",
        f"{first.pk};10.00;EUR;{day};T-1;",
        f"{second.pk};20.01;EUR;{day};T-2;",
        f"{third.pk};;;;;No such account",
        f"{due.pk};;;{day};T-4;",
        f"987654;;;{day};T-5;",
        f"{second.pk};;;yesterday;T-2;",
        f"x;;;{day};T-6;",
        f"{first.pk};;;{day};T-1;",
    ]
    for _time in range(2):
        status, page = upload(cast.manager, "\r\n".join(lines))
        assert status == 200
        for line, why in (
            (3, "This is not the amount that was granted."),
            (5, "Finance has not been given this amount"),
            (6, "There is no such payout."),
            (7, "A date such as 2026-03-31 is expected."),
            (8, "The payout is named by its number."),
        ):
            assert f"Line {line}</span>: {why}" in page, (line, why)
    assert "3 known before" in page and "5 lines of no use" in page
    states = dict(Payout.objects.values_list("pk", "state"))
    assert states == {first.pk: "paid", second.pk: "exported", third.pk: "failed", due.pk: "due"}
    assert [(one.amount, one.external_id) for one in Payment.objects.all()] == [(Decimal(-10), f"payout:{first.pk}")]
    # the file of the export itself, filled in
    rows_ = list(csv.reader(io.StringIO(text)))
    for cells in rows_[1:]:
        if cells[0] == str(second.pk):
            cells[-3:] = [day, "T-2", ""]
    out = io.StringIO()
    csv.writer(out).writerows(rows_)
    settled = payout_answers.settle(
        payout_files.read(b"\xef\xbb\xbf" + out.getvalue().encode()), by=Actor.person(cast.manager), at=clock.now()
    )
    assert sorted(one.done for one in settled) == ["paid", "silent", "silent"]


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "columns_missing"),
        (b"remedy,paid_on\n1,2026-01-01\n", "columns_missing"),
        (b"payout,paid_on\n\xff\xfe,1\n", "not_utf8"),
        (b'payout,paid_on\n"1,2026-01-01\n', "not_csv"),
        (b"payout,paid_on\n" + b"1," * 2_600_000, "too_large"),
    ],
    ids=["empty", "columns", "bytes", "quote", "size"],
)
def test_files_of_no_use(cast: Cast, raw: bytes, code: str) -> None:
    assert code_of(lambda: payout_files.read(raw)) == code
    if len(raw) < 100_000:
        assert upload(cast.manager, raw)[0] == 422
