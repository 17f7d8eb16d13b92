"""Refusals: one exception type for every rule the product holds, shown alike in the browser and over the API."""

from django.utils.functional import Promise

Text = str | Promise


class DomainError(Exception):
    """A business rule said no; nothing was written.

    `code` is stable and part of the API contract, `message` is translatable, `field` names the input it concerns
    (None: the action as a whole), `status` is the HTTP status both doors answer with (409 unless said otherwise).
    """

    code = "refused"
    status = 409
    message: Text = ""

    def __init__(self, message: Text = "", *, code: str = "", field: str | None = None, status: int = 0) -> None:
        self.message = message or self.message
        self.code = code or self.code
        self.field = field
        self.status = status or self.status
        super().__init__(self.code)

    def __str__(self) -> str:
        return str(self.message)


class InvalidInput(DomainError):
    """The input itself is wrong (400), as opposed to the moment being wrong (409)."""

    code = "invalid"
    status = 400


class Collided(Exception):
    """Another transaction wrote the same row a moment ago. Nothing of this one is written; run anew it finds the row.

    Only for whoever holds the transaction (core.anew); nobody outside hears of it.
    """


class NotAllowed(DomainError):
    """The actor may see this, but may not do it (403)."""

    code = "not_allowed"
    status = 403
