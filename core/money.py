"""Money: exact decimals and ISO 4217 currencies, never a float (domain, Terms; case F33). Pure: no Django.

An amount paid has at most the decimals of its currency, a unit price at most four.
"""

from __future__ import annotations

import re
from decimal import Decimal

PRICE_PLACES = 4
QUANTITY_PLACES = 3
LARGEST = Decimal(10) ** 12  # amounts lie below (case F33)

# ISO 4217, currencies in use; the exponent is 2 but for these.
EXPONENTS = (
    dict.fromkeys("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split(), 0)  # noqa: SIM905
    | dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3)  # noqa: SIM905
    | dict.fromkeys(("CLF", "UYW"), 4)
)
_OTHERS = """
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP CRC
    CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD
    KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO
    NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL
    THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VES WST XCD XCG YER ZAR ZMW ZWG
"""
CURRENCIES = frozenset(EXPONENTS) | frozenset(_OTHERS.split())
_DECIMAL = re.compile(r"(-?)(0|[1-9][0-9]{0,17})(?:\.([0-9]{1,9}))?", re.ASCII)


class MoneyError(ValueError):
    """`code`: invalid_amount, too_many_decimals, amount_out_of_range, unknown_currency; `places`: decimals allowed."""

    def __init__(self, code: str, places: int = 0) -> None:
        super().__init__(code)
        self.code, self.places = code, places


def exponent(currency: str) -> int:
    """Decimals of an amount in this currency. Raises MoneyError unknown_currency."""
    if currency not in CURRENCIES:
        raise MoneyError("unknown_currency")
    return EXPONENTS.get(currency, 2)


def decimal(text: str, places: int, *, below: Decimal = LARGEST, signed: bool = False) -> Decimal:
    """The number written as `12.30`: plain digits with a point, nothing else (no exponent, no thousands, no NaN).

    At most `places` decimals, zeros behind them included; its absolute value lies under `below`. Raises MoneyError.
    """
    found = _DECIMAL.fullmatch(text)
    if found is None or (found[1] and not signed):
        raise MoneyError("invalid_amount", places)
    if len(found[3] or "") > places:
        raise MoneyError("too_many_decimals", places)
    number = Decimal(text)
    if abs(number) >= below:
        raise MoneyError("amount_out_of_range", places)
    return number


def amount(text: str, currency: str, *, signed: bool = False) -> Decimal:
    """An amount in the currency, with exactly its decimals. Raises MoneyError."""
    places = exponent(currency)
    return fixed(decimal(text, places, signed=signed), places)


def fixed(number: Decimal, places: int) -> Decimal:
    """The number with exactly `places` decimals; it has no more than those already."""
    return number.quantize(Decimal(1).scaleb(-places))


def shown(number: Decimal, currency: str) -> str:
    """The API's form of a sum: the currency's decimals, more only where the sum has them: `12.30`, `0.0375`."""
    least = EXPONENTS.get(currency, 2)
    text = f"{number:f}"
    whole, _, behind = text.partition(".")
    behind = behind.rstrip("0").ljust(least, "0")
    return f"{whole}.{behind}" if behind else whole
