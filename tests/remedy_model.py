"""A slow model of what may be granted on one case: plain lists, one thing after the other."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

D = Decimal
GRANTED, AWAITS = "granted", "awaiting_approval"
LIMITS = {"ana": D(100), "ben": D(100), "lena": D(250), "maria": None}
CAP, PERIOD = D(300), D(130)  # of the case; of ana in her month
CHARGE = D(280)
NOTHING = D(0)


@dataclass
class Model:
    """One case, in plain lists."""

    given: list[tuple[str, Decimal, bool]] = field(default_factory=list)  # by whom, how much, of the charge
    waits: dict[int, tuple[str, Decimal]] = field(default_factory=dict)
    decided: set[int] = field(default_factory=set)
    asked_of_charge: Decimal = NOTHING

    def within(self, who: str, amount: Decimal) -> bool:
        limit = LIMITS[who]
        mine = sum((one for by, one, _charge in self.given if by == who), D(0))
        return (limit is None or self.sum + amount <= limit) and (who != "ana" or mine + amount <= PERIOD)

    @property
    def sum(self) -> Decimal:
        return sum((one for _by, one, _charge in self.given), D(0))

    def ask(self, who: str, amount: Decimal, of_charge: bool) -> str:
        if of_charge:
            back = sum((one for _by, one, charge in self.given if charge), D(0))
            if back + amount + self.asked_of_charge > CHARGE:
                return "above_order_value"
        if self.sum + amount > CAP:
            return "cap_reached"
        if not self.within(who, amount):
            self.asked_of_charge += amount if of_charge else 0
            return AWAITS
        self.given.append((who, amount, of_charge))
        return GRANTED

    def approve(self, who: str, number: int) -> str:
        asked_by, amount = self.waits[number]
        if asked_by == who:
            return "own_request"
        if number in self.decided:
            return "already_decided"
        if not self.within(who, amount):
            return "above_authority"
        if self.sum + amount > CAP:
            return "cap_reached"
        self.decided.add(number)
        self.given.append((who, amount, False))
        return GRANTED

    def reject(self, who: str, number: int) -> str:
        asked_by, amount = self.waits[number]
        if asked_by == who:
            return "own_request"
        if number in self.decided:
            return "already_decided"
        limit = LIMITS[who]
        if (limit is not None and amount > limit) or (who == "ana" and amount > PERIOD):
            return "above_authority"
        self.decided.add(number)
        return "rejected"

    def copy(self) -> Model:
        return Model(list(self.given), dict(self.waits), set(self.decided), self.asked_of_charge)


def carry_out(model: Model, op: tuple[Any, ...]) -> str:
    what, who, value, of_charge = op
    return model.ask(who, value, of_charge) if what == "ask" else getattr(model, what)(who, value)
