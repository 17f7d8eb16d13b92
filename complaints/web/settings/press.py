"""A button with one effect however often it is pressed, and none once what stood beside it has changed (F24, F25)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from complaints.web.settings.editing import SettingsForm, Words, carry_out


class Press(SettingsForm):
    """What a button sends: its nonce, and as `revision` which state of the draft its reader saw."""

    ids = ""  # many of them stand on one page
    revision = forms.IntegerField(required=False, widget=forms.HiddenInput)

    @property
    def known(self) -> int | None:
        """The revision the reader saw; None where the button does not say."""
        found: int | None = self.cleaned_data["revision"]
        return found


def press(
    request: HttpRequest,
    run: Callable[..., Any],
    *,
    done: Words = "",
    go: str | Callable[[Any], str],
    back: str,
    form: Press | None = None,
) -> HttpResponse:
    """Carry out `run(form, by=, at=)` once and lead to `go`; a refusal is said at `back`."""
    sent = form or Press(request.POST)

    def act(**who: Any) -> Any:
        return run(sent, **who)

    answer = carry_out(request, sent, act, done=done, go=go)
    if answer is not None:
        return answer
    messages.error(request, " ".join(str(said) for found in sent.errors.values() for said in found))
    return HttpResponseRedirect(back)
