"""Tags of the playbook beside a case: its steps from stencils (core.web.stencil), since many cases show the same."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from django import template
from django.template.loader import get_template
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from complaints.web.handbook.playbook_panel import Panel, Shown
from core.web.stencil import Stencil, hole

register = template.Library()
LOOKS = 512  # of steps, some 2 kB each


@register.simple_tag(takes_context=True)
def playbook_steps(context: template.Context, panel: Panel) -> SafeString:
    """`complaints/_playbook_step.html` for each step; one that was refused something is rendered as it is."""
    language, csrf = get_language(), str(context.get("csrf_token") or "")
    said = []
    for step in panel.steps:
        if step.error:
            said.append(_render(step, panel.nonce, csrf))
            continue
        given = {"url": step.url, "note": step.note, "nonce": panel.nonce, "csrf": csrf}
        said.append(str(_look(language, _Look(step)).fill(given)))
    return mark_safe("".join(said))  # noqa: S308 - rendered by a template, or filled with what is escaped


class _Look:
    """A step as the key of what it looks like: equal when it shows the same but for what stands in its holes."""

    def __init__(self, step: Shown) -> None:
        self.step: Shown | None = step
        self.key = (
            step.key, step.title, step.text, step.who, step.required, tuple(step.links), step.state, bool(step.note),
            step.is_next, step.lang,
        )  # fmt: skip

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Look) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)


@lru_cache(maxsize=LOOKS)
def _look(_language: str | None, look: _Look) -> Stencil:
    assert look.step is not None  # noqa: S101
    step, look.step = look.step, None  # what is kept is the look, not the case
    shown = replace(step, url=hole("url"), note=hole("note") if step.note else "")
    return Stencil(_render(shown, hole("nonce"), hole("csrf")))


def _render(step: Shown, nonce: str, csrf: str) -> str:
    return str(get_template("complaints/_playbook_step.html").render({"step": step, "nonce": nonce, "csrf": csrf}))
