"""Settings forms: read and check what was typed, once, never over somebody else's change (cases F08, F24, F25)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django import forms
from django.conf import settings as house
from django.contrib import messages
from django.db import models, transaction
from django.forms.boundfield import BoundField
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from core import languages
from core.actions import settings
from core.actor import Actor
from core.clock import now
from core.errors import DomainError
from core.web.fields import Line
from core.web.once import OnceForm, Repeated, answered, claim, fresh, renewed

Words = str | Promise
CODES = [code for code, _name in house.LANGUAGES]
OWN_FIELDS = ("nonce", "seen")


@dataclass(frozen=True, slots=True)
class Part:
    """Fields that belong together: a legend and the names of the fields (`look`: how many stand side by side)."""

    legend: Words
    names: tuple[str, ...]
    hint: Words = ""
    look: str = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """A part as the template takes it."""

    legend: Words
    hint: Words
    look: str
    fields: list[BoundField]


@dataclass(frozen=True, slots=True)
class Difference:
    """What is stored now beside what was typed."""

    label: str
    stored: str
    typed: str


class SettingsForm(OnceForm):
    """The form of one row. `start(row)` gives what it begins with, `values` what the action takes."""

    parts: tuple[Part, ...] = ()
    ids = "id_%s"  # of another shape where two forms stand on one page
    seen = forms.CharField(widget=forms.HiddenInput, required=False, max_length=64)

    def __init__(self, data: Any = None, *, row: models.Model | None = None) -> None:
        super().__init__(data, auto_id=self.ids)
        self.row = row
        self.http_status = 200
        self.differences: list[Difference] = []
        self.build()
        for field in self.fields.values():
            field.error_messages["required"] = _("Not filled in: %(label)s.") % {"label": field.label}
        if row is not None:
            self.initial = {**self.start(row), "seen": settings.fingerprint(row, self.also())}

    def build(self) -> None:
        """Add fields and choices that are known only now."""

    def again(self, row: models.Model) -> SettingsForm:
        """The same form, of the row as it is stored now."""
        return type(self)(row=row)

    def start(self, row: Any) -> dict[str, Any]:
        """The values of a row, by field."""
        return {name: getattr(row, name) for name in self.fields if name not in OWN_FIELDS}

    def also(self) -> str:
        """What the form shows that is no field of its row; read anew each time."""
        return ""

    @property
    def values(self) -> dict[str, Any]:
        return {name: value for name, value in self.cleaned_data.items() if name not in OWN_FIELDS}

    @property
    def shown(self) -> list[Shown]:
        """The fields in their parts, those of no part before them."""
        inside = {name for part in self.parts for name in part.names}
        free = [field for field in self.visible_fields() if field.name not in inside]
        found = [Shown("", "", "", free)] if free else []
        for part in self.parts:
            fields = [self[name] for name in part.names if name in self.fields]
            if fields:
                found.append(Shown(part.legend, part.hint, part.look, fields))
        return found

    @contextmanager
    def refusals(self) -> Iterator[None]:
        """A DomainError inside becomes an error of the form; `http_status` says 409, or 422 for wrong input."""
        try:
            yield
        except DomainError as refusal:
            self.add_error(refusal.field if refusal.field in self.fields else None, str(refusal))
            self.http_status = 422 if refusal.status == 400 else refusal.status

    def compare(self, stored: SettingsForm) -> None:
        """Note what is stored now wherever it is not what was typed (case F24)."""
        for field in self.visible_fields():
            typed, kept = worded(field), worded(stored[field.name])
            if typed != kept:
                self.differences.append(Difference(str(field.label), kept or languages.DASH, typed or languages.DASH))


def carry_out(
    request: HttpRequest,
    form: SettingsForm,
    run: Callable[..., Any],
    *,
    done: Words,
    go: str | Callable[[Any], str],
) -> HttpResponse | None:
    """Do what the form asks, once, unless its row has changed since it was shown; then lead to `go`.

    `run(by=, at=)` is the action. None: refused, the form carries errors and the status to answer with.
    """
    if not _readable(form):
        return None
    try:
        with form.refusals(), transaction.atomic():
            at = now()
            nonce = claim(request, form.cleaned_data["nonce"], at=at)
            if form.row is not None:
                settings.refuse_stale(form.row, form.cleaned_data["seen"], form.also)
            result = run(by=Actor.of(request), at=at)
            url = go(result) if callable(go) else go
            answered(nonce, url)
    except Repeated as repeated:
        return HttpResponseRedirect(repeated.location)
    if form.errors:
        _renew(form)
        return None
    if done:
        messages.success(request, str(done))
    return HttpResponseRedirect(url)


def act(request: HttpRequest, run: Callable[..., Any], *, done: Words | Callable[[Any], str], go: str) -> HttpResponse:
    """A button without a form: do it and lead to `go`; a refusal is said there."""
    try:
        result = run(by=Actor.of(request), at=now())
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, done(result) if callable(done) else str(done))
    return HttpResponseRedirect(go)


def _readable(form: SettingsForm) -> bool:
    """Valid, and without fields that the form does not have (case F08)."""
    strange = set(form.data) - {form.add_prefix(name) for name in form.fields} - {"csrfmiddlewaretoken"}
    if strange:
        form.full_clean()
        form.add_error(
            None,
            _("The form carries something it does not have: %(names)s.") % {"names": ", ".join(sorted(strange))[:100]},
        )
        form.http_status = 400
        return False
    if not form.is_valid():
        form.http_status = 422
        return False
    return True


def _renew(form: SettingsForm) -> None:
    """Fresh hidden values, so that sending it again counts; on a stale form also what is stored now."""
    form.data = renewed(form.data, nonce=fresh())
    if form.row is None:
        return
    current = type(form.row)._default_manager.get(pk=form.row.pk)
    seen = settings.fingerprint(current, form.also())
    if seen != form.data.get("seen"):
        form.compare(form.again(current))
        form.data = renewed(form.data, seen=seen)


def worded(field: BoundField) -> str:
    """The value of a field as a reader sees it: choices by their names, ticks as yes and no."""
    value = field.value()
    if isinstance(field.field, forms.BooleanField):
        return _("yes") if value and value != "False" else _("no")
    choices = getattr(field.field, "choices", None)
    if choices is None:
        return "" if value is None else str(value).strip()
    names = dict(flat(choices))
    many = value if isinstance(value, list | tuple) else [value]
    chosen = {str(one) for one in many if one not in ("", None)}
    return ", ".join(str(name) for key, name in names.items() if key in chosen)


def flat(choices: Iterable[Any]) -> Iterator[tuple[str, Any]]:
    for key, name in choices:
        if isinstance(name, list | tuple):
            yield from flat(name)
        else:
            yield str(key), name


def add_names(form: SettingsForm, prefix: str, *, required: bool, longest: int = 160) -> tuple[str, ...]:
    """Five inputs, one for each language; only that of the installation's own language can be demanded."""
    for code in CODES:
        field = Line(
            label=languages.own_name(code), max_length=longest, required=required and code == house.LANGUAGE_CODE
        )
        field.widget.attrs["lang"] = code
        form.fields[f"{prefix}_{code}"] = field
    return names_of(prefix)


def names_of(prefix: str) -> tuple[str, ...]:
    return tuple(f"{prefix}_{code}" for code in CODES)


def split_names(prefix: str, names: dict[str, str]) -> dict[str, str]:
    """{"en": "Billing"} as values of the five inputs."""
    return {f"{prefix}_{code}": names.get(code, "") for code in CODES}


def joined_names(prefix: str, values: dict[str, Any]) -> dict[str, str]:
    """The five inputs as {"en": "Billing"}, empty ones left out."""
    return {code: values[f"{prefix}_{code}"] for code in CODES if values.get(f"{prefix}_{code}")}


def tabs_of(form: SettingsForm, *prefixes: str) -> list[dict[str, Any]]:
    """The inputs of `prefixes` by language, as tabs: open is the first with an error, else the reader's own language.

    A tab is filled once it has the first of them, the title.
    """
    fields = {code: [form[f"{prefix}_{code}"] for prefix in prefixes] for code in CODES}
    wrong = next((code for code in CODES if any(field.errors for field in fields[code])), "")
    opened = wrong or languages.code()
    return [
        {
            "code": code,
            "name": languages.own_name(code).capitalize(),
            "open": code == opened,
            "filled": bool(fields[code][0].value()),
            "fields": fields[code],
        }
        for code in CODES
    ]
