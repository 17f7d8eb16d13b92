"""What a file is, found by looking at its bytes; what whoever sent it says counts for nothing (case F14).

Pure: no Django. Only what stands in TYPES is ever named; anything else, what can carry scripts or macros above all, is
OCTETS: to be saved, not opened. The name decides only between kinds of plain text.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import IO

from core import file_names

OCTETS = "application/octet-stream"
HEAD = 4096  # bytes from the beginning that are looked at
_DIRECTORY = 1 << 20  # bytes at the end of a zip that are looked at: its directory
_OFFICE = "application/vnd.openxmlformats-officedocument."
_OPEN = "application/vnd.oasis.opendocument."

TYPES = {
    "image/png": ("png",),
    "image/jpeg": ("jpg", "jpeg", "jpe", "jfif"),
    "image/gif": ("gif",),
    "image/webp": ("webp",),
    "image/heic": ("heic", "heif"),
    "image/avif": ("avif",),
    "application/pdf": ("pdf",),
    "text/plain": ("txt", "text", "log", "md"),
    "text/csv": ("csv", "tsv"),
    "message/rfc822": ("eml",),
    "audio/mpeg": ("mp3",),
    "audio/mp4": ("m4a", "m4b"),
    "audio/ogg": ("ogg", "oga", "opus"),
    "audio/wav": ("wav",),
    "audio/amr": ("amr",),
    "video/mp4": ("mp4", "m4v", "3gp"),
    "video/quicktime": ("mov", "qt"),
    "video/webm": ("webm",),
    "video/ogg": ("ogv",),
    "application/zip": ("zip",),
    f"{_OFFICE}wordprocessingml.document": ("docx",),
    f"{_OFFICE}spreadsheetml.sheet": ("xlsx",),
    f"{_OFFICE}presentationml.presentation": ("pptx",),
    f"{_OPEN}text": ("odt",),
    f"{_OPEN}spreadsheet": ("ods",),
    f"{_OPEN}presentation": ("odp",),
}
SHOWN_AS_IMAGE = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})  # every browser draws them safely

_MARKUP = re.compile(
    rb"<(?:!doctype|!--|\?xml|html|head|body|script|svg|math|iframe|meta|link|style|x:|xsl)", re.IGNORECASE
)
_HEADERS = re.compile(
    rb"(?:(?:return-path|received|from|to|subject|date|message-id|mime-version|delivered-to)\s*:[^\n]*\r?\n)",
    re.IGNORECASE,
)
_MACROS = (b"vbaProject.bin", b"macrosheets/")
_OPEN_MACROS = (b"Basic/", b"Scripts/")
_STILL, _SOUND = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1"), (b"M4A ", b"M4B ", b"M4P ")
_FILM = (b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"M4V ", b"dash", b"MSNV")


def type_of(file: IO[bytes], name: str) -> str:
    """The media type of an open, seekable file. Reads at most the first 4 KiB, and of a zip the last MiB."""
    file.seek(0)
    head = file.read(HEAD)
    for look in _LOOKS:
        if found := look(head):
            return found
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _packed(file, head)
    return _text(head, file_names.split(name)[1].removeprefix(".").lower())


def _image(head: bytes) -> str:
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    return "image/webp" if head.startswith(b"RIFF") and head[8:12] == b"WEBP" else ""


def _boxed(head: bytes) -> str:
    """MP4 and its relatives: what is in them says the brand."""
    if head[4:8] != b"ftyp":
        return ""
    brand = head[8:12]
    if brand in _STILL:
        return "image/heic"
    if brand in (b"avif", b"avis"):
        return "image/avif"
    if brand in _SOUND:
        return "audio/mp4"
    if brand == b"qt  ":
        return "video/quicktime"
    return "video/mp4" if brand in _FILM or brand.startswith(b"3gp") else ""


def _media(head: bytes) -> str:
    if head.startswith(b"RIFF") and head[8:12] == b"WAVE":
        return "audio/wav"
    if head.startswith(b"ID3") or (head[:1] == b"\xff" and head[1:2] in (b"\xfb", b"\xfa", b"\xf3", b"\xf2", b"\xe3")):
        return "audio/mpeg"
    if head.startswith(b"OggS"):
        return "video/ogg" if b"theora" in head[:256] else "audio/ogg"
    if head.startswith(b"\x1aE\xdf\xa3"):
        return "video/webm" if b"webm" in head[:64] else ""
    return "audio/amr" if head.startswith(b"#!AMR") else ""


def _document(head: bytes) -> str:
    return "application/pdf" if head.startswith(b"%PDF-") else ""


_LOOKS: tuple[Callable[[bytes], str], ...] = (_image, _boxed, _media, _document)


def _packed(file: IO[bytes], head: bytes) -> str:
    """A zip, or a document that is one. With macros it is nothing to be opened, whatever it calls itself."""
    size = file.seek(0, 2)
    file.seek(max(0, size - _DIRECTORY))
    directory = file.read(_DIRECTORY)
    if any(sign in directory for sign in _MACROS):
        return OCTETS
    if head[26:28] == b"\x08\x00" and head[30:38] == b"mimetype":  # ODF: its type, stored plainly as the first entry
        told = head[38 : 38 + 64]
        for kind in () if any(sign in directory for sign in _OPEN_MACROS) else ("text", "spreadsheet", "presentation"):
            if told.startswith(f"{_OPEN}{kind}PK".encode()) or told == f"{_OPEN}{kind}".encode():
                return f"{_OPEN}{kind}"
        return OCTETS
    if b"[Content_Types].xml" in directory:
        for sign, kind in (
            (b"word/document.xml", "wordprocessingml.document"),
            (b"xl/workbook.", "spreadsheetml.sheet"),
            (b"ppt/presentation.xml", "presentationml.presentation"),
        ):
            if sign in directory:
                return f"{_OFFICE}{kind}"
        return OCTETS
    programs = (b"META-INF/MANIFEST.MF", b"AndroidManifest.xml", b"AppxManifest.xml")
    return OCTETS if any(sign in directory for sign in programs) else "application/zip"


def _text(head: bytes, ending: str) -> str:
    """Plain text in UTF-8, or in an old one-byte encoding without control characters; markup and scripts are none."""
    if not _readable(head) or _MARKUP.search(head) or head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"<", b"#!")):
        return OCTETS
    if ending == "eml" and len(_HEADERS.findall(head)) >= 2:
        return "message/rfc822"
    if ending in TYPES["text/csv"]:
        return "text/csv"
    return "text/plain" if ending in (*TYPES["text/plain"], "") else OCTETS  # .js, .bat, .ps1 are text too


def _readable(head: bytes) -> bool:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _decodes(head[: len(head) // 2 * 2], "utf-16")
    if any(byte < 32 and byte not in (9, 10, 12, 13, 27) for byte in head):
        return False
    # A character cut at the end of what is looked at is none that is wrong.
    return any(_decodes(head[: len(head) - cut], "utf-8") for cut in range(4)) or 0x7F not in head


def _decodes(head: bytes, encoding: str) -> bool:
    try:
        head.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True
