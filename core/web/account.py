"""Signing in and out, passwords and preferences. Thin: Django's views and forms, our actions and templates."""

from __future__ import annotations

from functools import lru_cache
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash, views
from django.contrib.auth.forms import PasswordChangeForm, PasswordResetForm, SetPasswordForm
from django.contrib.auth.tokens import default_token_generator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse, reverse_lazy
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext, override
from django.views.generic import TemplateView

from core import clock, languages
from core.access import allow, public
from core.actions.account import change_password, prefer, send_password_link
from core.actor import Actor
from core.models import User
from core.models.people import THEMES
from core.web.language import remember
from core.web.login_form import ThrottledAuthenticationForm, ThrottledLogin

TAKE_BACK = (0, 5, 8, 15, 30)  # seconds
AREAS = (
    "Africa/",
    "America/",
    "Antarctica/",
    "Arctic/",
    "Asia/",
    "Atlantic/",
    "Australia/",
    "Europe/",
    "Indian/",
    "Pacific/",
)


@lru_cache(maxsize=1)
def time_zones() -> list[tuple[str, str]]:
    """Every zone that names a place, and UTC."""
    places = sorted(zone for zone in available_timezones() if zone.startswith(AREAS))
    return [("UTC", "UTC"), *((zone, zone.replace("_", " ")) for zone in places)]


class LoginForm(ThrottledAuthenticationForm):
    """User name or e-mail, and password. The refusal is the same for a wrong name and a wrong password (case F11)."""

    error_messages = {
        "invalid_login": _("User name and password do not match. Capital letters matter."),
        "inactive": _("User name and password do not match. Capital letters matter."),
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].label = _("User name or e-mail")

    def clean_username(self) -> str:
        """An address that belongs to exactly one active user stands for that user's name."""
        given = str(self.cleaned_data["username"])
        if "@" not in given or User.objects.filter(username=given).exists():
            return given
        names = User.objects.active().filter(email__iexact=given).values_list("username", flat=True)[:2]
        return names[0] if len(names) == 1 else given


class LoginView(ThrottledLogin, views.LoginView):  # type: ignore[misc]  # the stubs know Django's own form only
    template_name = "account/login.html"
    authentication_form = LoginForm
    redirect_authenticated_user = True


class LinkForm(PasswordResetForm):
    """Asks for the link; whether the address is known is not told. The mail leaves through the outbox."""

    email = forms.EmailField(
        label=_("E-mail"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )

    def save(self, **options: Any) -> None:  # type: ignore[override]  # Django's view passes them all by name
        at = clock.now()
        for user in self.get_users(self.cleaned_data["email"]):
            uid = urlsafe_base64_encode(force_bytes(user.pk))
            place = reverse("password_reset_confirm", args=[uid, default_token_generator.make_token(user)])
            send_password_link(user, at=at, link=f"{settings.BASE_URL}{place}")


class PasswordResetView(views.PasswordResetView):
    template_name = "account/password_reset.html"
    form_class = LinkForm
    success_url = reverse_lazy("password_reset_done")


class NewPasswordForm(SetPasswordForm):  # type: ignore[type-arg]  # generic in the stubs only
    """By the mailed link: whoever holds it is the user."""

    def save(self, commit: bool = True) -> User:
        return change_password(
            self.user, by=Actor.person(self.user), at=clock.now(), password=self.cleaned_data["new_password1"]
        )


class PasswordResetConfirmView(views.PasswordResetConfirmView):
    template_name = "account/password_reset_confirm.html"
    form_class = NewPasswordForm
    success_url = reverse_lazy("password_reset_complete")


class OwnPasswordForm(PasswordChangeForm):
    field_order = ["old_password", "new_password1", "new_password2"]

    def save(self, commit: bool = True) -> User:
        return change_password(
            self.user, by=Actor.person(self.user), at=clock.now(), password=self.cleaned_data["new_password1"]
        )


class PasswordChangeView(views.PasswordChangeView):
    template_name = "account/password_change.html"
    form_class = OwnPasswordForm
    success_url = reverse_lazy("preferences")

    def form_valid(self, form: Any) -> HttpResponse:
        user = form.save()
        update_session_auth_hash(self.request, user)
        messages.success(self.request, _("Password changed. Other sessions are signed out."))
        return redirect(str(self.success_url))


class PreferencesForm(forms.Form):
    """How the product looks and speaks to one person."""

    name = forms.CharField(label=_("Name"), max_length=120, help_text=_("Customers see it beside your answers."))
    language = forms.ChoiceField(label=_("Language"))
    time_zone = forms.ChoiceField(label=_("Time zone"), required=False)
    theme = forms.ChoiceField(label=_("Appearance"), choices=THEMES, required=False, widget=forms.RadioSelect)
    shortcuts = forms.BooleanField(
        label=_("Keyboard shortcuts"),
        required=False,
        help_text=_("Single keys such as J, K and R. They rest while you type."),
    )
    take_back_seconds = forms.TypedChoiceField(
        label=_("Taking a reply back"),
        coerce=int,
        empty_value=None,
        required=False,
        help_text=_("A reply waits that long before it leaves; until then you can take it back."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        own = [(code, languages.own_name(code)) for code, _name in settings.LANGUAGES]
        self.fields["language"].choices = own  # type: ignore[attr-defined]
        default = settings.TIME_ZONE.replace("_", " ")
        choices = [("", _("As the organisation: %(zone)s") % {"zone": default}), *time_zones()]
        self.fields["time_zone"].choices = choices  # type: ignore[attr-defined]
        waits = {*TAKE_BACK, self.initial.get("take_back_seconds", 0)}
        self.fields["take_back_seconds"].choices = [  # type: ignore[attr-defined]
            (n, ngettext("%(n)s second", "%(n)s seconds", n) % {"n": n} if n else _("not at all, it leaves at once"))
            for n in sorted(waits)
        ]


@allow()
def preferences(request: HttpRequest) -> HttpResponse:
    """One's own name, language, time zone, appearance and shortcuts. Query cost: the shell's, and three to save."""
    user: User = request.user  # type: ignore[assignment]
    kept: dict[str, Any] = {"name": user.name, "time_zone": user.time_zone, "theme": user.theme}
    kept |= {"shortcuts": user.shortcuts, "take_back_seconds": user.take_back_seconds}
    form = PreferencesForm(request.POST or None, initial={**kept, "language": user.language or languages.code()})
    if request.method == "POST" and form.is_valid():
        prefer(user, by=Actor.of(request), at=clock.now(), **form.cleaned_data)
        with override(form.cleaned_data["language"]):
            messages.success(request, str(_("Preferences saved")))
        return remember(redirect("preferences"), form.cleaned_data["language"])
    return render(request, "account/preferences.html", {"form": form}, status=400 if form.errors else 200)


login = public(LoginView.as_view())
logout = allow()(views.LogoutView.as_view(next_page="logged_out"))
logged_out = public(TemplateView.as_view(template_name="account/logged_out.html"))
password_change = allow()(PasswordChangeView.as_view())
password_reset = public(PasswordResetView.as_view())
password_reset_done = public(views.PasswordResetDoneView.as_view(template_name="account/password_reset_done.html"))
password_reset_confirm = public(PasswordResetConfirmView.as_view())
password_reset_complete = public(
    views.PasswordResetCompleteView.as_view(template_name="account/password_reset_complete.html")
)
