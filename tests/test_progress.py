"""The progress bar of long commands (ux.md, long work)."""

from __future__ import annotations

from io import StringIO

from core.progress import Progress


class Watch:
    """A clock moved by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_count_share_and_time_left() -> None:
    watch = Watch()
    bar = Progress("Reading", 200, stream=StringIO(), clock=watch, show=False)
    bar.to(0)
    watch.now = 10.0
    assert bar.line(50, 12_000, watch.now).split("  ") == [
        "Reading", "[#######.....................]", " 25 %", "12,000", "0:30 left",
    ]  # fmt: skip
    assert bar.line(200, 48_000, watch.now).endswith("100 %  48,000")


def test_a_resumed_run_does_not_reckon_with_what_it_skipped() -> None:
    watch = Watch()
    bar = Progress("Reading", 100, stream=StringIO(), clock=watch, show=False)
    bar.to(50)
    watch.now = 10.0
    assert bar.line(60, 60, watch.now).endswith("0:40 left")


def test_silent_when_nobody_watches_and_tidy_when_somebody_does() -> None:
    quiet, seen, watch = StringIO(), StringIO(), Watch()
    with Progress("Reading", 10, stream=quiet) as bar:
        bar.to(10)
    assert quiet.getvalue() == ""
    with Progress("Reading", 10, stream=seen, clock=watch, show=True) as bar:
        for done in range(10):
            bar.to(done)  # the clock stands still: drawn once
        bar.to(10)
    assert seen.getvalue().count("Reading") == 2
    assert seen.getvalue().endswith("\r\x1b[2K")


def test_nothing_to_do_is_all_done() -> None:
    assert "100 %" in Progress("Reading", 0, stream=StringIO()).line(0, 0, 1.0)
