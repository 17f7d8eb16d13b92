"""Mails of one case hang together in the reader's mail program: stable Message-IDs, In-Reply-To, References."""

from complaints.actions import converse
from core import clock, outbox
from core.actor import Actor
from core.mail import compose
from core.models import OutboxMessage
from tests.cast import Cast, make_cast


def test_each_mail_answers_the_one_before_and_names_the_receipt_first(db):
    cast: Cast = make_cast()
    complaint = cast.complaint()
    for body in ("One", "Two", "Three"):
        converse.message(complaint, by=Actor.person(cast.agent), at=clock.now(), body=body)
    first = outbox.message_id(f"receipt:{complaint.reference}")
    sent = sorted(OutboxMessage.objects.filter(template="message"), key=lambda row: row.created_at)
    mails = [compose(row) for row in sent]
    ids = [row.message_id for row in sent]
    assert [mail.extra_headers["In-Reply-To"] for mail in mails] == [first, *ids[:2]]
    assert mails[-1].extra_headers["References"] == " ".join([first, *ids[:2]])
    assert {mail.subject for mail in mails} == {mails[0].subject} and complaint.reference in mails[0].subject
    assert [mail.extra_headers["Message-ID"] for mail in mails] == ids


def test_what_is_no_message_id_never_becomes_a_header(db):
    cast = make_cast()
    converse.message(cast.complaint(), by=Actor.person(cast.agent), at=clock.now(), body="One")
    row = OutboxMessage.objects.get(template="message")
    row.context["references"] = ["<a@b.example>\r\nBcc: x@y.example", "plain", "<fine@house.example>"]
    assert compose(row).extra_headers["References"] == "<fine@house.example>"
