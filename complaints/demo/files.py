"""Files of demo complaints: a picture of the parcel, a bill, a count in the warehouse. Made here, nobody's photos."""

from __future__ import annotations

import struct
import zlib
from functools import lru_cache
from typing import TYPE_CHECKING

from complaints.actions import attachments
from complaints.models import Complaint
from core import clock
from core.actor import Actor

if TYPE_CHECKING:
    from complaints.demo.lives import Case

WIDE, HIGH = 320, 240
SEEN = {  # which complaints one takes a picture of, and what it is called
    "en": "parcel.png",
    "es": "paquete.png",
    "pt": "encomenda.png",
    "it": "pacco.png",
    "ru": "посылка.png",
}
Colour = tuple[int, int, int]
Box = tuple[int, int, int, int, Colour]


def with_complaint(case: Case, by: Actor, order: str) -> list[str]:
    """Tokens of what the complainant sends along: a picture of goods, now and then the bill."""
    chance = sum(map(ord, f"{case.story.type}{case.variant}{case.language}{case.first}"))
    found = []
    if case.story.type.startswith(("delivery", "product")) and chance % 3:
        found.append(_keep(picture(chance % 4), SEEN[case.language], by))
    if order and chance % 4 == 0:
        found.append(_keep(bill(order), f"{order}.pdf", by))
    return found


def with_note(case: Case, by: Actor, complaint: Complaint, order: str) -> list[str]:
    """Tokens of what we put to a note: now and then the count of the warehouse."""
    if sum(map(ord, f"{case.story.type}{case.first}")) % 5 or not order:
        return []
    words = f"Stock check for {order}\nShelf A-14: 3 on the list, 3 counted\nParcel scale: 4.2 kg booked, 2.1 kg sent\n"
    return [_keep(words.encode(), f"stock-check-{order}.txt", by, complaint)]


def _keep(content: bytes, name: str, by: Actor, complaint: Complaint | None = None) -> str:
    kept = attachments.upload([content], name=name, by=by, at=clock.now(), complaint=complaint, origin="demo")
    return kept.token


@lru_cache(maxsize=8)
def picture(kind: int) -> bytes:
    """A parcel on a doorstep, drawn in boxes, as PNG: 320 by 240."""
    wall, floor = ((214, 206, 194), (150, 138, 122)) if kind % 2 else ((196, 206, 210), (128, 132, 128))
    boxes: list[Box] = [
        (0, 0, WIDE, 150, wall),
        (0, 150, WIDE, HIGH, floor),
        (40, 20, 130, 150, (96, 74, 58)),
        (118, 84, 124, 92, (220, 190, 110)),
        (150, 110, 276, 206, (178, 138, 92)),
        (206, 110, 220, 206, (214, 186, 140)),
        (160, 118, 196, 140, (244, 242, 236)),
        (164, 122, 190, 124, (60, 60, 60)),
        (164, 128, 184, 130, (60, 60, 60)),
    ]
    torn = 236 + 4 * kind  # where the corner is damaged
    boxes += [(torn + step, 110, torn + step + 3, 116 + 5 * (step % 4), (92, 66, 40)) for step in range(0, 30, 3)]
    raw = b"".join(b"\0" + _row(boxes, y) for y in range(HIGH))
    head = struct.pack(">IIBBBBB", WIDE, HIGH, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(raw, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, content) for name, content in parts)


def _row(boxes: list[Box], y: int) -> bytes:
    row = bytearray(3 * WIDE)
    for left, top, right, bottom, colour in boxes:
        if top <= y < bottom:
            row[3 * left : 3 * right] = bytes(colour) * (right - left)
    return bytes(row)


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def bill(order: str) -> bytes:
    """A bill of the shop as PDF, one page in Helvetica."""
    lines = ("Halden & Moss", f"Bill for order {order}", "1 x item as ordered", "Thank you for shopping with us")
    shown = b"BT /F1 14 Tf 72 720 Td 22 TL " + b" ".join(
        b"(%s) Tj T*" % line.replace("(", "").replace(")", "").encode("latin-1", "replace") for line in lines
    )
    stream = shown + b" ET"
    objects = (
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(stream), stream),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    )
    made, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(made))
        made += b"%d 0 obj%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    start, count = len(made), len(objects) + 1
    made += b"xref\n0 %d\n0000000000 65535 f \n%s" % (count, table)
    return made + b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (count, start)
