"""What was marked as an internal note never reaches the customer, whatever button sent it (ux, Agent's desk 4)."""

from __future__ import annotations

import pytest
from django.test import Client

from complaints.models import Message, Note
from core.models import OutboxMessage
from core.web.once import fresh
from tests.cast import make_cast


@pytest.mark.django_db
def test_a_note_sent_by_the_reply_button_is_a_note() -> None:
    cast = make_cast()
    complaint = cast.complaint()
    client = Client()
    client.force_login(cast.agent)
    OutboxMessage.objects.all().delete()
    said = {"body": "Between ourselves.", "mode": "note", "nonce": fresh(), "version": complaint.version}
    assert client.post(f"/complaints/{complaint.reference}/messages/", said).status_code == 302
    assert Note.objects.get().body == "Between ourselves."
    assert not Message.objects.exists() and not OutboxMessage.objects.exists()
