"""Files in Chromium: chosen, dropped, pasted, taken back, sent; hostile ones opened directly run nothing (F13, F14)."""

from __future__ import annotations

import base64
import re
import struct
import zlib
from typing import Any

import pytest

from complaints.actions import attachments, converse
from complaints.models import Attachment, Complaint, Message
from core import clock
from core.actor import Actor
from core.references import status_token
from tests.browser.conftest import expect
from tests.cast import Cast
from tests.uploads import draft, empty_storage, names

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)

CANARY = "window.parent.__ran = window.__ran = true; fetch('/canary/'); alert(1)"
HOSTILE = {
    "drawing.svg": f'<svg xmlns="http://www.w3.org/2000/svg" onload="{CANARY}"><script>{CANARY}</script></svg>',
    "page.html": f"<!doctype html><script>{CANARY}</script><img src=x onerror='{CANARY}'>",
    "feed.xml": f'<?xml version="1.0"?><h:script xmlns:h="http://www.w3.org/1999/xhtml">{CANARY}</h:script>',
    "page.xhtml": f'<html xmlns="http://www.w3.org/1999/xhtml"><script>{CANARY}</script></html>',
    "notes.txt": f"<script>{CANARY}</script>",
    "photo.png": f'<svg xmlns="http://www.w3.org/2000/svg"><script>{CANARY}</script></svg>',
}


def picture(side: int = 64) -> bytes:
    """A real PNG, orange."""
    rows = b"".join(b"\0" + b"\xe0\x80\x20" * side for _row in range(side))
    parts = (
        (b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(rows)),
        (b"IEND", b""),
    )
    packed = (struct.pack(">I", len(c)) + n + c + struct.pack(">I", zlib.crc32(n + c)) for n, c in parts)
    return b"\x89PNG\r\n\x1a\n" + b"".join(packed)


@pytest.fixture(autouse=True)
def clean() -> Any:
    empty_storage()
    yield
    empty_storage()


@pytest.fixture
def complaint(cast: Cast) -> Complaint:
    return cast.complaint()


def send(cast: Cast, complaint: Complaint, name: str, content: bytes) -> Attachment:
    token = draft(cast.agent, complaint, name, content)
    converse.message(complaint, by=Actor.person(cast.agent), at=clock.now(), body="x", attachments=[token])
    return Attachment.objects.get(token=token)


def put(page: Any, where: str, kind: str, files: list[tuple[str, str, bytes]], also: str = "") -> None:
    """Drop or paste files, as a person would: a real event with a real DataTransfer."""
    told = [[name, mime, base64.b64encode(content).decode()] for name, mime, content in files]
    page.eval_on_selector(
        where,
        """(place, [kind, files, also]) => {
          const data = new DataTransfer();
          for (const [name, type, bytes] of files) {
            const content = Uint8Array.from(atob(bytes), (c) => c.charCodeAt(0));
            data.items.add(new File([content], name, { type }));
          }
          if (also) data.setData("text/plain", also);
          const event = kind === "drop"
            ? new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true })
            : new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true });
          place.dispatchEvent(event);
        }""",
        [kind, told, also],
    )


def chosen(page: Any, mode: str = "reply") -> Any:
    return page.locator(f'[data-mode="{mode}"] [data-chosen] .chosen__name')


def test_hostile_files_opened_directly_run_nothing(
    open_page: Any, cast: Cast, complaint: Complaint, live_server: Any
) -> None:
    rows = [send(cast, complaint, name, content.encode()) for name, content in HOSTILE.items()]
    desk, public = open_page(user=cast.agent), open_page()
    asked: list[str] = []
    for page, base in (
        (desk, f"/complaints/{complaint.reference}"),
        (public, f"/status/{status_token(complaint.reference)}"),
    ):
        page.on("request", lambda request: asked.append(request.url))
        page.on("dialog", lambda dialog: pytest.fail("a script ran"))
        page.under_axe = True  # that parts of it are blocked is what is looked at here
        for row in rows:
            url = f"{live_server.url}{base}/attachments/{row.token}/{row.name}"
            page.goto("/complain/")
            with page.expect_download() as coming:
                page.evaluate("url => { location.href = url; }", url)
            assert coming.value.suggested_filename == row.name
            assert page.evaluate("window.__ran") is None
            # as a part of a page of ours: shown as nothing, run as nothing
            page.evaluate(
                """url => new Promise((done) => {
                  for (const kind of ["img", "iframe", "object", "embed"]) {
                    const part = document.createElement(kind);
                    part[kind === "object" ? "data" : "src"] = url;
                    document.body.append(part);
                  }
                  setTimeout(done, 300);
                })""",
                url,
            )
            assert page.evaluate("window.__ran") is None
        page.context.close()
    assert not [url for url in asked if "canary" in url]


def test_a_small_picture_is_seen_although_it_is_a_download(open_page: Any, cast: Cast, complaint: Complaint) -> None:
    send(cast, complaint, "photo.png", picture())
    page = open_page(user=cast.agent)
    page.goto(f"/complaints/{complaint.reference}/")
    shown = page.locator(".file__picture")
    shown.scroll_into_view_if_needed()
    expect(page.locator(".file__picture")).to_have_js_property("naturalWidth", 64)
    with page.expect_download() as coming:
        page.click(".file")
    assert coming.value.suggested_filename == "photo.png"


def test_choose_drop_paste_remove_and_send(open_page: Any, cast: Cast, complaint: Complaint) -> None:
    page = open_page(user=cast.agent)
    page.goto(f"/complaints/{complaint.reference}/")
    page.set_input_files(
        "#composer [type=file]", [{"name": "bill.pdf", "mimeType": "text/html", "buffer": b"%PDF-1.4"}]
    )
    chosen(page).filter(has_text="bill.pdf").wait_for()
    put(page, "#body", "drop", [("dropped.png", "image/png", picture()), ("wrong.png", "image/png", picture(8))])
    chosen(page).filter(has_text="wrong.png").wait_for()
    put(page, "#body", "paste", [("image.png", "image/png", picture(16))])
    shot = chosen(page).filter(has_text="screenshot-")
    shot.wait_for()
    assert re.fullmatch(r"screenshot-\d{4}-\d\d-\d\d-1\.png", shot.inner_text())
    put(page, "#body", "paste", [("image.png", "image/png", picture(20))])
    chosen(page).filter(has_text="-2.png").wait_for()
    put(page, "#body", "paste", [("image.png", "image/png", picture(24))], also="words from a document")
    page.get_by_role("button", name="Remove wrong.png").click()
    expect(chosen(page).filter(has_text="wrong.png")).to_have_count(0)
    expect(chosen(page), "words copied from a document are words, not the picture they bring along").to_have_count(4)
    page.fill("#body", "All of it")
    page.click("#composer [type=submit].composer__reply-only:visible >> nth=0")
    page.locator(".message--out .file").first.wait_for()
    expect(page.locator("#composer [data-chosen]")).to_have_count(0)
    sent = names(draft="", message__direction="out")
    assert sorted(name.split("-")[0] for name in sent) == ["bill.pdf", "dropped.png", "screenshot", "screenshot"]
    assert "wrong.png" not in names(), "what was taken back is gone"


def test_drafts_come_back_and_stay_in_their_box(open_page: Any, cast: Cast, complaint: Complaint) -> None:
    """After a crash, and on another device: the list is the server's."""
    page = open_page(user=cast.agent)
    page.goto(f"/complaints/{complaint.reference}/")
    page.set_input_files("#composer [type=file]", [{"name": "reply.png", "mimeType": "image/png", "buffer": picture()}])
    chosen(page).filter(has_text="reply.png").wait_for()
    page.locator("#composer_modes label", has_text="Internal note").click()
    page.set_input_files(
        "#composer [type=file]", [{"name": "inside.png", "mimeType": "image/png", "buffer": picture()}]
    )
    chosen(page, "note").filter(has_text="inside.png").wait_for()
    expect(chosen(page).first).not_to_be_visible()
    other = open_page(user=cast.agent)
    other.goto(f"/complaints/{complaint.reference}/")
    expect(chosen(other)).to_have_text(["reply.png"])
    expect(chosen(other, "note")).to_have_count(1)
    other.fill("#body", "Only the reply")
    other.click("#composer [type=submit].composer__reply-only:visible >> nth=0")
    other.locator(".message--out .file").first.wait_for()
    assert names(draft="") == ["reply.png"]
    assert names(draft__endswith=":note") == ["inside.png"]


def test_what_is_refused_says_why_and_can_be_tried_again(
    open_page: Any, cast: Cast, complaint: Complaint, settings: Any
) -> None:
    settings.ATTACHMENT_MAX_BYTES = 1000
    page = open_page(user=cast.agent)
    page.goto(f"/complaints/{complaint.reference}/")
    page.set_input_files(
        "#composer [type=file]",
        [
            {"name": "huge.mov", "mimeType": "video/quicktime", "buffer": b"x" * 1001},
            {"name": "empty.txt", "mimeType": "text/plain", "buffer": b""},
        ],
    )
    page.get_by_text("Too large: a file may have 1").wait_for()
    page.get_by_text("This file is empty.").wait_for()
    assert not Attachment.objects.exists()
    page.under_axe = True  # the lost connection stands in its console
    page.route("**/attachments/", lambda route: route.abort("connectionreset"), times=1)
    page.set_input_files("#composer [type=file]", [{"name": "ok.txt", "mimeType": "text/plain", "buffer": b"words"}])
    again = page.get_by_role("button", name="Try again")
    again.wait_for()
    again.click()
    chosen(page).filter(has_text="ok.txt").wait_for()
    assert names() == ["ok.txt"]


def test_sending_waits_for_files_on_their_way(open_page: Any, cast: Cast, complaint: Complaint) -> None:
    page = open_page(user=cast.agent)
    page.goto(f"/complaints/{complaint.reference}/")
    held: list[Any] = []
    page.route("**/attachments/", lambda route: held.append(route))
    page.set_input_files("#composer [type=file]", [{"name": "slow.png", "mimeType": "image/png", "buffer": picture()}])
    page.locator(".chosen--coming").wait_for()
    page.fill("#body", "With a slow picture")
    page.press("#body", "Control+Enter")
    page.get_by_text("Sent as soon as the files have arrived").wait_for()
    assert not Message.objects.filter(direction="out").exists()
    held[0].continue_()
    page.locator(".message--out .file").first.wait_for()
    assert names(draft="", message__direction="out") == ["slow.png"]


def test_a_complainant_sends_a_photo_with_and_without_scripts(open_page: Any, cast: Cast) -> None:
    for scripts in (True, False):
        page = open_page(java_script_enabled=scripts)
        page.goto("/complain/")
        page.fill("[name=description]", "The lamp came broken.")
        page.set_input_files("[type=file]", [{"name": "lamp.png", "mimeType": "image/png", "buffer": picture()}])
        if scripts:
            page.locator("[data-chosen]").wait_for()
        for _question in range(6):
            with page.expect_navigation():
                page.get_by_role("button", name="Continue", exact=True).last.click()
            if page.get_by_role("button", name="Send my complaint").count():
                break
            if page.locator("[type=radio]").count():
                page.locator("[type=radio]").last.check()
        page.get_by_text("lamp.png").wait_for()
        page.get_by_role("button", name="Send my complaint").click()
        page.get_by_text("Thank you. We have your complaint.").wait_for()
        page.get_by_role("link", name="See where it stands").click()
        expect(page.locator(".file__name")).to_have_text(["lamp.png"])
        page.set_input_files("[type=file]", [{"name": "again.png", "mimeType": "image/png", "buffer": picture(9)}])
        if scripts:
            page.locator("[data-chosen]").wait_for()
        page.get_by_role("button", name="Send", exact=True).click()
        page.get_by_text("We have your message.").wait_for()
        expect(page.locator(".file__name")).to_have_text(["lamp.png", "again.png"])
        page.context.close()
    assert Complaint.objects.count() == 2
    assert len(names(draft="")) == 4


def test_two_hundred_names_are_only_text(open_page: Any, cast: Cast, complaint: Complaint) -> None:
    payloads = [
        "<script>{run}</script>", "<img src=x onerror={run}>", '"><svg onload={run}>', "' autofocus onfocus={run} x='",
        "javascript:{run}",
        "{{{{constructor.constructor('{run}')()}}}}",
        "</a><a href=javascript:{run}>", "<!--<img src=--><img src=x onerror={run}//>",
        "&lt;img src=x onerror={run}&gt;", "\u202e{run}<b>",
    ]  # fmt: skip
    by = Actor.person(cast.agent)
    for number in range(20):
        tokens = []
        for place, payload in enumerate(payloads):
            name = f"{number}-{place}{payload.format(run='__ran()')}.png"
            kept = attachments.upload([picture(2)], name=name, by=by, at=clock.now(), complaint=complaint, mode="reply")
            tokens.append(kept.token)
        if number % 2:
            converse.message(complaint, by=by, at=clock.now(), body="x", attachments=tokens)
        else:
            converse.note(complaint, by=by, at=clock.now(), body="x", attachments=tokens)
    for user, url in (
        (cast.agent, f"/complaints/{complaint.reference}/"),
        (None, f"/status/{status_token(complaint.reference)}/"),
    ):
        page = open_page(user=user)
        page.add_init_script("window.__count = 0; window.__ran = () => { window.__count += 1; };")
        page.goto(url)
        expect(page.locator(".file")).to_have_count(200 if user else 100)
        page.wait_for_timeout(300)
        assert page.evaluate("window.__count") == 0
