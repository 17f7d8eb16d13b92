"""A case with a bit of everything, for tests of its file, and how to ask for the file."""

from __future__ import annotations

import io
import json
import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.test import Client
from pypdf import PdfReader

from complaints.actions import acceptance, attachments, converse, decide, handle, promises, remedies
from complaints.actions.demands import DemandAnswer
from complaints.models import AuthorityLimit, Complaint, LateReason
from complaints.reference import cause_by_code
from core.actor import Actor
from tests.authority import publish
from tests.cast import MONDAY, Cast
from tests.tokens import bearer

DAY = timedelta(days=1)
LATER = MONDAY + 40 * DAY
OURS = {  # what the complainant must never read, by where it was written
    "note": "QSECRETNOTE",
    "file of a note": "QSECRETFILE",
    "findings": "QSECRETFINDINGS",
    "summary": "QSECRETSUMMARY",
    "late note": "QSECRETLATE",
    "reason of a remedy": "QSECRETREASON",
    "remedy not given": "QSECRETWITHDRAWN",
    "promise to somebody else": "QSECRETCARRIER",
    "note of a promise": "QSECRETKEPT",
    "reason of waiting": "QSECRETWAITING",
    "comment on the decision": "QSECRETCOMMENT",
}


def whole_case(cast: Cast) -> Complaint:
    """Acknowledged, asked, promised, given, decided late, declined; with files and notes."""
    me = Actor.person(cast.agent)
    publish(AuthorityLimit(holder="role", role="agent", currency="EUR", per_complaint=Decimal(100)))
    case = cast.complaint(
        at=MONDAY,
        subject="Лампа не горит",
        description="I ordered two lamps.\nOne parcel came.\n\nNobody answers.",
        remedy_sought="QSOUGHT the second lamp",
        expectation="QEXPECT an answer",
        language="ru",
    )
    given = attachments.upload([b"hello"], name="QPHOTO bill.txt", by=me, at=MONDAY, complaint=case, mode="reply")
    inside = attachments.upload(
        [b"ours"], name=OURS["file of a note"] + ".txt", by=me, at=MONDAY, complaint=case, mode="note"
    )
    handle.acknowledge(case, by=me, at=MONDAY + timedelta(minutes=5), message="QACKNOWLEDGED we have it")
    wanted = decide.demand(case, by=me, at=MONDAY, text="QDEMAND send the second lamp")
    converse.message(case, by=me, at=MONDAY + DAY, body="QREPLY the bill", attachments=[given.token])
    converse.note(case, by=me, at=MONDAY + DAY, body=OURS["note"], attachments=[inside.token])
    kept = promises.promise(case, by=me, at=MONDAY, text="QPROMISE to call", due_at=MONDAY + 2 * DAY)
    promises.fulfil(kept, by=me, at=MONDAY + DAY, note=OURS["note of a promise"])
    other = promises.promise(
        case, by=me, at=MONDAY, text=OURS["promise to somebody else"], due_at=MONDAY + 2 * DAY, to_whom="the carrier"
    )
    promises.fulfil(other, by=me, at=MONDAY + DAY)
    grant = remedies.ask(
        case,
        by=me,
        at=MONDAY + DAY,
        kind="refund",
        amount=Decimal("12.30"),
        currency="EUR",
        reason=OURS["reason of a remedy"],
    )
    asked = remedies.ask(
        case,
        by=me,
        at=MONDAY + DAY,
        kind="refund",
        amount=Decimal("9000"),
        currency="EUR",
        description=OURS["remedy not given"],
        reason=OURS["remedy not given"],
    )
    remedies.withdraw(asked, by=me, at=MONDAY + DAY)
    case.refresh_from_db()
    handle.wait(case, by=me, at=MONDAY + DAY, reason=OURS["reason of waiting"])
    handle.resume(case, by=me, at=MONDAY + 2 * DAY)
    decide.resolve(
        case,
        by=me,
        at=LATER,
        outcome="upheld",
        root_cause=cause_by_code("people-mistake"),
        summary=OURS["summary"],
        findings=OURS["findings"],
        answer="QANSWER you are right",
        late_reason=LateReason.WORKLOAD,
        late_note=OURS["late note"],
        demands=[DemandAnswer(wanted.pk, "granted", "QGRANTED it is on its way", grant.pk)],
    )
    case.refresh_from_db()
    decide.told(case, by=me, at=LATER, how="phone", told_at=LATER)
    case.refresh_from_db()
    acceptance.accept(case, by=me, at=LATER + DAY, accepted=False, comment=OURS["comment on the decision"])
    case.refresh_from_db()
    return case


def over_api(user: Any, case: Complaint, accept: str = "*/*", **query: str) -> Any:
    headers = {**bearer(user), "Accept": accept}
    return Client(headers=headers).get(f"/api/v1/complaints/{case.reference}/case-file/", query)


def in_browser(user: Any, case: Complaint, **query: str) -> Any:
    client = Client()
    client.force_login(user)
    asked = {"edition": "internal", "language": "", "format": "pdf", **query}
    return client.get(f"/complaints/{case.reference}/case-file/download/", asked)


def facts_of(user: Any, case: Complaint, **query: str) -> dict[str, Any]:
    answer = over_api(user, case, format="json", **query)
    assert answer.status_code == 200, answer.content
    told: dict[str, Any] = json.loads(answer.content)
    return told


def pages_of(content: bytes) -> list[str]:
    """The text of each page, without the marks where a long word may break, in one line."""
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(content)).pages]
    return [re.sub(r"\s+", " ", page.replace("\u200b", "")) for page in pages]


def text_of(content: bytes) -> str:
    return " ".join(pages_of(content))
