"""How a value is written so that it is read as itself: quotation marks, and numbers without exponents."""

from __future__ import annotations

from decimal import Decimal

OPENING = {'"': '"', "“": '”"', "„": '“”"'}
"""What opens a quotation, and what then closes it: phones and word processors type curved quotes."""


def quoted(value: str) -> str:
    """Between straight quotation marks; one inside is doubled."""
    return '"' + value.replace('"', '""') + '"'


def value(text: str) -> str:
    """What stands after a key: quoted where it would not survive otherwise."""
    plain = bool(text) and text[0] not in OPENING and not any(mark.isspace() or mark in "()" for mark in text)
    return text if plain else quoted(text)


def number(value: float) -> str:
    """The shortest decimal number that reads as the same float: ``5``, ``2.8``, ``0.000001``."""
    said = format(Decimal(repr(value)), "f")
    return said.rstrip("0").rstrip(".") if "." in said else said
