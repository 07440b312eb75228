"""The curves of a run as a picture: what was lost and measured by step, or what each way to learn names gave, as SVG.

There is no background, and every colour is of middling lightness, so that it reads on white and on black pages.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any
from xml.sax.saxutils import escape

INK, LINE, SMOOTH, THIRD = "#768390", "#2f81f7", "#d9730d", "#2da44e"
WIDTH, HEIGHT, LEFT, TOP, GAP = 340, 200, 56, 56, 76
"""Of a chart's field and what is around it, in pixels."""
MOST = 1000
"""Points that are drawn of a line."""

Points = Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a chart; a name is written beside its end."""

    points: Points
    colour: str = LINE
    opacity: float = 1.0
    name: str = ""


@dataclass(frozen=True, slots=True)
class Chart:
    """Lines in a field. ``top`` and ``low`` are the ends of the upright axis, which ``form`` writes; ``places`` writes
    the other, which is of ``across`` and begins at 0."""

    name: str
    lines: tuple[Line, ...]
    top: float
    low: float = 0.0
    form: str = "{:g}"
    across: str = "steps"
    places: str = "{:,.0f}"


def picture(title: str, lines: Sequence[Mapping[str, Any]]) -> str:
    """The SVG of the ``curves.jsonl`` of a run of steps: ``loss`` with its running mean, and what was measured on
    held-out pairs: ``sentences_recall_at_10``, or ``held_out``, the mean of log2(1 + photos before the right one)."""
    loss = _column(lines, "loss")
    losses = Chart("loss", (Line(loss, opacity=0.45), Line(smooth(loss), SMOOTH)), round_up(_most(loss)))
    places = _column(lines, "held_out")
    if places:
        name = "held out: log2(1 + photos before the right one)"
        return svg(title, [losses, Chart(name, (Line(places),), round_up(_most(places)))])
    recall = Line(_column(lines, "sentences_recall_at_10"))
    return svg(title, [losses, Chart("held-out recall@10", (recall,), 1.0, form="{:.0%}")])


def of_names(title: str, tried: Sequence[Mapping[str, float]]) -> str:
    """The SVG of what a run tried that learned names (`training.adapter.choose`): a line for each ridge, over how much
    of a direction was learned."""
    ridges = sorted({one["ridge"] for one in tried}, reverse=True)

    def lines(key: str) -> tuple[Line, ...]:
        return tuple(
            Line(
                sorted((one["strength"], one[key]) for one in tried if one["ridge"] == ridge),
                (LINE, SMOOTH, THIRD, INK)[number % 4],
                name=f"ridge {ridge:g}",
            )
            for number, ridge in enumerate(ridges)
        )

    charts = []
    for key, name in (("log2", "log2(1 + photos before a held-out one)"), ("margin", "how far it stands apart (sd)")):
        values = [one[key] for one in tried]
        low = -round_up(-min(values)) if min(values) < 0 else 0.0
        top = round_up(max(values)) if max(values) > 0 or not low else 0.0
        charts.append(Chart(name, lines(key), top, low, "{:.3g}", "share that is learned", "{:g}"))
    return svg(title, charts)


def _column(lines: Sequence[Mapping[str, Any]], key: str) -> list[tuple[float, float]]:
    return [(float(line["step"]), float(line[key])) for line in lines if key in line and "step" in line]


def _most(points: Points) -> float:
    return max((value for _, value in points), default=1.0)


def svg(title: str, charts: Sequence[Chart]) -> str:
    """The SVG of charts side by side."""
    across = LEFT + len(charts) * (WIDTH + GAP) - GAP + 20
    down = TOP + HEIGHT + 44
    parts = [
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {across} {down}' width='{across}' height='{down}'>",
        f"<g font-family='system-ui, sans-serif' font-size='12' fill='{INK}'>",
        f"<text x='{LEFT}' y='22' font-size='15' font-weight='600'>{escape(title)}</text>",
    ]
    for number, chart in enumerate(charts):
        parts += _chart(LEFT + number * (WIDTH + GAP), chart)
    return "\n".join([*parts, "</g>", "</svg>"]) + "\n"


def _chart(left: float, chart: Chart) -> list[str]:
    last = max((place for line in chart.lines for place, _ in line.points), default=0.0) or 1.0
    reach = chart.top - chart.low

    def y_of(value: float) -> float:
        return TOP + HEIGHT * (1 - min(max((value - chart.low) / reach, 0.0), 1.0))

    parts = [f"<text x='{left}' y='{TOP - 12}'>{escape(chart.name)}</text>"]
    for quarter in range(5):
        y = TOP + HEIGHT * (1 - quarter / 4)
        parts.append(
            f"<line x1='{left}' y1='{y:.1f}' x2='{left + WIDTH}' y2='{y:.1f}' stroke='{INK}' stroke-opacity='0.3'/>"
        )
        said = chart.form.format(chart.low + reach * quarter / 4)
        parts.append(f"<text x='{left - 8}' y='{y + 4:.1f}' text-anchor='end'>{said}</text>")
    for half, anchor in ((0, "start"), (1, "middle"), (2, "end")):
        x, said = left + WIDTH * half / 2, chart.places.format(last * half / 2)
        parts.append(f"<text x='{x}' y='{TOP + HEIGHT + 18}' text-anchor='{anchor}'>{said}</text>")
    parts.append(
        f"<text x='{left + WIDTH / 2}' y='{TOP + HEIGHT + 34}' text-anchor='middle'>{escape(chart.across)}</text>"
    )
    for number, line in enumerate(chart.lines):
        every = max(1, math.ceil(len(line.points) / MOST))
        ends = len(line.points) - 1
        kept = [point for place, point in enumerate(line.points) if place % every == 0 or place == ends]
        at = " ".join(f"{left + WIDTH * place / last:.1f},{y_of(value):.1f}" for place, value in kept)
        style = f"fill='none' stroke='{line.colour}' stroke-width='2' stroke-opacity='{line.opacity}'"
        parts.append(f"<polyline points='{at}' {style} stroke-linejoin='round'/>")
        if line.name:
            y = TOP + 14 + 16 * number
            parts.append(f"<text x='{left + 8}' y='{y}' fill='{line.colour}'>{escape(line.name)}</text>")
    return parts


def smooth(points: Points) -> list[tuple[float, float]]:
    """The mean of a thirtieth of all around each: a line that says where it is going."""
    reach = len(points) // 60
    sums = [0.0, *accumulate(value for _, value in points)]
    found = []
    for place, (step, _) in enumerate(points):
        first, end = max(0, place - reach), min(len(points), place + reach + 1)
        found.append((step, (sums[end] - sums[first]) / (end - first)))
    return found


def round_up(value: float) -> float:
    """A number of one digit that is not below it: the upper end of an axis."""
    if value <= 0:
        return 1.0
    unit = 10.0 ** math.floor(math.log10(value))
    return next(step * unit for step in (1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0) if value <= step * unit * (1 + 1e-9))
