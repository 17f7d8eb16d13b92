"""Undo instead of "are you sure?": a word of what was done, with a button that takes it back (ux, Agent's desk 7)."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest
from django.middleware.csrf import get_token
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from core.web.once import fresh


def offer(request: HttpRequest, said: str, url: str = "", *, more: tuple[str, str] | None = None) -> None:
    """Say it in a toast of the next page; `url` takes it back by POST, `more` is a link (words, address)."""
    parts = [format_html("<span>{}</span>", said)]
    if more is not None:
        parts.append(format_html('<a class="button button--s" href="{}">{}</a>', more[1], more[0]))
    if url:
        parts.append(_button(request, url))
    messages.success(request, SafeString("".join(parts)))


def _button(request: HttpRequest, url: str) -> SafeString:
    return format_html(
        '<form class="toast__form" method="post" action="{}">'
        '<input type="hidden" name="csrfmiddlewaretoken" value="{}"><input type="hidden" name="nonce" value="{}">'
        '<button class="button button--s" type="submit" data-key="KeyU" title="{} (U)">{}</button></form>',
        url,
        get_token(request),
        fresh(),
        _("Undo"),
        _("Undo"),
    )
