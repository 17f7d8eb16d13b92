"""What every page owes every reader: axe finds nothing wrong with it, and nothing scrolls sideways.

A page is looked at in light, in dark, and on a phone in Russian, where words are longest. Its markup is the same in
all three: the dark one is asked only about what changes with it, the contrast of its colours.
"""

from __future__ import annotations

from typing import Any

from axe_playwright_python.sync_playwright import Axe

from tests.browser.conftest import PHONE, WIDE

SKINS = {
    "light": {"scheme": "light", "size": WIDE},
    "dark": {"scheme": "dark", "size": WIDE},
    "russian": {"scheme": "light", "size": PHONE, "locale": "ru-RU"},
}
ASKED = {"preload": False, "resultTypes": ["violations"]}
COLOURS = {**ASKED, "runOnly": ["color-contrast", "link-in-text-block"]}


def as_(open_page: Any, user: Any, skin: str) -> Any:
    """A page in that skin, signed in."""
    if skin == "russian":
        user.language = "ru"
        user.save(update_fields=["language"])
    return open_page(user=user, **SKINS[skin])


def look(page: Any, path: str) -> None:
    """Open a page; it must be there, not scroll sideways, and on a wide screen be sound (a phone has the same
    markup)."""
    answer = page.goto(path)
    assert answer.status == 200, (path, answer.status)
    level(page, path)
    if page.viewport_size == WIDE:
        sound(page, path)


def level(page: Any, where: str = "") -> None:
    """Nothing scrolls sideways."""
    wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wider <= 0, f"{where or page.url} scrolls {wider} px sideways"


def sound(page: Any, where: str = "") -> None:
    """Nothing for axe to find fault with in what the page shows now, and no id twice: a label would lead astray."""
    ids = page.locator("[id]").evaluate_all("found => found.map(it => it.id)")
    twice = {one for one in ids if ids.count(one) > 1}
    assert not twice, f"{where or page.url} has ids twice: {twice}"
    dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    page.under_axe = True  # its own styles break our policy; that is no fault of the page
    found = Axe().run(page, options=COLOURS if dark else ASKED)
    page.wait_for_timeout(50)
    page.under_axe = False
    assert found.violations_count == 0, f"{where or page.url}\n{found.generate_report()}"
