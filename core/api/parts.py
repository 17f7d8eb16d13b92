"""`Idempotency-Key` for a POST of many parts, each in a transaction of its own (interface, batch).

`idempotency.once` keeps an answer in the transaction of its effect; a request that commits part by part has many of
them. So each part that had an effect keeps its own answer, in its own transaction, and the whole one is kept at the
end. Whoever is cut off half-way and comes again with the key gets the parts that were done as they were answered, and
the others are done now: nothing twice, nothing lost.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.http import HttpResponse
from rest_framework.request import Request

from core.api import idempotency
from core.api.rendering import to_json
from core.models import IdempotencyKey

Part = dict[str, Any]


class Parts:
    """The parts of one request. Without a key nothing is kept. Query cost: 2 for the whole, 1 for each part done."""

    def __init__(self, request: Request, seal: str) -> None:
        """`seal`: what tells this body from another. Raises Refusal 400 for an unusable key."""
        self.key = idempotency.key_of(request)
        self._known: dict[str, Part] = {}
        if self.key is None:
            return
        self.principal = idempotency.principal_of(request)
        self.fingerprint = idempotency.fingerprint_of(request, seal)
        digest = hashlib.sha256(f"{self.principal} {self.key}".encode()).hexdigest()
        self._parts = f"parts:{digest[:32]}"  # whose the parts are; nobody's own keys are kept under such a name

    def replayed(self) -> HttpResponse | None:
        """The whole answer once given. Otherwise the parts that were done are read."""
        if self.key is None:
            return None
        stored = idempotency.stored(self.principal, self.key, self.fingerprint)
        if stored is None:
            done = IdempotencyKey.objects.filter(principal=self._parts, fingerprint=self.fingerprint)
            self._known = {key: json.loads(answer) for key, answer in done.values_list("key", "answer")}
        return stored

    def once(self, name: str, work: Callable[[], Part]) -> Part:
        """Do one part in a transaction, unless it was done before; what it answered. What `work` raises is raised."""
        if name in self._known:
            return self._known[name]
        try:
            with transaction.atomic():
                answer = work()
                if self.key is not None:
                    stored = HttpResponse(to_json(answer))
                    idempotency.store(self._parts, name, self.fingerprint, stored)
        except Exception:
            # The same request, sent twice at once, was faster with this part: what was done here is undone. It may also
            # have been refused because the part is there already.
            if (known := self._done(name)) is not None:
                return known
            raise
        return answer

    def _done(self, name: str) -> Part | None:
        if self.key is None:
            return None
        row = IdempotencyKey.objects.filter(principal=self._parts, key=name, fingerprint=self.fingerprint).first()
        return None if row is None else json.loads(row.answer)

    def kept(self, response: HttpResponse) -> HttpResponse:
        """Keep the whole answer; that of a twin which was faster is given instead."""
        if self.key is None:
            return response
        try:
            with transaction.atomic():
                idempotency.store(self.principal, self.key, self.fingerprint, response)
        except idempotency.Taken:
            return idempotency.stored(self.principal, self.key, self.fingerprint) or response
        return response
