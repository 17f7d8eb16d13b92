"""The sign-in form with the limit on guesses (case F11).

class LoginForm(ThrottledAuthenticationForm): ...
class LoginView(ThrottledLogin, views.LoginView): authentication_form = LoginForm
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth.forms import AuthenticationForm
from django.core.exceptions import ValidationError
from django.http import HttpResponse

from core import clock
from core.actions.login import TooManyFailures, sign_in
from core.addresses import client_address


class ThrottledAuthenticationForm(AuthenticationForm):
    """Django's form, but the attempt goes through `core.actions.login`. A refusal sets `http_status` 429."""

    http_status = 200
    retry_after: int | None = None

    def clean(self) -> dict[str, Any]:
        username, password = self.cleaned_data.get("username"), self.cleaned_data.get("password")
        if username and password:
            address = client_address(self.request) if self.request is not None else None
            try:
                self.user_cache = sign_in(
                    self.request, username=username, password=password, address=address, at=clock.now()
                )
            except TooManyFailures as refusal:
                self.http_status, self.retry_after = refusal.status, refusal.retry_after
                raise ValidationError(refusal.message, code=refusal.code) from None
            if self.user_cache is None:
                raise self.get_invalid_login_error()
            self.confirm_login_allowed(self.user_cache)
        return self.cleaned_data


class ThrottledLogin:
    """For a LoginView: the form above, and its status and Retry-After on the answer."""

    form_class = ThrottledAuthenticationForm

    def form_invalid(self, form: ThrottledAuthenticationForm) -> HttpResponse:
        response: HttpResponse = super().form_invalid(form)  # type: ignore[misc]
        return with_refusal(response, form)


def with_refusal(response: HttpResponse, form: ThrottledAuthenticationForm) -> HttpResponse:
    """`response` with the form's status and Retry-After."""
    if form.retry_after is not None:
        response.status_code = form.http_status
        response["Retry-After"] = str(form.retry_after)
    return response
