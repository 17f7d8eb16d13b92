"""Twenty times the same form at the same moment: one effect (case F25)."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.test import Client

from complaints.models import Complaint, Message, Note
from core import cached
from core.models import IdempotencyKey, OutboxMessage
from tests.cast import make_cast

pytestmark = [pytest.mark.django_db(transaction=True, serialized_rollback=True), pytest.mark.slow]
TIMES = 20


def send_all(user, url: str, form: dict[str, str]) -> list[int]:
    """Post the same form TIMES times in parallel, each over a connection of its own; the statuses."""
    clients = [Client() for _ in range(TIMES)]
    for client in clients:
        client.force_login(user)

    def send(client: Client) -> int:
        try:
            return client.post(url, form).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(send, clients))


def test_replies_closings_and_filings_happen_once():
    cached.clear_all()
    cast = make_cast()
    complaint = cast.complaint()
    page = f"/complaints/{complaint.reference}/"

    assert set(send_all(cast.agent, f"{page}messages/", {"body": "Hello", "nonce": "n1"})) <= {302}
    assert Message.objects.count() == 1
    assert OutboxMessage.objects.filter(template="message").count() == 1

    assert set(send_all(cast.agent, f"{page}notes/", {"body": "Hm", "nonce": "n2"})) <= {302}
    assert Note.objects.count() == 1

    form = {"outcome": "upheld", "root_cause": "people-mistake", "summary": "done", "nonce": "n3"}
    assert set(send_all(cast.agent, f"{page}resolution/", form)) <= {302}
    without = send_all(cast.agent, f"{page}closure/", {})
    assert sorted(without) == [302] + [409] * (TIMES - 1)
    complaint.refresh_from_db()
    assert complaint.status == "closed"

    form = {"channel": "phone", "kind": "complaint", "subject": "s", "description": "d", "type": "unclassified"}
    assert set(send_all(cast.agent, "/complaints/new/", {**form, "language": "en", "nonce": "n4"})) <= {302}
    assert Complaint.objects.count() == 2
    assert IdempotencyKey.objects.filter(key__startswith="form:").count() == 4
