"""Small pages that do one thing to a customer or a purchase: a form, carried out once, and back (case F25)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from django.contrib import messages
from django.db import models, transaction
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.http import urlencode

from core.actor import Actor
from core.clock import now
from core.errors import DomainError
from core.web.once import OnceForm, Repeated, answered, claim, fresh, renewed
from core.web.parts import Cell, Column
from retention.models import Customer

PAGE = 50
Words = str | Promise


class ActForm(OnceForm):
    """The form of an action; a refusal becomes its error."""

    def values(self) -> dict[str, Any]:
        return {name: value for name, value in self.cleaned_data.items() if name != "nonce"}

    def refuse(self, refusal: DomainError) -> int:
        """Show it at the field it concerns; the status to answer with."""
        name = self.place(refusal.field or "")
        self.add_error(name if name in self.fields else None, str(refusal))
        return 422 if refusal.status == 400 else refusal.status

    def anew(self) -> dict[str, str]:
        """Hidden values to show a refused form with again."""
        return {}

    def place(self, name: str) -> str:
        """The form's field for the action's: `amount.currency` is `currency`."""
        return name.rpartition(".")[2]


def customer_of(request: HttpRequest, customer_id: int) -> Customer:
    """The customer, for a page of theirs. Raises Http404. Query cost: 1."""
    request.sidebar_here = "customers"  # type: ignore[attr-defined]
    found = Customer.objects.visible_to(request.user).filter(pk=customer_id).first()  # type: ignore[arg-type]
    if found is None:
        raise Http404
    return found


def page_of(customer: Customer) -> str:
    return reverse("customer", args=[customer.pk])


def act(
    request: HttpRequest,
    form: ActForm,
    run: Callable[..., Any],
    *,
    done: Words,
    back: str,
    title: Words,
    button: Words,
    template: str = "purchases/form.html",
    **context: Any,
) -> HttpResponse:
    """Show the form, or do what it asks, once, and lead back. `run(by=, at=, **values)` is the action."""
    status = 200
    if form.is_bound:
        status = 422
        if form.is_valid():
            try:
                once(request, form.cleaned_data["nonce"], lambda by, at: run(by=by, at=at, **form.values()), back)
            except Repeated as repeated:
                return HttpResponseRedirect(repeated.location or back)
            except DomainError as refusal:
                status = form.refuse(refusal)
            else:
                messages.success(request, str(done))
                return HttpResponseRedirect(back)
        form.data = renewed(form.data, nonce=fresh(), **form.anew())
    shown = {"form": form, "title": title, "button": button, "cancel_url": back, **context}
    return render(request, template, shown, status=status)


def once(request: HttpRequest, nonce: str, run: Callable[[Actor, datetime], Any], back: str) -> Any:
    """The action and its nonce in one transaction. Raises Repeated, DomainError."""
    with transaction.atomic():
        at = now()
        taken = claim(request, nonce, at=at)
        made = run(Actor.of(request), at)
        answered(taken, back)
    return made


def page(request: HttpRequest, rows: models.QuerySet[Any], column: str, **kept: str) -> tuple[list[Any], str, str]:
    """50 rows, the newest first by (`column`, key): rows, address before, address after. Query cost: 1.

    `kept`: what else stands in the addresses."""
    after, before = _cursor(request.GET.get("after", "")), _cursor(request.GET.get("before", ""))
    if before is not None:
        value, pk = before
        rows = rows.filter(**{f"{column}__gte": value}).filter(Q(**{f"{column}__gt": value}) | Q(pk__gt=pk))
        rows = rows.order_by(column, "pk")
    else:
        if after is not None:
            value, pk = after
            rows = rows.filter(**{f"{column}__lte": value}).filter(Q(**{f"{column}__lt": value}) | Q(pk__lt=pk))
        rows = rows.order_by(f"-{column}", "-pk")
    got = list(rows[: PAGE + 1])
    more, got = len(got) > PAGE, got[:PAGE]
    if before is not None:
        got.reverse()
    if not got:
        return [], "", ""
    has_previous, has_next = (more, True) if before is not None else (after is not None, more)
    return (
        got,
        _address(request, "before", got[0], column, kept) if has_previous else "",
        _address(request, "after", got[-1], column, kept) if has_next else "",
    )


def listing(
    request: HttpRequest,
    customer: Customer,
    rows: models.QuerySet[Any],
    column: str,
    *,
    title: Words,
    columns: list[Column],
    row: Callable[[Any], list[Cell]],
    new: tuple[str, Words],
) -> HttpResponse:
    """A page of all that a customer has of one kind, the newest first; `new`: where one is recorded, and the words.

    Query cost: 2 beside session and user, with the customer.
    """
    shown, previous_url, next_url = page(request, rows, column)
    context = {
        "customer": customer,
        "title": title,
        "columns": columns,
        "table": [row(one) for one in shown],
        "new_url": reverse(new[0], args=[customer.pk]),
        "new_text": new[1],
        "previous_url": previous_url,
        "next_url": next_url,
    }
    return render(request, "purchases/list.html", context)


def _cursor(text: str) -> tuple[date | datetime, int] | None:
    """`<iso>_<key>` as we wrote it; None for anything else."""
    value, _, pk = text[:60].partition("_")
    if not (pk.isascii() and pk.isdigit() and len(pk) < 19):
        return None
    try:
        if len(value) == 10:
            return date.fromisoformat(value), int(pk)
        at = datetime.fromisoformat(value)
    except ValueError:
        return None
    return (at, int(pk)) if at.tzinfo is not None else None


def _address(request: HttpRequest, side: str, row: Any, column: str, kept: Mapping[str, str]) -> str:
    return f"{request.path}?{urlencode({**kept, side: f'{getattr(row, column).isoformat()}_{row.pk}'})}"
