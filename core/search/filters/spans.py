"""Numbers: what of a column a span means.

One number means what a person would read as it: ``f:1.8`` finds 1.78, which a camera shows as 1.8, and ``size:12mp``
finds 12.2 million pixels; the digits that were typed say how closely to look. The ends of a span are taken as they
stand, but for the last digits of a float: 2.8 that was stored as 2.7999999 is 2.8.
"""

from __future__ import annotations

from decimal import Decimal

from core.search.filters.condition import Clause
from core.search.grammar import Span

_ALIKE = 1e-6
"""The share by which two floats may differ and be the same number."""


def rounded(column: str, span: Span, scale: float = 1.0, digits: int = 0) -> Clause:
    """A span of a number that is measured. ``scale`` is what one of the span's units is in the column's; what is typed
    with fewer than ``digits`` after the point means that many."""
    if span.low is not None and span.low == span.high:
        half = 0.5 * 10.0 ** -max(digits, _decimals(span.low))
        return _between(column, (span.low - half) * scale, ">=", (span.low + half) * scale, "<")
    low = None if span.low is None else _shifted(span.low, not span.low_in) * scale
    high = None if span.high is None else _shifted(span.high, span.high_in) * scale
    return _between(column, low, ">=" if span.low_in else ">", high, "<=" if span.high_in else "<")


def exact(column: str, span: Span) -> Clause:
    """A span of a number that is counted."""
    return _between(column, span.low, ">=" if span.low_in else ">", span.high, "<=" if span.high_in else "<")


def _between(column: str, low: float | None, above: str, high: float | None, below: str) -> Clause:
    parts = [f"{column} {sign} ?" for sign, end in ((above, low), (below, high)) if end is not None]
    return Clause(" AND ".join(parts), tuple(end for end in (low, high) if end is not None))


def _shifted(end: float, upwards: bool) -> float:
    return end + abs(end) * (_ALIKE if upwards else -_ALIKE)


def _decimals(number: float) -> int:
    """How many digits a number has after its point: 1 for 1.8, none for 50."""
    return max(0, -int(Decimal(repr(number)).normalize().as_tuple().exponent))
