"""Handing out files that strangers chose (case F14): always to be saved, never a page of ours, whatever is in them."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from typing import IO, Any, Protocol

from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.http import content_disposition_header

from core.blobs import store
from core.file_types import OCTETS, TYPES


class Kept(Protocol):
    """A row that names a blob."""

    @property
    def stored(self) -> Any: ...

    @property
    def name(self) -> Any: ...

    @property
    def content_type(self) -> Any: ...

    @property
    def size(self) -> Any: ...

    @property
    def sha256(self) -> Any: ...


CLOSED = "default-src 'none'; sandbox"
_PIECE = 1 << 16
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII)
_TAG = re.compile(r'(?:W/)?"([^"]*)"')
log = logging.getLogger("amends.attachments")


def download(
    request: HttpRequest, row: Kept | None, *, opened: Callable[[], IO[bytes]] | None = None
) -> HttpResponseBase:
    """A blob as a file to be saved; 304 for `If-None-Match`, 206 or 416 for one range (a broken download goes on).

    It runs nothing and is part of no page: no scripts, no sniffing, no frame. Kept by nobody but whoever asked, and
    asked for again each time. `opened` opens a file of our own making that is no blob. Memory: 64 KiB. Raises Http404
    without a row, and (the log says so) without its bytes.
    """
    if row is None:
        raise Http404
    tag, size = f'"{row.sha256}"', row.size
    if row.sha256 in _TAG.findall(request.headers.get("If-None-Match", "")):
        return _sealed(_bare(304), tag)
    try:
        file: IO[bytes] = opened() if opened is not None else store().open(row.stored)
    except OSError:
        log.error("the bytes of %s are not in the storage", row.stored)
        raise Http404 from None
    kind = row.content_type if opened is not None or row.content_type in TYPES else OCTETS
    first, last = _wanted(request, size, tag) if size else (0, -1)
    response: Any
    if first > last and size:
        file.close()
        response = _bare(416)
        response["Content-Range"] = f"bytes */{size}"
        return _sealed(response, tag)
    if (first, last) == (0, size - 1):
        response = FileResponse(file, content_type=kind)
        response["Content-Length"] = str(size)
    else:
        response = StreamingHttpResponse(_between(file, first, last), status=206, content_type=kind)
        response["Content-Range"], response["Content-Length"] = f"bytes {first}-{last}/{size}", str(last - first + 1)
    response["Content-Disposition"] = content_disposition_header(True, row.name) or "attachment"
    response["Accept-Ranges"] = "bytes"
    return _sealed(response, tag)


def _bare(status: int) -> HttpResponse:
    """Without a body, so without the type of one."""
    response = HttpResponse(status=status)
    del response["Content-Type"]
    return response


def _sealed(response: Any, tag: str) -> HttpResponseBase:
    response["ETag"] = tag
    response["Content-Security-Policy"] = CLOSED
    response["X-Content-Type-Options"] = "nosniff"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Cache-Control"] = "private, no-cache"
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response  # type: ignore[no-any-return]


def _wanted(request: HttpRequest, size: int, tag: str) -> tuple[int, int]:
    """First and last byte asked for; all of them where no range is asked for that we know; first > last: none there."""
    asked = request.headers.get("Range", "")
    found = _RANGE.fullmatch(asked.strip())
    unless = request.headers.get("If-Range", "").strip()
    if found is None or not (found[1] or found[2]) or (unless and unless != tag):
        return 0, size - 1
    if not found[1]:  # the last so many
        count = int(found[2])
        return (max(0, size - count), size - 1) if count else (size, 0)
    first = int(found[1])
    last = min(int(found[2]), size - 1) if found[2] else size - 1
    if found[2] and int(found[2]) < first:
        return 0, size - 1  # no range at all
    return (first, last) if first < size else (size, 0)


def _between(file: IO[bytes], first: int, last: int) -> Iterator[bytes]:
    with file:
        file.seek(first)
        left = last - first + 1
        while left and (piece := file.read(min(_PIECE, left))):
            left -= len(piece)
            yield piece
