"""The curves of a run as a picture: the loss of each step, and what was measured on held-out pairs, as SVG.

There is no background, and every colour is of middling lightness, so that it reads on white and on black pages.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any
from xml.sax.saxutils import escape

INK, LINE, SMOOTH = "#768390", "#2f81f7", "#d9730d"
WIDTH, HEIGHT, LEFT, TOP, GAP = 340, 200, 56, 56, 76
"""Of a chart's field and what is around it, in pixels."""
MOST = 1000
"""Points that are drawn of a line."""

Points = Sequence[tuple[float, float]]


def picture(title: str, lines: Sequence[Mapping[str, Any]]) -> str:
    """The SVG of a run's ``curves.jsonl``: ``loss`` by step with its running mean, and ``sentences_recall_at_10``."""
    loss = [(float(line["step"]), float(line["loss"])) for line in lines if "loss" in line]
    recall = [
        (float(line["step"]), float(line["sentences_recall_at_10"]))
        for line in lines
        if "sentences_recall_at_10" in line
    ]
    most = max((value for _, value in loss), default=1.0)
    across, down = LEFT + 2 * WIDTH + GAP + 20, TOP + HEIGHT + 44
    parts = [
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {across} {down}' width='{across}' height='{down}'>",
        f"<g font-family='system-ui, sans-serif' font-size='12' fill='{INK}'>",
        f"<text x='{LEFT}' y='22' font-size='15' font-weight='600'>{escape(title)}</text>",
        *_chart(LEFT, "loss", [(loss, LINE, 0.45), (_smooth(loss), SMOOTH, 1.0)], _round_up(most), "{:g}"),
        *_chart(LEFT + WIDTH + GAP, "held-out recall@10", [(recall, LINE, 1.0)], 1.0, "{:.0%}"),
        "</g>",
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _chart(left: float, name: str, drawn: Sequence[tuple[Points, str, float]], top: float, form: str) -> list[str]:
    last = max((step for points, _, _ in drawn for step, _ in points), default=0.0) or 1.0
    parts = [f"<text x='{left}' y='{TOP - 12}'>{escape(name)}</text>"]
    for quarter in range(5):
        y = TOP + HEIGHT * (1 - quarter / 4)
        parts.append(
            f"<line x1='{left}' y1='{y:.1f}' x2='{left + WIDTH}' y2='{y:.1f}' stroke='{INK}' stroke-opacity='0.3'/>"
        )
        parts.append(f"<text x='{left - 8}' y='{y + 4:.1f}' text-anchor='end'>{form.format(top * quarter / 4)}</text>")
    for half, anchor in ((0, "start"), (1, "middle"), (2, "end")):
        x, step = left + WIDTH * half / 2, round(last * half / 2)
        parts.append(f"<text x='{x}' y='{TOP + HEIGHT + 18}' text-anchor='{anchor}'>{step:,}</text>")
    parts.append(f"<text x='{left + WIDTH / 2}' y='{TOP + HEIGHT + 34}' text-anchor='middle'>steps</text>")
    for points, colour, opacity in drawn:
        every = max(1, math.ceil(len(points) / MOST))
        kept = [point for place, point in enumerate(points) if place % every == 0 or place == len(points) - 1]
        at = " ".join(
            f"{left + WIDTH * step / last:.1f},{TOP + HEIGHT * (1 - min(value / top, 1.0)):.1f}" for step, value in kept
        )
        style = f"fill='none' stroke='{colour}' stroke-width='2' stroke-opacity='{opacity}' stroke-linejoin='round'"
        parts.append(f"<polyline points='{at}' {style}/>")
    return parts


def _smooth(points: Points) -> list[tuple[float, float]]:
    """The mean of a thirtieth of all around each: a line that says where it is going."""
    reach = len(points) // 60
    sums = [0.0, *accumulate(value for _, value in points)]
    found = []
    for place, (step, _) in enumerate(points):
        first, end = max(0, place - reach), min(len(points), place + reach + 1)
        found.append((step, (sums[end] - sums[first]) / (end - first)))
    return found


def _round_up(value: float) -> float:
    """A number of one digit that is not below it: the upper end of an axis."""
    if value <= 0:
        return 1.0
    unit = 10.0 ** math.floor(math.log10(value))
    return next(step * unit for step in (1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0) if value <= step * unit * (1 + 1e-9))
