"""A document as PDF (`wording` -> typst). What strangers wrote reaches typst as data and is set as text, never read as
markup (case F14)."""

from __future__ import annotations

import json
import logging
import re
import subprocess
import sys
import threading
import unicodedata
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings

from complaints.errors import CaseFileBusy, CaseFileFailed

TEMPLATE = Path(settings.BASE_DIR) / "templates" / "casefile" / "case.typ"
TYPESET = Path(__file__).with_name("typeset.py")
SECONDS = 45  # under gunicorn's own limit
AT_ONCE, WAIT_SECONDS = 2, 10  # per server process
LONGEST_WORD = 28  # longer ones may be broken, or they would leave the page
_LONG = re.compile(rf"\S{{{LONGEST_WORD + 1},}}")
_UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")  # would turn what stands around them
_JOINING, _SKIN = "\u200d\ufe0e\ufe0f", "\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff"
_PICTURE = re.compile("[\U0001f000-\U0001faff](?:[\u200d\ufe0e\ufe0f]|[\U0001f000-\U0001faff])*|\ufe0f")
_places = threading.BoundedSemaphore(AT_ONCE)
log = logging.getLogger("amends.casefile")


def pdf(document: dict[str, Any], *, on: datetime) -> bytes:
    """The finished file, dated `on`. Raises CaseFileBusy when as many as may are being made, CaseFileFailed when it
    cannot be set. No query. Memory here: that of the file; that of setting it belongs to another process."""
    told = {**_plain(document), "date": [on.year, on.month, on.day]}
    if not _places.acquire(timeout=WAIT_SECONDS):
        raise CaseFileBusy
    try:
        return _set(json.dumps(told, ensure_ascii=False).encode())
    finally:
        _places.release()


def _set(document: bytes) -> bytes:
    command = [sys.executable, "-I", str(TYPESET), str(TEMPLATE)]
    try:
        done = subprocess.run(command, input=document, capture_output=True, timeout=SECONDS, env={}, check=False)
    except subprocess.TimeoutExpired:
        log.error("a case file of %d bytes was not set within %d seconds", len(document), SECONDS)
        raise CaseFileFailed from None
    if done.returncode != 0 or not done.stdout.startswith(b"%PDF-"):
        lines = done.stderr.decode(errors="replace").splitlines()
        log.error("a case file could not be set: %s", lines[-1] if lines else f"exit {done.returncode}")
        raise CaseFileFailed
    return done.stdout


def _plain(value: Any) -> Any:
    """The same document with texts that a page can hold."""
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list) else value


def printable(text: str) -> str:
    """Line ends as LF, what has no shape as �, marks that turn the direction left out, pictures by their Unicode name
    (the fonts at hand have none), long words made breakable."""
    text = _TURNING.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    text = _PICTURE.sub(_named, _UNSEEN.sub("\ufffd", text))
    return _LONG.sub(_breakable, text)


def _named(found: re.Match[str]) -> str:
    """A picture in words, its colour of skin and its joiners left out: [thumbs up sign]."""
    names = (unicodedata.name(char, "") for char in found[0] if char not in _JOINING and char not in _SKIN)
    said = ", ".join(name.lower() for name in names if name)
    return f"[{said}]" if said else ""


def _breakable(found: re.Match[str]) -> str:
    word, parts, length = found[0], [], 0
    if re.fullmatch("[0-9a-f]{64}", word):
        return word  # a hash has a column of its own
    for char in word:
        if length >= LONGEST_WORD and not unicodedata.combining(char) and char not in _JOINING:
            parts.append("\u200b")
            length = 0
        parts.append(char)
        length += 1
    return "".join(parts)
