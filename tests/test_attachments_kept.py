"""What files are kept as: their names made harmless, their kind found out, their bytes once and whole (F13, F14)."""

from __future__ import annotations

import io
import os
import threading
import time
import zipfile
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection

from core import blobs, checks, file_names
from core.blobs import BlobStorage, Cut, TooLarge, stored_at
from core.file_types import OCTETS, type_of

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40


@pytest.fixture
def storage(tmp_path: Path) -> BlobStorage:
    return BlobStorage(location=tmp_path / "blobs")


def age(storage: BlobStorage, key: str, seconds: float = 3600) -> None:
    path = storage.path(stored_at(key))
    os.utime(path, (time.time() - seconds,) * 2)


def files_in(storage: BlobStorage) -> list[str]:
    return sorted(path.name for path in Path(storage.location).rglob("*") if path.is_file() and len(path.name) > 2)


# --- names


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("bill.pdf", "bill.pdf"),
        ("../../etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("C:\\Users\\d\\My photo.JPG", "My photo.JPG"),
        ("/etc/", "file"),
        ("", "file"),
        ("..", "file"),
        (".", "file"),
        ("   ", "file"),
        ("\0", "file"),
        ("a\0b.pdf", "ab.pdf"),
        ("bill\r\nSet-Cookie: x=1.pdf", "bill Set-Cookie_ x=1.pdf"),
        ("photo\u202egpj.exe", "photogpj.exe"),
        ("\u2066\u2067invoice\u2069.pdf", "invoice.pdf"),
        ("\ufeffzero\u200bwidth.txt", "zerowidth.txt"),
        ("CON.txt", "_CON.txt"),
        ("nul", "_nul"),
        ("com1.tar.gz", "_com1.tar.gz"),
        ("LPT9", "_LPT9"),
        ("console.txt", "console.txt"),
        (".htaccess", "htaccess"),
        ("name. . ", "name"),
        ('a<b>:"|?*.png', "a_b______.png"),
        ("cafe\u0301.txt", "café.txt"),
        ("отчёт.docx", "отчёт.docx"),
        ("👩\u200d👧.png", "👩\u200d👧.png"),
        ("<img src=x onerror=alert(1)>.png", "_img src=x onerror=alert(1)_.png"),
        ("=1+1.csv", "=1+1.csv"),
        ("\ud800.txt", "file.txt"),
        ("two\u2028lines.txt", "two lines.txt"),
    ],
)
def test_a_name_is_made_harmless(given: str, shown: str) -> None:
    assert file_names.clean(given) == shown
    assert file_names.clean(shown) == shown, "cleaning again changes nothing"


@pytest.mark.parametrize("letter", ["a", "ё", "漢", "👩"])
def test_a_long_name_keeps_its_ending_and_fits_a_file_system(letter: str) -> None:
    name = file_names.clean(letter * 300 + ".jpeg")
    assert name.endswith(".jpeg")
    assert len(name) <= 120
    assert len(file_names.told_apart([name, name])[1].encode()) <= 255


def test_equal_names_are_told_apart_whatever_their_letters() -> None:
    names = ["bill.pdf", "BILL.pdf", "bill.pdf", "bill (2).pdf", "photo"]
    assert file_names.told_apart(names) == ["bill.pdf", "BILL (2).pdf", "bill (3).pdf", "bill (4).pdf", "photo"]
    assert file_names.told_apart(["photo"], taken=["Photo"]) == ["photo (2)"]


def test_long_equal_names_are_told_apart_within_the_limit() -> None:
    names = file_names.told_apart([file_names.clean("x" * 300 + ".pdf")] * 12)
    assert len(set(names)) == 12
    assert max(map(len, names)) <= 120


# --- kinds


def zipped(*names: str, first: tuple[str, bytes] | None = None) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        if first:
            archive.writestr(zipfile.ZipInfo(first[0]), first[1])
        for name in names:
            archive.writestr(zipfile.ZipInfo(name), b"x")
    return made.getvalue()


ODT = ("mimetype", b"application/vnd.oasis.opendocument.text")
OFFICE = "application/vnd.openxmlformats-officedocument."
KINDS = [
    ("a.png", PNG, "image/png"),
    ("a.jpg", b"\xff\xd8\xff\xe0\0\x10JFIF", "image/jpeg"),
    ("a.gif", b"GIF89a....", "image/gif"),
    ("a.webp", b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
    ("a.heic", b"\0\0\0\x18ftypheic", "image/heic"),
    ("a.pdf", b"%PDF-1.7\n", "application/pdf"),
    ("a.mp3", b"ID3\x04\0", "audio/mpeg"),
    ("a.mp3", b"\xff\xfb\x90\0", "audio/mpeg"),
    ("a.m4a", b"\0\0\0\x18ftypM4A ", "audio/mp4"),
    ("a.mp4", b"\0\0\0\x18ftypisom", "video/mp4"),
    ("a.mov", b"\0\0\0\x18ftypqt  ", "video/quicktime"),
    ("a.ogg", b"OggS\0\x02" + b"\0" * 20 + b"OpusHead", "audio/ogg"),
    ("a.wav", b"RIFF\0\0\0\0WAVEfmt ", "audio/wav"),
    ("a.txt", "Zwölf Lampen, двенадцать ламп\n".encode(), "text/plain"),
    ("a.txt", "Zwölf".encode("latin-1"), "text/plain"),
    ("a.txt", "\ufeffЛампа".encode("utf-16"), "text/plain"),
    ("a", b"no ending at all", "text/plain"),
    ("a.csv", b"name;amount\nDana;12\n", "text/csv"),
    ("a.eml", b"From: a@b.example\nTo: c@d.example\nSubject: x\n\nHello", "message/rfc822"),
    ("a.zip", zipped("a.txt"), "application/zip"),
    ("a.docx", zipped("[Content_Types].xml", "word/document.xml"), f"{OFFICE}wordprocessingml.document"),
    ("a.xlsx", zipped("[Content_Types].xml", "xl/workbook.xml"), f"{OFFICE}spreadsheetml.sheet"),
    ("a.odt", zipped("content.xml", first=ODT), "application/vnd.oasis.opendocument.text"),
    # what may hold a program or a script is nothing to be opened, whatever it is called
    ("a.svg", b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', OCTETS),
    ("photo.png", b'<svg onload="alert(1)">', OCTETS),
    ("a.txt", b"\xef\xbb\xbf  <html><script>alert(1)</script>", OCTETS),
    ("a.txt", b"hello <ScRiPt>alert(1)</script>", OCTETS),
    ("a.txt", b"<?xml version='1.0'?><a/>", OCTETS),
    ("a.html", b"plain words only", OCTETS),
    ("a.js", b"alert(1)", OCTETS),
    ("a.bat", b"del *.*", OCTETS),
    ("a.txt", b"#!/bin/sh\nrm -rf /", OCTETS),
    ("invoice.pdf", b"MZ\x90\0\x03", OCTETS),
    ("a.jpg", b"\x7fELF\x02\x01", OCTETS),
    ("a.docx", zipped("[Content_Types].xml", "word/document.xml", "word/vbaProject.bin"), OCTETS),
    ("a.xlsx", zipped("[Content_Types].xml", "xl/workbook.xml", "xl/macrosheets/sheet1.xml"), OCTETS),
    ("a.odt", zipped("Basic/Standard/Module1.xml", first=ODT), OCTETS),
    ("a.zip", zipped("META-INF/MANIFEST.MF", "A.class"), OCTETS),
    ("a.txt", b"text\0with zero", OCTETS),
    ("a.pdf", b"just words", OCTETS),
    ("a.eml", b"<html>From: a\nTo: b\n", OCTETS),
    ("a.ttf", b"\0\x01\0\0\0", OCTETS),
]


@pytest.mark.parametrize(("name", "content", "kind"), KINDS, ids=[f"{name} {kind}" for name, _, kind in KINDS])
def test_the_kind_is_what_the_bytes_say(name: str, content: bytes, kind: str) -> None:
    assert type_of(io.BytesIO(content), name) == kind


# --- bytes


def test_equal_bytes_lie_once(storage: BlobStorage) -> None:
    first = storage.keep([b"one ", b"lamp"], at_most=100, expected=8)
    assert storage.keep([b"one lamp"], at_most=100) == first
    assert files_in(storage) == [first.sha256]
    assert storage.open(first.stored).read() == b"one lamp"


@pytest.mark.parametrize(("expected", "at_most", "refusal"), [(None, 9, TooLarge), (11, 100, Cut)])
def test_what_is_too_large_or_cut_off_leaves_nothing(
    storage: BlobStorage, expected: int | None, at_most: int, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        storage.keep([b"12345", b"67890"], at_most=at_most, expected=expected)
    assert files_in(storage) == []


def test_a_broken_connection_leaves_nothing(storage: BlobStorage) -> None:
    def chunks():
        yield b"half"
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        storage.keep(chunks(), at_most=100)
    assert files_in(storage) == []


def test_only_what_is_old_and_unused_is_removed(storage: BlobStorage) -> None:
    old, young, used = (storage.keep([word], at_most=9).sha256 for word in (b"old", b"young", b"used"))
    age(storage, old)
    age(storage, used)
    assert storage.remove_unused([old, young, used, "no key"], lambda keys: {used} & set(keys)) == 1
    assert set(files_in(storage)) == {young, used}


def test_bytes_sent_again_are_young_again(storage: BlobStorage) -> None:
    """Their row is not committed yet: a sweep at this moment must not take them away."""
    key = storage.keep([b"again"], at_most=9).sha256
    age(storage, key)
    storage.keep([b"again"], at_most=9)
    assert storage.remove_unused([key], lambda keys: set()) == 0


def test_what_a_dead_process_was_writing_is_swept_later(storage: BlobStorage) -> None:
    storage.keep([b"x"], at_most=9)
    dead = Path(storage.location) / blobs.COMING / "half"
    dead.write_bytes(b"half a fi")
    assert storage.forget_coming() == 0, "it may still be coming"
    os.utime(dead, (time.time() - 3600,) * 2)
    assert storage.forget_coming() == 1
    assert not dead.exists()


def test_twenty_writers_and_a_sweeper_of_the_same_bytes(storage: BlobStorage) -> None:
    """Whoever has been told that bytes are kept finds them."""
    content, lost, stop = b"the same" * 5000, [], threading.Event()
    key = storage.keep([content], at_most=10**6).sha256

    def write() -> None:
        for _round in range(10):
            blob = storage.keep([content], at_most=10**6)
            if storage.open(blob.stored).read() != content:
                lost.append(blob)

    def sweep() -> None:
        while not stop.is_set():
            if Path(storage.path(stored_at(key))).exists() and not stop.wait(0.001):
                storage.remove_unused([key], lambda keys: set())

    writers = [threading.Thread(target=write) for _number in range(20)]
    sweeper = threading.Thread(target=sweep)
    for thread in (sweeper, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    stop.set()
    sweeper.join()
    assert lost == []
    assert files_in(storage) == [key]


def test_nobody_else_on_the_machine_can_read_them(storage: BlobStorage) -> None:
    path = Path(storage.path(storage.keep([b"private"], at_most=9).stored))
    assert path.stat().st_mode & 0o077 == 0
    assert path.parent.stat().st_mode & 0o077 == 0


@pytest.mark.django_db
def test_doctor_names_a_folder_that_cannot_be_written_to(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert checks.storage().ok
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setattr(checks, "store", lambda: BlobStorage(location=tmp_path / "file" / "below"))
    found = checks.storage()
    assert not found.ok
    assert str(tmp_path / "file") in found.detail
    assert connection.vendor
    with pytest.raises(SystemExit):
        call_command("doctor")
